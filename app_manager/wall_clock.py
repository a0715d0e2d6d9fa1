"""A date and a time of day as people write them, in a zone, and back. Pure."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _


class NoSuchTime(ValueError):
    """No moment is meant by it; the message is a sentence."""


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment in UTC; of a time that happens twice the first. Raises `NoSuchTime`."""
    local = datetime.combine(day, at, tzinfo=zone)
    try:
        moment = local.astimezone(UTC)
        shown = moment.astimezone(zone)
    except (OverflowError, ValueError) as error:
        raise NoSuchTime(_("This time lies outside the years that a calendar has.")) from error
    if shown.replace(tzinfo=None) != local.replace(tzinfo=None):
        words = _("The clocks go forward: there is no %(time)s on that day in %(zone)s.")
        raise NoSuchTime(words % {"time": f"{at:%H:%M}", "zone": zone.key})
    return moment


def happens_twice(day: date, at: time, zone: ZoneInfo) -> bool:
    """Whether the clocks go back over this time of day."""
    first = datetime.combine(day, at, tzinfo=zone)
    earlier, later = first.utcoffset(), first.replace(fold=1).utcoffset()
    return earlier is not None and later is not None and earlier > later
