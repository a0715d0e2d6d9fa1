"""A day of the schedule as lanes and a line of density. Pure: times are passed in.

The day is counted in minutes from its start; a drawing is `MINUTES` wide.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile

from halo_site.store.fields import to_ms
from scheduler.recurrence import ScheduleError, count_due, due_times

MINUTES = 24 * 60
BUCKET = 15  # minutes of one mark in a lane, and of one bar of the density
BUCKETS = MINUTES // BUCKET
MOST_MARKS = BUCKETS  # due times of one lane that are drawn one by one; more are a band
MOST_TIMES = 2_000  # of cron rules that are walked through for one page
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Window:
    """24 hours from a full hour on, and where now lies in them."""

    start: datetime
    now: datetime

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=MINUTES)

    @property
    def now_minute(self) -> int:
        """Minutes from the start to now, cut to the window."""
        return min(max((self.now - self.start) // timedelta(minutes=1), 0), MINUTES)

    @property
    def has_now(self) -> bool:
        return self.start <= self.now < self.end

    def minute_of(self, ms: int) -> int:
        return (ms - to_ms(self.start)) // MINUTE_MS


@dataclass(frozen=True)
class Planned:
    """The minutes of a window in which a rule is due; a dense one is a `is_band` and has ``count`` times."""

    minutes: tuple[int, ...] = ()
    count: int = 0
    is_band: bool = False


@dataclass(frozen=True)
class Clash:
    """A minute in which more jobs are due than there are workers; only the first few have ``names``."""

    minute: int
    count: int
    names: tuple[str, ...]


def planned(rule: str, anchor_ms: int, window: Window) -> Planned:
    """Every due time of a rule (JSON of a schedule) in the window; nothing for one that cannot be read."""
    has_anchor = '"every"' in rule  # a cron rule has none, so that many jobs share one walk
    return _planned(rule, anchor_ms if has_anchor else 0, to_ms(window.start), to_ms(window.end))


@lru_cache(maxsize=2_048)
def _planned(rule: str, anchor_ms: int, begin: int, end: int) -> Planned:
    schedule = json.loads(rule)
    try:
        count = count_due(schedule, anchor_ms=anchor_ms, after_ms=begin - 1, until_ms=end - 1)
        times = due_times(schedule, anchor_ms=anchor_ms, after_ms=begin - 1)
        found = list(islice(takewhile(lambda due: due < end, times), MOST_MARKS + 1))
    except ScheduleError:
        return Planned()
    if count <= MOST_MARKS:
        return Planned(tuple((due - begin) // MINUTE_MS for due in found), count)
    return Planned(_dense_minutes(found, begin, end), count, is_band=True)


def _dense_minutes(first: Sequence[int], begin: int, end: int) -> tuple[int, ...]:
    """The minutes of a dense rule, by the distance of its first times: exact for an interval."""
    step = max((first[-1] - first[0]) / (len(first) - 1) / MINUTE_MS, 1)
    start = (first[0] - begin) / MINUTE_MS
    total = int(((end - begin) / MINUTE_MS - start) / step) + 1
    minutes = {int(start + place * step) for place in range(total)}
    return tuple(sorted(minute for minute in minutes if minute < MINUTES))


def density(lanes: Iterable[Planned], now_minute: int) -> list[int]:
    """How many due times are still to come in each bucket."""
    found = [0] * BUCKETS
    for each in lanes:
        share = each.count / len(each.minutes) if each.minutes else 0
        held = Counter(minute // BUCKET for minute in each.minutes if minute >= now_minute)
        for bucket, minutes in held.items():
            found[bucket] += round(minutes * share)
    return found


def clashes(
    lanes: Sequence[tuple[str, Planned]], now_minute: int, workers: int, named: int = 12
) -> list[Clash]:
    """The minutes to come with more jobs due than workers; the first ``named`` with the names of all jobs."""
    due = Counter(minute for _name, each in lanes for minute in set(each.minutes) if minute >= now_minute)
    crowded = sorted(minute for minute, count in due.items() if count > max(workers, 1))
    shown = frozenset(crowded[:named])
    holding = [(name, shown.intersection(each.minutes)) for name, each in lanes] if shown else []
    return [
        Clash(minute, due[minute], tuple(name for name, minutes in holding if minute in minutes))
        for minute in crowded
    ]
