"""A valid schedule in words. Rules that have no short wording are shown as they are written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_DAY_NUMBERS = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}


def in_words(schedule: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Words for a schedule that `recurrence.validate` accepts; `zone` is for showing a one-time schedule."""
    if schedule["kind"] == "every":
        return _every(schedule["every"])
    if schedule["kind"] == "once":
        moment = datetime.fromtimestamp(schedule["once"] / 1000, UTC).astimezone(zone)
        return _("once on %(time)s") % {"time": f"{moment:%Y-%m-%d %H:%M} ({zone.key})"}
    words = _cron(schedule["cron"])
    return f"{words} ({schedule['timezone']})" if schedule.get("timezone") else words


def _every(duration: str) -> str:
    count = int(duration[:-1])
    match duration[-1]:
        case "s":
            return _("every %(count)d s") % {"count": count}
        case "m":
            return _("every %(count)d min") % {"count": count}
        case "h":
            return _("every %(count)d h") % {"count": count}
        case _:
            return ngettext("every day", "every %(count)d days", count) % {"count": count}


def _cron(expression: str) -> str:
    fields = expression.upper().split()
    if len(fields) == 6 and fields[0] == "0":
        fields = fields[1:]
    words = _simple_rule(*fields) if len(fields) == 5 else None
    return words or _("cron %(rule)s") % {"rule": " ".join(expression.split())}


def _simple_rule(minute: str, hour: str, day: str, month: str, weekday: str) -> str | None:
    if month != "*":
        return None
    if day == weekday == "*" and not hour.isdigit():
        return _several_times_a_day(minute, hour)
    if not (minute.isdigit() and hour.isdigit()):
        return None
    time = f"{int(hour):02}:{int(minute):02}"
    if day == "*":
        return _on_weekdays(weekday, time)
    if weekday == "*" and day == "L":
        return _("on the last day of the month at %(time)s") % {"time": time}
    if weekday == "*" and day.isdigit():
        return _("on day %(day)d of the month at %(time)s") % {"day": int(day), "time": time}
    return None


def _several_times_a_day(minute: str, hour: str) -> str | None:
    minutes, hours = minute.removeprefix("*/"), hour.removeprefix("*/")
    if minute == hour == "*":
        return _("every minute")
    if hour == "*" and minute.isdigit():
        return _("hourly at minute %(minute)d") % {"minute": int(minute)}
    # Only steps that divide the hour or the day are regular; */25 jumps at the full hour.
    if hour == "*" and minutes.isdigit() and 60 % int(minutes) == 0:
        return _("every %(count)d min") % {"count": int(minutes)}
    if minute == "0" and hours.isdigit() and 24 % int(hours) == 0:
        return _("every %(count)d h") % {"count": int(hours)}
    return None


def _on_weekdays(weekday: str, time: str) -> str | None:
    if weekday == "*":
        return _("daily at %(time)s") % {"time": time}
    if weekday in ("1-5", "MON-FRI"):
        return _("Monday to Friday at %(time)s") % {"time": time}
    numbers = [_DAY_NUMBERS.get(part, int(part) if part.isdigit() else None) for part in weekday.split(",")]
    if None in numbers:
        return None
    days = ", ".join(_plural_day(number % 7) for number in numbers if number is not None)
    return _("%(days)s at %(time)s") % {"days": days, "time": time}


def _plural_day(number: int) -> str:
    return (
        _("Sundays"),
        _("Mondays"),
        _("Tuesdays"),
        _("Wednesdays"),
        _("Thursdays"),
        _("Fridays"),
        _("Saturdays"),
    )[number]
