"""Times of a job in words of its own zone, and times that a person writes in it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.dateformat import format as format_date

from halo_site import quantities
from scheduler.preview import happens_twice, offset_words
from scheduler.recurrence import default_zone


@dataclass(frozen=True)
class Teller:
    """Tells moments in one zone."""

    zone: ZoneInfo

    def words(self, moment: datetime) -> str:
        """Like 26 Nov 2026, 09:00: with seconds where there are any, with the offset where it is twice."""
        local = moment.astimezone(self.zone)
        text = format_date(local, "j M Y, H:i:s" if local.second else "j M Y, H:i")
        return f"{text} ({offset_words(local)})" if happens_twice(local) else text

    def row_words(self, moment: datetime, now: datetime) -> str:
        """Like Thu 26 Nov, 09:00:00: with the year where it is another, with the offset where it is twice."""
        local = moment.astimezone(self.zone)
        is_of_now = local.year == now.astimezone(self.zone).year
        text = format_date(local, "D j M, H:i:s" if is_of_now else "D j M Y, H:i:s")
        return f"{text} ({offset_words(local)})" if happens_twice(local) else text

    def span(self, length: timedelta) -> str:
        return quantities.duration(length // timedelta(milliseconds=1))

    def instants(self, wall: datetime) -> list[datetime]:
        """When a naive wall time is in the zone: once or twice; in a gap as if the clocks had not changed."""
        found = {wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
        real = sorted(at for at in found if at.astimezone(self.zone).replace(tzinfo=None) == wall)
        return real or [wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)]

    def exists(self, wall: datetime) -> bool:
        """Whether the zone's clocks show it at all."""
        return self.instants(wall)[0].astimezone(self.zone).replace(tzinfo=None) == wall


def known_zone(name: str) -> str:
    """The name of that zone, or of the server's where there is none of that name."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return default_zone()
