"""When not to disturb: pure functions of the settings and of the time that is passed in.

A time of day is one moment of each day, as in schedules: where the clocks skip it, the moment right after the
gap; where it occurs twice, the first of both.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from halo_site.datadir.notification_rules import Digest, QuietHours
from halo_site.zones import system_zone
from scheduler.cron import only_instant

DAY = timedelta(days=1)
AROUND = (-DAY, timedelta(0), DAY, 2 * DAY)  # the days that are looked at; clocks may go back over midnight


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """When the quiet hours end that ``now`` is in; None outside of them. The start belongs to them.

    Hours that begin at the very moment at which others end go on with them.
    """
    if quiet is None:
        return None
    place = _zone(quiet.zone)
    day, nights = now.astimezone(place).date(), timedelta(0) if quiet.start < quiet.end else DAY
    until = None
    for each in (day + distance for distance in AROUND):
        start, end = _moment(quiet.start, each, place), _moment(quiet.end, each + nights, place)
        if start <= (until or now) < end:
            until = end
    return until


def next_at(clock_time: str, zone: str, after: datetime) -> datetime:
    """The first moment after ``after`` at which it is this time of day there."""
    place = _zone(zone)
    day = after.astimezone(place).date()
    return next(
        moment for distance in AROUND if (moment := _moment(clock_time, day + distance, place)) > after
    )


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


def _moment(clock_time: str, day: date, place: ZoneInfo) -> datetime:
    wall = datetime.combine(day, time.fromisoformat(clock_time))
    return datetime.fromtimestamp(only_instant(wall, place), UTC)


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name or system_zone())
