from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.catchup import MAX_LISTED, backlog
from scheduler.recurrence import next_due, upcoming

JANUARY = 1_767_225_600_000  # 2026-01-01T00:00Z
MINUTE = 60_000
DAY = 86_400_000
MINUTELY = {"kind": "every", "every": "1m"}
RULES = [
    MINUTELY,
    {"kind": "every", "every": "7h"},
    {"kind": "cron", "cron": "*/3 * * * *", "timezone": "America/New_York"},
    {"kind": "cron", "cron": "0 9 * * 1-5", "timezone": "Europe/London"},
    {"kind": "cron", "cron": "*/10 * 9 * * *", "timezone": "Asia/Shanghai"},
]


def owed(schedule: dict[str, Any], due_ms: int, now_ms: int, since_ms: int | None = None) -> Any:
    return backlog(schedule, anchor_ms=JANUARY, due_ms=due_ms, now_ms=now_ms, since_ms=since_ms)


def test_a_job_on_time_owes_only_its_due_time() -> None:
    found = owed(MINUTELY, JANUARY + MINUTE, JANUARY + MINUTE + 5)
    assert (found.newest_ms, found.older, found.rest) == (JANUARY + MINUTE, (), 0)


@given(schedule=st.sampled_from(RULES), start=st.integers(0, 365 * DAY), span=st.integers(0, 12 * DAY))
def test_every_due_time_is_owed_exactly_once(schedule: dict[str, Any], start: int, span: int) -> None:
    due = next_due(schedule, anchor_ms=JANUARY, after_ms=JANUARY + start)
    assert due is not None
    expected, following = [due], next_due(schedule, anchor_ms=JANUARY, after_ms=due)
    while following is not None and following <= due + span:
        expected.append(following)
        following = next_due(schedule, anchor_ms=JANUARY, after_ms=following)
    found = owed(schedule, due, due + span)
    assert [*found.older, found.newest_ms] == expected[-MAX_LISTED - 1 :]
    assert found.rest == max(len(expected) - MAX_LISTED - 1, 0)
    assert not found.rest or found.rest_from_ms == expected[0]
    assert found.next_ms == following


def test_a_year_of_seconds_is_counted_without_being_walked() -> None:
    secondly = {"kind": "cron", "cron": "* * * * * *", "timezone": "America/New_York"}
    found = owed(secondly, JANUARY, JANUARY + 365 * DAY)
    assert found.rest == 365 * 86_400 - MAX_LISTED
    assert len(found.older) == MAX_LISTED


def test_times_that_errors_pushed_aside_are_owed_too() -> None:
    pushed_to = JANUARY + 3 * MINUTE + 20_000
    found = owed(MINUTELY, pushed_to, pushed_to, since_ms=JANUARY)
    assert found.newest_ms == pushed_to
    assert list(found.older) == upcoming(MINUTELY, anchor_ms=JANUARY, after_ms=JANUARY, count=3)


@pytest.mark.parametrize("late", [0, 5_000, 90_000])
def test_a_pushed_time_on_the_grid_is_owed_once(late: int) -> None:
    found = owed(MINUTELY, JANUARY + 3 * MINUTE, JANUARY + 3 * MINUTE + late, since_ms=JANUARY)
    assert len({*found.older, found.newest_ms}) + found.rest == 3 + late // MINUTE
