"""Cron rules on the days on which clocks change, against a walk through every instant of those days."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.recurrence import count_due, upcoming

STEP = 30  # seconds between the instants that the walk looks at; rules have seconds 0 and 30 only


class Window(NamedTuple):
    zone: str
    start: datetime  # UTC


WINDOWS = [
    Window("America/New_York", datetime(2026, 3, 7, 20, tzinfo=UTC)),
    Window("America/New_York", datetime(2026, 10, 31, 20, tzinfo=UTC)),
    Window("Europe/London", datetime(2026, 3, 28, 12, tzinfo=UTC)),
    Window("Europe/London", datetime(2026, 10, 24, 12, tzinfo=UTC)),
    Window("Australia/Lord_Howe", datetime(2026, 4, 4, 3, tzinfo=UTC)),
    Window("Australia/Lord_Howe", datetime(2026, 10, 3, 3, tzinfo=UTC)),
    Window("America/Havana", datetime(2026, 3, 7, 20, tzinfo=UTC)),  # the gap swallows midnight
    Window("America/Havana", datetime(2026, 10, 31, 20, tzinfo=UTC)),
    Window("Pacific/Apia", datetime(2011, 12, 29, 20, tzinfo=UTC)),  # the gap swallows a day
    Window("Asia/Shanghai", datetime(2026, 3, 7, 20, tzinfo=UTC)),
]
LENGTH = timedelta(hours=36)


class Rule(NamedTuple):
    text: str
    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    fixed: bool

    def matches(self, wall: datetime) -> bool:
        return wall.second in self.seconds and wall.minute in self.minutes and wall.hour in self.hours


@st.composite
def fields(draw: st.DrawFn, size: int, below: int) -> tuple[str, frozenset[int], bool]:
    """A minute or hour field: its text, its values, and whether it is fixed."""
    numbers = st.integers(0, below - 1)
    match draw(st.sampled_from(["list", "range", "star", "step", "from"])):
        case "list":
            values = draw(st.sets(numbers, min_size=1, max_size=3))
            return ",".join(map(str, sorted(values))), frozenset(values), True
        case "range":
            low, high = sorted((draw(numbers), draw(numbers)))
            return f"{low}-{high}", frozenset(range(low, high + 1)), True
        case "star":
            return "*", frozenset(range(size)), False
        case "step":
            step = draw(st.integers(1, size))
            return f"*/{step}", frozenset(range(0, size, step)), False
        case _:
            low, step = draw(numbers), draw(st.integers(1, size))
            return f"{low}/{step}", frozenset(range(low, size, step)), False


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    minute, minutes, minute_fixed = draw(fields(60, 60))
    hour, hours, hour_fixed = draw(fields(24, 24) | fields(24, 4))  # most changes are in the first four hours
    second, seconds = draw(
        st.sampled_from([("", {0}), ("0 ", {0}), ("30 ", {30}), ("0,30 ", {0, 30}), ("*/30 ", {0, 30})])
    )
    text = f"{second}{minute} {hour} * * *"
    return Rule(text, frozenset(seconds), minutes, hours, minute_fixed and hour_fixed)


@cache
def instants_of(window: Window) -> tuple[list[datetime], list[datetime]]:
    """Every instant of a window, and what clocks on the wall show then."""
    zone = ZoneInfo(window.zone)
    count = int(LENGTH.total_seconds()) // STEP
    instants = [window.start + timedelta(seconds=STEP * number) for number in range(1, count + 1)]
    return instants, [instant.astimezone(zone).replace(tzinfo=None) for instant in instants]


def walked(rule: Rule, window: Window) -> list[datetime]:
    """The due times by BEHAVIOUR's words, found by looking at every instant and at every wall time."""
    instants, walls = instants_of(window)
    if not rule.fixed:
        return [instant for instant, wall in zip(instants, walls, strict=True) if rule.matches(wall)]
    occurrences: dict[datetime, list[datetime]] = defaultdict(list)
    for instant, wall in zip(instants, walls, strict=True):
        occurrences[wall].append(instant)
    due: set[datetime] = set()
    wall, end = walls[0], walls[-1]
    while wall <= end:
        if rule.matches(wall):
            later = (instant for instant, shown in zip(instants, walls, strict=True) if shown > wall)
            due.add(occurrences[wall][0] if wall in occurrences else next(later))
        wall += timedelta(seconds=STEP)
    return sorted(due)


@given(rule=rules(), window=st.sampled_from(WINDOWS))
def test_it_agrees_with_a_walk_through_every_instant(rule: Rule, window: Window) -> None:
    expected = walked(rule, window)
    schedule = {"kind": "cron", "cron": rule.text, "timezone": window.zone}
    start_ms = int(window.start.timestamp() * 1000)
    due = upcoming(schedule, anchor_ms=0, after_ms=start_ms, count=len(expected) + 1)
    until = window.start + LENGTH
    assert [moment for moment in map(moment_of, due) if moment <= until] == expected
    until_ms = int(until.timestamp() * 1000)
    assert count_due(schedule, anchor_ms=0, after_ms=start_ms, until_ms=until_ms) == len(expected)


@pytest.mark.parametrize(
    ("rule", "zone", "start", "expected"),
    [
        ("30 2 * * *", "America/New_York", "2026-03-08T00:00-05:00", ["03:00 -0400", "02:30 -0400"]),
        ("0 30 2 * * *", "America/New_York", "2026-03-08T00:00-05:00", ["03:00 -0400", "02:30 -0400"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00+10:30", ["02:30 +1100", "02:15 +1100"]),
        ("30 1 * * *", "America/New_York", "2026-11-01T00:00-04:00", ["01:30 -0400", "01:30 -0500"]),
        ("0 30 1 * * *", "America/New_York", "2026-11-01T00:00-04:00", ["01:30 -0400", "01:30 -0500"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-05T00:00+11:00", ["01:45 +1100", "01:45 +1030"]),
        ("*/30 2 * * *", "America/New_York", "2026-03-08T00:00-05:00", ["02:00 -0400", "02:30 -0400"]),
        ("30 * * * *", "America/New_York", "2026-11-01T00:45-04:00", ["01:30 -0400", "01:30 -0500"]),
        (
            "0 */30 1 * * *",
            "Europe/London",
            "2026-10-25T00:45+01:00",
            ["01:00 +0100", "01:30 +0100", "01:00 +0000"],
        ),
        ("30 2 * * *", "Asia/Shanghai", "2026-03-08T00:00+08:00", ["02:30 +0800", "02:30 +0800"]),
    ],
)
def test_what_a_person_sees_when_the_clock_changes(
    rule: str, zone: str, start: str, expected: list[str]
) -> None:
    schedule = {"kind": "cron", "cron": rule, "timezone": zone}
    start_ms = int(datetime.fromisoformat(start).timestamp() * 1000)
    due = upcoming(schedule, anchor_ms=0, after_ms=start_ms, count=len(expected))
    assert [f"{moment_of(moment).astimezone(ZoneInfo(zone)):%H:%M %z}" for moment in due] == expected


def test_a_rule_that_sleeps_for_years_still_finds_both_occurrences() -> None:
    schedule = {"kind": "cron", "cron": "*/30 1 1 11 *", "timezone": "America/New_York"}
    start_ms = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    due = upcoming(schedule, anchor_ms=0, after_ms=start_ms, count=5)
    assert [f"{moment_of(moment):%Y-%m-%d %H:%M}" for moment in due] == [
        *("2026-11-01 05:00", "2026-11-01 05:30", "2026-11-01 06:00", "2026-11-01 06:30"),
        "2027-11-01 05:00",
    ]


def moment_of(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
