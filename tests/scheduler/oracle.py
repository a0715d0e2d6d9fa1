"""What the ledger must hold, worked out from BEHAVIOUR's words alone.

It knows nothing of `scheduler`: cron rules are found by walking through every quarter of an hour of UTC and
looking at a clock on the wall, never by asking for a "next" time. Times are epoch milliseconds UTC.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

QUARTER = 900  # seconds; every clock change of our days is at a full quarter, and by full quarters
LATE_MS = 60_000
LISTED = 1_000
UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Row(NamedTuple):
    """One line of the ledger."""

    verdict: str
    count: int = 1


class Quarter(NamedTuple):
    """A quarter of an hour on the wall: when it begins (seconds UTC), and whether the clock skipped it."""

    moment: int
    wall: datetime
    is_skipped: bool = False


@cache
def quarters(zone: str, start: int, end: int) -> list[Quarter]:
    """Every quarter of an hour in [start, end), and what a clock on the wall shows then."""
    info = ZoneInfo(zone)
    return [
        Quarter(moment, datetime.fromtimestamp(moment, info).replace(tzinfo=None))
        for moment in range(start, end, QUARTER)
    ]


@cache
def each_once(zone: str, start: int, end: int) -> list[Quarter]:
    """The same, each once: of two the first one, and what the clock skips at the moment when it does."""
    found: list[Quarter] = []
    for moment, wall, _ in quarters(zone, start, end):
        following = found[-1].wall + timedelta(seconds=QUARTER) if found else wall
        while following < wall:
            found.append(Quarter(moment, following, is_skipped=True))
            following += timedelta(seconds=QUARTER)
        if following == wall:
            found.append(Quarter(moment, wall))
    return found


@cache
def by_hour(zone: str, start: int, end: int, *, is_fixed: bool) -> dict[int, list[Quarter]]:
    """Hour on the wall → its quarters."""
    hours: dict[int, list[Quarter]] = {hour: [] for hour in range(24)}
    for quarter in (each_once if is_fixed else quarters)(zone, start, end):
        hours[quarter.wall.hour].append(quarter)
    return hours


def values(text: str, low: int, high: int) -> frozenset[int]:
    """What a cron field of numbers, lists, ranges, stars and steps stands for."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found |= set(range(int(first), int(last or first) + 1, int(step or 1)))
    return frozenset(found)


class Fields(NamedTuple):
    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def in_quarter(self, wall: datetime) -> list[int]:
        """Seconds after `wall`, the beginning of a quarter, at which the rule matches."""
        if wall.hour not in self.hours or wall.month not in self.months or wall.day not in self.days:
            return []
        if wall.isoweekday() % 7 not in self.weekdays:
            return []
        return [
            minute * 60 + second
            for minute in range(15)
            if wall.minute + minute in self.minutes
            for second in sorted(self.seconds)
        ]


def fields_of(rule: str) -> tuple[Fields, bool]:
    """A rule's values, and whether its minute and hour are fixed."""
    parts = rule.split()
    second, minute, hour, day, month, weekday = parts if len(parts) == 6 else ["0", *parts]
    spans = ((second, 0, 59), (minute, 0, 59), (hour, 0, 23), (day, 1, 31), (month, 1, 12), (weekday, 0, 6))
    return Fields(*(values(*each) for each in spans)), not set(minute + hour) & set("*/")


def cron_times(rule: str, zone: str, start: int, end: int) -> Iterator[int]:
    """Every instant in [start, end), seconds UTC, at which the rule is due; in no order, some repeatedly."""
    fields, is_fixed = fields_of(rule)
    hours = by_hour(zone, start, end, is_fixed=is_fixed)
    for quarter in chain.from_iterable(hours[hour] for hour in fields.hours):
        for second in fields.in_quarter(quarter.wall):
            yield quarter.moment + (0 if quarter.is_skipped else second)


@dataclass
class Planned:
    """One job, as the oracle sees it."""

    due: Sequence[int]  # all its times, ascending
    skips_missed: bool
    ends: bool  # after its last time
    since: int | None = None  # times after this one are owed; None while it is off


@dataclass
class Oracle:
    """Told everything that happens to the jobs; `ledger` is what must be the case then."""

    start: int  # seconds UTC, a full quarter
    end: int
    jobs: dict[str, Planned] = field(default_factory=dict)
    ledger: dict[tuple[str, int], Row] = field(default_factory=dict)

    def add(self, key: str, schedule: dict[str, Any], anchor: int, missed: str) -> None:
        """A job that is on from its anchor on."""
        due = self._times(schedule, anchor)
        self.jobs[key] = Planned(due, missed == "skip", schedule["kind"] == "once", since=anchor)

    def _times(self, schedule: dict[str, Any], anchor: int) -> Sequence[int]:
        match schedule["kind"]:
            case "every":
                step = int(schedule["every"][:-1]) * UNITS[schedule["every"][-1]]
                return range(anchor, self.end * 1000, step)
            case "cron":
                seconds = set(cron_times(schedule["cron"], schedule["timezone"], self.start, self.end))
                return [second * 1000 for second in sorted(seconds)]
            case _:
                return [schedule["once"]]

    def switch_on(self, key: str, now: int) -> None:
        self.jobs[key].since = now

    def switch_off(self, key: str, now: int) -> None:
        """What was due while it was on has its verdict too."""
        self.close(key, now, "missed")
        self.jobs[key].since = None

    def close(self, key: str, now: int, verdict: str) -> None:
        """What is owed up to now ends so: from now on times end differently, and no clock came to these."""
        job = self.jobs[key]
        owed = self._owed(job, now)
        if owed:
            self._record(key, owed, [verdict] * len(owed))
            job.since = None if job.ends else now

    def tick(self, now: int, paused: set[str]) -> set[tuple[str, int]]:
        """A clock looks at the time; what it must hand to a handler."""
        handed = set()
        for key, job in self.jobs.items():
            owed = self._owed(job, now)
            if not owed:
                continue
            last = (
                ""
                if (key, owed[-1]) in self.ledger
                else self._last_verdict(job, owed[-1], now, key in paused)
            )
            if last not in ("", "missed"):
                handed.add((key, owed[-1]))
            older = [self._older_verdict(job, due, now, last) for due in owed[:-1]]
            self._record(key, owed, [*older, last])
            job.since = None if job.ends else max(job.since or 0, now)
        return handed

    def _owed(self, job: Planned, now: int) -> Sequence[int]:
        if job.since is None:
            return []
        return job.due[bisect_right(job.due, job.since) : bisect_right(job.due, now)]

    def _last_verdict(self, job: Planned, due: int, now: int, is_paused: bool) -> str:
        is_late = now - due > LATE_MS
        if job.skips_missed and is_late:
            return "missed"
        if is_paused:
            return "skipped"
        return "late" if is_late else "ran"

    def _older_verdict(self, job: Planned, due: int, now: int, last: str) -> str:
        if job.skips_missed and now - due > LATE_MS:
            return "missed"
        return "skipped" if last == "skipped" else "merged"

    def _record(self, key: str, owed: Sequence[int], verdicts: list[str]) -> None:
        """One row each; what is older than the newest 1,001 shares one."""
        rest = max(len(owed) - LISTED - 1, 0)
        for due, verdict in list(zip(owed, verdicts, strict=True))[rest:]:
            self.ledger.setdefault((key, due), Row(verdict))
        if rest:
            self.ledger[key, owed[0]] = Row(verdicts[0], rest)
