"""When not to disturb: pure functions of the settings and of the time that is passed in."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from halo_site.datadir.notification_rules import Digest, QuietHours
from halo_site.zones import system_zone

DAY = timedelta(days=1)


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """When the quiet hours end that ``now`` is in; None outside of them. The start belongs to them."""
    if quiet is None:
        return None
    local = now.astimezone(_zone(quiet.zone))
    start, end, at = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end), local.time()
    is_in = start <= at < end if start < end else at >= start or at < end
    return next_at(quiet.end, quiet.zone, now) if is_in else None


def next_at(clock_time: str, zone: str, after: datetime) -> datetime:
    """The first moment after ``after`` at which a clock on the wall there shows this time.

    A time that the clocks skip counts as the moment right after the gap (PEP 495), one that occurs twice as
    the first of both that is still to come.
    """
    place, wanted = _zone(zone), time.fromisoformat(clock_time)
    day = after.astimezone(place).date()
    for date in (day, day + DAY, day + 2 * DAY):
        for fold in (0, 1):
            moment = datetime.combine(date, wanted.replace(fold=fold), place).astimezone(UTC)
            if moment > after:
                return moment
    raise AssertionError("unreachable")


def held_until(quiet: QuietHours | None, digest: Digest | None, now: datetime) -> datetime | None:
    """Until when a message of now is held back; None where it goes out at once.

    What the quiet hours hold goes out when they end, or with the digest that comes first after that.
    """
    end = quiet_until(quiet, now)
    if end is None or digest is None:
        return end
    zone = digest.zone or (quiet.zone if quiet else "")
    # at the very end of the quiet hours, too
    return next_at(digest.at, zone, end - timedelta(microseconds=1))


def cannot_wait(deadline: datetime | None, until: datetime) -> bool:
    """Whether a question would be over before the person hears of it."""
    return deadline is not None and deadline <= until


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name or system_zone())
