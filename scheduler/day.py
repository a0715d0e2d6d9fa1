"""A day of the schedule as lanes and a line of density. Pure: times are passed in.

The day is counted in minutes from its start; a drawing is `MINUTES` wide.
"""

import json
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from operator import add, itemgetter

from halo_site.store.fields import to_ms
from scheduler.recurrence import ScheduleError, due_between

MINUTES = 24 * 60
BUCKET = 15  # minutes of one mark in a lane, and of one bar of the density
BUCKETS = MINUTES // BUCKET
MOST_MARKS = BUCKETS  # due times of one lane that are drawn one by one; more are a band
MOST_TIMES = 600_000  # of all jobs that are counted for one page: 400 that are due each minute
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

    def second_of(self, ms: int) -> int:
        return (ms - to_ms(self.start)) // 1_000


@dataclass(frozen=True)
class Planned:
    """The seconds of a window in which a rule is due, ascending and each once."""

    seconds: Sequence[int] = ()

    @property
    def count(self) -> int:
        return len(self.seconds)

    @property
    def is_band(self) -> bool:
        """Whether there are too many to draw each by itself."""
        return self.count > MOST_MARKS

    @property
    def minutes(self) -> list[int]:
        return list(dict.fromkeys(second // 60 for second in self.seconds))

    @property
    def buckets(self) -> list[int]:
        """How many of them lie in each bucket."""
        bounds = [bisect_left(self.seconds, place * BUCKET * 60) for place in range(BUCKETS + 1)]
        return [later - earlier for earlier, later in pairwise(bounds)]

    @property
    def bands(self) -> list[tuple[int, int, int]]:
        """First and last minute and how many, of each stretch of buckets that have some."""
        found = []
        held = ((count > 0, place, count) for place, count in enumerate(self.buckets))
        for has_some, group in groupby(held, key=itemgetter(0)):
            if has_some:
                places = list(group)
                start = bisect_left(self.seconds, places[0][1] * BUCKET * 60)
                count = sum(each for _has, _place, each in places)
                found.append((self.seconds[start] // 60, self.seconds[start + count - 1] // 60, count))
        return found

    def since(self, second: int) -> "Planned":
        """Without those before a second."""
        return Planned(self.seconds[bisect_left(self.seconds, second) :])


@dataclass(frozen=True)
class Clash:
    """A minute with more due at one ``second`` than there are workers; the first few have ``names``.

    The second is the fullest of its minute, and ``count`` is how many are due in it.
    """

    second: int
    count: int
    names: tuple[str, ...]

    @property
    def minute(self) -> int:
        return self.second // 60


def planned(rule: str, anchor_ms: int, window: Window) -> Planned:
    """Every due time of a rule (JSON of a schedule) in the window; nothing for one that cannot be read."""
    has_anchor = '"every"' in rule  # a cron rule has none, so that many jobs share one list
    return _planned(rule, anchor_ms if has_anchor else 0, to_ms(window.start), to_ms(window.end))


@lru_cache(maxsize=512)
def _planned(rule: str, anchor_ms: int, begin: int, end: int) -> Planned:
    try:
        times = due_between(json.loads(rule), anchor_ms=anchor_ms, after_ms=begin - 1, until_ms=end - 1)
    except ScheduleError:
        return Planned()
    if isinstance(times, range) and times.step % 1_000 == 0:  # an interval: it needs no memory
        return Planned(
            range((times[0] - begin) // 1_000, (times[-1] - begin) // 1_000 + 1, times.step // 1_000)
        )
    return Planned(array("L", [(due - begin) // 1_000 for due in times]))


def density(lanes: Iterable[Planned], now_minute: int) -> list[int]:
    """How many due times are still to come in each bucket."""
    found = [0] * BUCKETS
    for each in lanes:
        found = list(map(add, found, each.since(now_minute * 60).buckets))
    return found


def clashes(
    lanes: Sequence[tuple[str, Planned]], now_minute: int, workers: int, named: int = 12
) -> list[Clash]:
    """The minutes to come in which more jobs are due at one second than there are workers.

    Jobs that are due in one minute at different seconds are none: short runs do not meet. The first
    ``named`` have the names of all jobs that are due at that second.
    """
    due: Counter[int] = Counter()
    for _name, each in lanes:
        due.update(each.since(now_minute * 60).seconds)
    fullest: dict[int, int] = {}  # minute → its first second with the most
    for second in sorted(second for second, count in due.items() if count > max(workers, 1)):
        held = fullest.setdefault(second // 60, second)
        if due[second] > due[held]:
            fullest[second // 60] = second
    shown = set(list(fullest.values())[:named])
    names: dict[int, list[str]] = {second: [] for second in shown}
    for name, each in lanes if shown else ():
        for second in shown:
            if has_second(each.seconds, second):
                names[second].append(name)
    return [Clash(second, due[second], tuple(names.get(second, ()))) for second in fullest.values()]


def has_second(seconds: Sequence[int], second: int) -> bool:
    """Whether an ascending sequence holds it."""
    place = bisect_left(seconds, second)
    return place < len(seconds) and seconds[place] == second
