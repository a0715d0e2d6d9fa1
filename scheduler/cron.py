"""Cron rules on the wall clock of a zone.

cronsim parses the fields and walks naive wall-clock time. What happens where the clocks change is ours,
because cronsim keeps the rule of BEHAVIOUR, Schedules, for some rules of 5 fields only:

 * minute and hour fixed (neither wildcard nor step): each wall time runs once; the first of two occurrences,
   or right after the gap that swallows it;
 * a wildcard or step in minute or hour follows the wall clock: both occurrences, none in the gap.

Instants are whole seconds since the epoch, UTC.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times are naive here
_DAY = 86_400  # seconds
TWO_DAYS = 2 * _DAY  # seconds; more than any two zones differ, less than any two clock changes are apart
_MAX_LENGTH = 256  # characters; no readable rule is longer
# Any start will do: cronsim looks 50 years ahead, and no rule sleeps for more than 40.
_PROBE = datetime(2024, 1, 1)  # noqa: DTZ001


@dataclass(frozen=True)
class CronRule:
    """A parsed rule of 5 fields, or 6 with seconds first."""

    fields: tuple[str, ...]
    follows_wall_clock: bool
    _walker: CronSim

    def next_wall(self, after: datetime) -> datetime | None:
        """The first matching wall-clock time strictly after `after` (both naive); None past the year 9999."""
        walker = copy.copy(self._walker)
        walker.dt = after.replace(microsecond=0)
        try:
            wall: datetime = next(walker)
        except (StopIteration, OverflowError, ValueError):
            return None
        return wall

    def count_walls(self, after: int, until: int) -> int:
        """How many matching wall-clock times lie in (after, until], both in naive seconds since 1970."""
        first_day, from_second = divmod(after, _DAY)
        last_day, to_second = divmod(until, _DAY)
        total = self._count_until(last_day, to_second) - self._count_until(first_day, from_second)
        return total + sum(self._count_until(day, _DAY - 1) for day in range(first_day, last_day))

    def walls(self, after: int, until: int) -> Iterator[int]:
        """The matching wall-clock times in (after, until], ascending, both in naive seconds since 1970."""
        walker = self._walker
        for day in range(after // _DAY, until // _DAY + 1):
            date = _EPOCH + timedelta(days=day)
            if date.month not in walker.months or not walker.match_day(date):
                continue
            fields = product(sorted(walker.hours), sorted(walker.minutes), sorted(walker.seconds))
            found = (day * _DAY + hour * 3600 + minute * 60 + second for hour, minute, second in fields)
            yield from (wall for wall in found if after < wall <= until)

    def _count_until(self, day: int, second: int) -> int:
        """Matching times on that day (counted from 1970) up to that second of it."""
        walker, date = self._walker, _EPOCH + timedelta(days=day)
        if date.month not in walker.months or not walker.match_day(date):
            return 0
        hour, rest = divmod(second, 3600)
        minute, second = divmod(rest, 60)
        count = sum(1 for value in walker.seconds if value <= second) if minute in walker.minutes else 0
        count += len(walker.seconds) * sum(1 for value in walker.minutes if value < minute)
        count = count if hour in walker.hours else 0
        return count + len(walker.seconds) * len(walker.minutes) * sum(
            1 for value in walker.hours if value < hour
        )


@lru_cache(maxsize=4096)
def parse_cron(expression: str) -> CronRule:
    """The rule, or ValueError with one sentence (field count, unreadable field, impossible date)."""
    fields = tuple(expression.upper().split()) if len(expression) <= _MAX_LENGTH else ()
    if len(fields) not in (5, 6):
        raise ValueError(f'The cron rule "{expression[:40]}" must have 5 fields, or 6 with seconds first.')
    try:
        walker = CronSim(" ".join(fields), _PROBE)
    except CronSimError as error:
        raise ValueError(_sentence(expression, fields, error)) from error
    minute, hour = fields[-5], fields[-4]
    rule = CronRule(fields, any(mark in minute + hour for mark in "*/"), walker)
    if rule.next_wall(_PROBE) is None:
        raise ValueError(_never(expression))
    return rule


def _sentence(expression: str, fields: tuple[str, ...], error: CronSimError) -> str:
    *clock, day, _month, weekday = fields
    try:
        # cronsim says "Bad day-of-month" for 31 February too; with every month it tells the two apart.
        CronSim(" ".join((*clock, day, "*", weekday)), _PROBE)
    except CronSimError:
        pass
    else:
        if str(error) == "Bad day-of-month":
            return _never(expression)
    field = str(error).removeprefix("Bad ").replace("-", " ")
    return f'The {field} field of the cron rule "{expression}" cannot be read.'


def _never(expression: str) -> str:
    return f'The cron rule "{expression}" never comes due, because no such date exists.'


def next_instant(rule: CronRule, zone: ZoneInfo, after: int) -> int | None:
    """The first instant strictly after `after` at which the rule is due; None past the year 9999."""
    walk = _next_on_wall_clock if rule.follows_wall_clock else _next_fixed
    try:
        return walk(rule, zone, after)
    except (OverflowError, ValueError):  # the calendar ends
        return None


def _next_fixed(rule: CronRule, zone: ZoneInfo, after: int) -> int | None:
    wall: datetime | None = datetime.fromtimestamp(after, zone).replace(tzinfo=None)
    while wall is not None and (wall := rule.next_wall(wall)) is not None:
        instant = only_instant(wall, zone)
        if instant > after:
            return instant
    return None


def only_instant(wall: datetime, zone: ZoneInfo) -> int:
    """The one instant of a wall time: its first occurrence, or the end of the gap that skips it."""
    instant = _seconds(wall - _delta(wall.replace(tzinfo=zone)))
    if datetime.fromtimestamp(instant, zone).replace(tzinfo=None) == wall:
        return instant
    before_gap = _seconds(wall - _delta(wall.replace(tzinfo=zone, fold=1)))
    return first_change(zone, before_gap, instant, offset_at(zone, before_gap))


def _next_on_wall_clock(rule: CronRule, zone: ZoneInfo, after: int) -> int | None:
    """Walks stretches of constant offset: repeated wall times count twice, skipped ones not at all."""
    offset = offset_at(zone, after)
    while (wall := rule.next_wall(_EPOCH + timedelta(seconds=after + offset))) is not None:
        instant = _seconds(wall) - offset
        horizon = min(instant, after + TWO_DAYS)
        if offset_at(zone, horizon) != offset:
            change = first_change(zone, after, horizon, offset)
            after, offset = change - 1, offset_at(zone, change)
        elif horizon == instant:
            return instant
        else:
            # No wall time between here and `wall` matches, whatever the offset becomes: jump close to it.
            after = max(horizon, _seconds(wall) - TWO_DAYS)
            offset = offset_at(zone, after)
    return None


def offset_at(zone: ZoneInfo, instant: int) -> int:
    """Seconds that the zone's clock is ahead of UTC at that instant."""
    return int(_delta(datetime.fromtimestamp(instant, zone)).total_seconds())


def first_change(zone: ZoneInfo, low: int, high: int, offset: int) -> int:
    """The first instant in (low, high] whose offset is not `offset`, given one change in between."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == offset:
            low = middle
        else:
            high = middle
    return high


def _seconds(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(seconds=1)


def _delta(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()
