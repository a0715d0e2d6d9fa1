"""When a schedule is due. Pure: no database and no clock; times are epoch milliseconds UTC.

A schedule is the JSON of a job (halo-facts §5): {"kind": "every", "every": "30m"},
{"kind": "cron", "cron": "0 9 * * *", "timezone": "Asia/Shanghai"} (the zone may be left out) or
{"kind": "once", "once": <epoch ms>}. The rules are those of BEHAVIOUR, Schedules.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from halo_site.zones import system_zone
from scheduler.counting import count_instants, list_instants
from scheduler.cron import CronRule, next_instant, parse_cron
from scheduler.durations import parse_duration
from scheduler.wording import in_words

Schedule = Mapping[str, Any]

MIN_INTERVAL_MS = 10_000
LOOKED_AT = 20  # times of a cron rule with seconds, to see how close they come
MIN_MS = -62_135_000_000_000  # just after the first day of the year 1, so that every zone can show it
MAX_MS = 253_402_200_000_000  # just before the end of the year 9999, for the same reason


class ScheduleError(ValueError):
    """The schedule cannot be used; the message is one sentence for the person who wrote it."""


def next_due(
    schedule: Schedule, *, anchor_ms: int, after_ms: int, default_timezone: str | None = None
) -> int | None:
    """The first due time strictly after `after_ms`, or None when there is none (any more).

    `anchor_ms` is where the grid of an "every" schedule starts; the anchor itself is due when `after_ms` is
    before it. `default_timezone` stands in for a cron rule without a zone (default: the server's zone).
    Raises ScheduleError when the schedule cannot be read.
    """
    match _kind(schedule):
        case "every":
            due = _next_on_grid(_interval_ms(schedule), max(anchor_ms, 0), after_ms)
        case "cron":
            rule = _cron(schedule)
            instant = next_instant(rule, _zone(schedule, default_timezone), max(after_ms, MIN_MS) // 1000)
            due = MAX_MS + 1 if instant is None else instant * 1000
        case _:
            due = _once_ms(schedule)
            if due <= after_ms:
                return None
    return due if due <= MAX_MS else None


def upcoming(
    schedule: Schedule, *, anchor_ms: int, after_ms: int, count: int = 5, default_timezone: str | None = None
) -> list[int]:
    """The next `count` due times, fewer when the schedule ends before."""
    times = due_times(schedule, anchor_ms=anchor_ms, after_ms=after_ms, default_timezone=default_timezone)
    return list(islice(times, count))


def count_due(
    schedule: Schedule, *, anchor_ms: int, after_ms: int, until_ms: int, default_timezone: str | None = None
) -> int:
    """How many due times lie in (after_ms, until_ms], without walking through them."""
    first = next_due(schedule, anchor_ms=anchor_ms, after_ms=after_ms, default_timezone=default_timezone)
    if first is None or first > until_ms:
        return 0
    match _kind(schedule):
        case "every":
            return (until_ms - first) // _interval_ms(schedule) + 1
        case "cron":
            zone = _zone(schedule, default_timezone)
            return count_instants(_cron(schedule), zone, first // 1000, min(until_ms, MAX_MS) // 1000)
        case _:
            return 1


def due_between(
    schedule: Schedule, *, anchor_ms: int, after_ms: int, until_ms: int, default_timezone: str | None = None
) -> Sequence[int]:
    """All due times in (after_ms, until_ms], ascending: quick for dense rules, for spans of days."""
    first = next_due(schedule, anchor_ms=anchor_ms, after_ms=after_ms, default_timezone=default_timezone)
    if first is None or first > until_ms:
        return ()
    match _kind(schedule):
        case "every":
            return range(first, until_ms + 1, _interval_ms(schedule))
        case "cron":
            zone, until = _zone(schedule, default_timezone), min(until_ms, MAX_MS) // 1000
            return [at * 1000 for at in list_instants(_cron(schedule), zone, first // 1000, until)]
        case _:
            return (first,)


def validate(schedule: Schedule) -> None:
    """Raises ScheduleError with one plain sentence when the schedule can never be used."""
    match _kind(schedule):
        case "every":
            _interval_ms(schedule)
        case "cron":
            _cron(schedule)
            _zone(schedule, None)
            _refuse_haste(schedule)
        case _:
            _once_ms(schedule)


def _refuse_haste(schedule: Schedule) -> None:
    """Raise for a rule with seconds that comes due again within 10 s, as an interval of that length does."""
    if len(str(schedule["cron"]).split()) < 6:
        return
    plain = {"kind": "cron", "cron": schedule["cron"]}
    times = list(islice(due_times(plain, anchor_ms=0, after_ms=0, default_timezone="UTC"), LOOKED_AT))
    gap = min((later - earlier for earlier, later in pairwise(times)), default=MIN_INTERVAL_MS)
    if gap < MIN_INTERVAL_MS:
        raise ScheduleError(
            f"A rule must leave at least 10 s between two times; this one leaves {gap // 1000} s."
        )


def describe(schedule: Schedule, *, default_timezone: str | None = None) -> str:
    """The schedule in words of the active language: "every 30 min", "daily at 09:00 (Asia/Shanghai)".

    The zone is named where the schedule names one. Raises ScheduleError as `validate` does.
    """
    validate(schedule)
    return in_words(schedule, ZoneInfo(default_timezone or default_zone()))


@lru_cache(maxsize=1)
def default_zone() -> str:
    """The server's zone, read once per process: reading it walks the zone database."""
    return system_zone()


def due_times(
    schedule: Schedule, *, anchor_ms: int, after_ms: int, default_timezone: str | None = None
) -> Iterator[int]:
    """Every due time strictly after `after_ms`, ascending, without end where the schedule has none."""
    due: int | None = after_ms
    while due is not None:
        due = next_due(schedule, anchor_ms=anchor_ms, after_ms=due, default_timezone=default_timezone)
        if due is not None:
            yield due


def _next_on_grid(interval_ms: int, anchor_ms: int, after_ms: int) -> int:
    if after_ms < anchor_ms:
        return anchor_ms
    return anchor_ms + ((after_ms - anchor_ms) // interval_ms + 1) * interval_ms


def _kind(schedule: Schedule) -> str:
    if not isinstance(schedule, Mapping):
        raise ScheduleError("A schedule is an object with a kind: every, cron or once.")
    kind = schedule.get("kind")
    if kind not in ("every", "cron", "once"):
        raise ScheduleError(f'The schedule kind "{kind}" is not known; use every, cron or once.')
    return str(kind)


def _interval_ms(schedule: Schedule) -> int:
    text = schedule.get("every")
    try:
        interval_ms = parse_duration(text if isinstance(text, str) else "")
    except ValueError as error:
        raise ScheduleError(str(error)) from error
    if interval_ms < MIN_INTERVAL_MS:
        raise ScheduleError(f'The interval "{text}" is under 10 s; the shortest interval is 10 s.')
    if interval_ms > MAX_MS:
        raise ScheduleError(f'The interval "{text}" is longer than the calendar; it would never come due.')
    return interval_ms


def _cron(schedule: Schedule) -> CronRule:
    expression = schedule.get("cron")
    if not isinstance(expression, str):
        raise ScheduleError("A cron schedule needs its rule as text, with 5 fields, or 6 with seconds first.")
    try:
        return parse_cron(expression)
    except ValueError as error:
        raise ScheduleError(str(error)) from error


def _zone(schedule: Schedule, default_timezone: str | None) -> ZoneInfo:
    name = schedule.get("timezone")
    if name is None:
        name = default_timezone or default_zone()
    try:
        return _zone_info(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        shown = str(name)[:60]
        raise ScheduleError(
            f'The time zone "{shown}" is not known; use a name like "Asia/Shanghai".'
        ) from error


@lru_cache(maxsize=1024)
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _once_ms(schedule: Schedule) -> int:
    due = schedule.get("once")
    if not isinstance(due, int) or isinstance(due, bool):
        raise ScheduleError("A one-time schedule needs its time as a whole number of epoch milliseconds.")
    if not MIN_MS <= due <= MAX_MS:
        raise ScheduleError("The time of a one-time schedule lies outside the years 1 to 9999.")
    return due
