import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.recurrence import (
    MAX_MS,
    ScheduleError,
    count_due,
    describe,
    due_between,
    next_due,
    upcoming,
    validate,
)
from tests.shared import shared_path

JANUARY = 1_767_225_600_000  # 2026-01-01T00:00Z


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def cron(rule: str, timezone: str = "UTC") -> dict[str, Any]:
    return {"kind": "cron", "cron": rule, "timezone": timezone}


def every(duration: str) -> dict[str, Any]:
    return {"kind": "every", "every": duration}


def vectors(name: str) -> list[dict[str, Any]]:
    return json.loads(shared_path("reference/vectors.json").read_text())[name]


def test_it_agrees_with_every_vector_of_intervals() -> None:
    wrong = [
        case
        for case in vectors("next_due_every")
        if next_due(case["schedule"], anchor_ms=case["anchor_ms"], after_ms=case["after_ms"])
        != case["expected_ms"]
    ]
    assert wrong == []


def test_it_agrees_with_every_vector_of_cron_rules() -> None:
    wrong = [
        case
        for case in vectors("next_due_cron")
        if next_due(cron(case["cron"], case["timezone"]), anchor_ms=0, after_ms=ms(case["now_iso"]))
        != ms(case["expected_iso"])
    ]
    assert wrong == []


@given(
    seconds=st.integers(10, 10_000_000),
    anchor_ms=st.integers(0, 4_000_000_000_000),
    after_ms=st.integers(-10_000, 8_000_000_000_000),
)
def test_an_interval_is_on_its_grid_strictly_after_and_skips_nothing(
    seconds: int, anchor_ms: int, after_ms: int
) -> None:
    due = next_due(every(f"{seconds}s"), anchor_ms=anchor_ms, after_ms=after_ms)
    assert due is not None
    assert due > after_ms
    assert (due - anchor_ms) % (seconds * 1000) == 0
    assert due == anchor_ms or due - seconds * 1000 <= after_ms


@settings(deadline=None)
@given(
    schedule=st.sampled_from(
        [
            every("7m"),
            every("7h"),
            cron("*/7 * * * *", "Europe/London"),
            cron("0 9 * * 1-5", "America/New_York"),
        ]
    ),
    after_ms=st.integers(JANUARY, JANUARY + 370 * 86_400_000),
    span_ms=st.integers(0, 400_000_000),
)
def test_counting_agrees_with_walking(schedule: dict[str, Any], after_ms: int, span_ms: int) -> None:
    walked, due = 0, next_due(schedule, anchor_ms=JANUARY, after_ms=after_ms)
    while due is not None and due <= after_ms + span_ms:
        walked, due = walked + 1, next_due(schedule, anchor_ms=JANUARY, after_ms=due)
    assert count_due(schedule, anchor_ms=JANUARY, after_ms=after_ms, until_ms=after_ms + span_ms) == walked


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("rule", ["*/5 1-3 * * *", "30 2 * * *", "15,45 1,2 * * *", "*/20 * 2 * * *"])
@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24", "2026-04-04", "2026-10-03"])
def test_a_list_of_due_times_is_that_of_a_walk(zone: str, rule: str, day: str) -> None:
    after = ms(f"{day}T12:00:00Z")
    span: Any = {"anchor_ms": 0, "after_ms": after, "until_ms": after + 86_400_000}
    times = due_between(cron(rule, zone), **span)
    walked = upcoming(cron(rule, zone), anchor_ms=0, after_ms=after, count=len(times) + 1)
    assert list(times) == [due for due in walked if due <= span["until_ms"]]
    assert len(times) == count_due(cron(rule, zone), **span)


def test_a_list_of_due_times_of_an_interval_and_of_one_time() -> None:
    span: Any = {"anchor_ms": JANUARY, "after_ms": JANUARY, "until_ms": JANUARY + 7_200_000}
    assert list(due_between(every("1h"), **span)) == [JANUARY + 3_600_000, JANUARY + 7_200_000]
    assert list(due_between({"kind": "once", "once": JANUARY + 1}, **span)) == [JANUARY + 1]
    assert list(due_between({"kind": "once", "once": JANUARY}, **span)) == []


def test_a_one_time_schedule_is_due_once() -> None:
    once = {"kind": "once", "once": JANUARY}
    assert next_due(once, anchor_ms=0, after_ms=JANUARY - 1) == JANUARY
    assert next_due(once, anchor_ms=0, after_ms=JANUARY) is None


@pytest.mark.parametrize(
    "schedule", [every("10d"), cron("0 0 1 1 *", "Pacific/Kiritimati"), cron("* * * * *")]
)
def test_it_ends_with_the_calendar(schedule: dict[str, Any]) -> None:
    assert next_due(schedule, anchor_ms=0, after_ms=MAX_MS) is None


def test_upcoming_times_are_the_next_ones_in_order() -> None:
    expected = [JANUARY + hours * 3_600_000 for hours in (1, 2, 3)]
    assert upcoming(every("1h"), anchor_ms=JANUARY, after_ms=JANUARY, count=3) == expected


def test_a_rule_without_a_zone_takes_the_given_default() -> None:
    rule = {"kind": "cron", "cron": "0 9 * * *"}
    due = next_due(rule, anchor_ms=0, after_ms=JANUARY, default_timezone="Asia/Shanghai")
    assert due == ms("2026-01-01T01:00:00Z")


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        (every("9s"), 'The interval "9s" is under 10 s'),
        (every("0s"), 'The interval "0s" is under 10 s'),
        (every("1.5h"), 'The duration "1.5h" cannot be read'),
        (every("999999999999d"), "longer than the calendar"),
        ({"kind": "every"}, "cannot be read"),
        (cron("* * * *"), "must have 5 fields, or 6"),
        (cron("@daily"), "must have 5 fields, or 6"),
        (cron("61 * * * *"), "The minute field"),
        (cron("* * * * * 9"), "The day of week field"),
        (cron("0 0 31 2 *"), "no such date exists"),
        (cron("0 0 31 4,6 *"), "no such date exists"),
        (cron("0 9 * * *", "Asia/Atlantis"), 'The time zone "Asia/Atlantis" is not known'),
        (cron("0 9 * * *", "../../etc/passwd"), "is not known"),
        ({"kind": "cron", "cron": 5}, "needs its rule as text"),
        ({"kind": "once", "once": 1.5}, "whole number"),
        ({"kind": "once", "once": True}, "whole number"),
        ({"kind": "once", "once": 10**20}, "outside the years"),
        ({"kind": "daily"}, 'The schedule kind "daily" is not known'),
        ([], "A schedule is an object"),
    ],
)
def test_it_refuses_what_can_never_be_due(schedule: Any, sentence: str) -> None:
    with pytest.raises(ScheduleError, match=sentence):
        validate(schedule)


@pytest.mark.parametrize(
    "schedule", [every("10s"), cron("0 0 29 2 */7"), cron("0 0 L * *"), {"kind": "once", "once": JANUARY}]
)
def test_it_accepts_what_is_due_however_rarely(schedule: dict[str, Any]) -> None:
    validate(schedule)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (every("30m"), "every 30 min"),
        (every("1d"), "every day"),
        (every("7d"), "every 7 days"),
        (every("45s"), "every 45 s"),
        (cron("0 9 * * *", "Asia/Shanghai"), "daily at 09:00 (Asia/Shanghai)"),
        ({"kind": "cron", "cron": "0 9 * * 1"}, "Mondays at 09:00"),
        ({"kind": "cron", "cron": "30 6 * * sat,0"}, "Saturdays, Sundays at 06:30"),
        ({"kind": "cron", "cron": "0 10 * * 1-5"}, "Monday to Friday at 10:00"),
        ({"kind": "cron", "cron": "0 0 1 * *"}, "on day 1 of the month at 00:00"),
        ({"kind": "cron", "cron": "0 0 L * *"}, "on the last day of the month at 00:00"),
        ({"kind": "cron", "cron": "*/15 * * * *"}, "every 15 min"),
        ({"kind": "cron", "cron": "0 */2 * * *"}, "every 2 h"),
        ({"kind": "cron", "cron": "5 * * * *"}, "hourly at minute 5"),
        ({"kind": "cron", "cron": "0 0 9 * * *"}, "daily at 09:00"),
        ({"kind": "cron", "cron": "*/25 * * * *"}, "cron */25 * * * *"),
        ({"kind": "cron", "cron": "5,35 10 * JAN *"}, "cron 5,35 10 * JAN *"),
        ({"kind": "once", "once": JANUARY}, "once on 2026-01-01 00:00 (UTC)"),
    ],
)
def test_it_says_the_schedule_in_words(schedule: dict[str, Any], words: str) -> None:
    assert describe(schedule, default_timezone="UTC") == words


@given(text=st.text(max_size=30), after_ms=st.integers(0, JANUARY * 8))
def test_any_text_is_refused_or_due(text: str, after_ms: int) -> None:
    try:
        due = next_due(cron(text), anchor_ms=0, after_ms=after_ms)
    except ScheduleError:
        return
    assert due is None or due > after_ms


@given(
    rule=st.sampled_from(
        [
            "30 2 * * *",
            "0 30 1 * * *",
            "*/30 2 * * *",
            "0 */20 1-2 * * 0",
            "*/15 * * * * *",
            "0 0 29 2 *",
            "5 4 L * *",
        ]
    ),
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Europe/Berlin", "Asia/Shanghai"]),
    after_ms=st.integers(JANUARY, JANUARY + 800 * 86_400_000),
    share=st.floats(0, 1, exclude_max=True),
)
def test_a_rule_is_due_strictly_after_and_from_anywhere_before_it_the_same(
    rule: str, zone: str, after_ms: int, share: float
) -> None:
    """Nothing lies between a moment and its next due time, and a due time is followed by another one."""
    due = next_due(cron(rule, zone), anchor_ms=0, after_ms=after_ms)
    assert due is not None
    assert due > after_ms
    between = after_ms + int((due - after_ms) * share)
    assert next_due(cron(rule, zone), anchor_ms=0, after_ms=between) == due
    assert next_due(cron(rule, zone), anchor_ms=0, after_ms=due - 1) == due
    assert next_due(cron(rule, zone), anchor_ms=0, after_ms=due) != due


@pytest.mark.parametrize("anchor_ms", [-1, -(10**15), MAX_MS - 5_000, MAX_MS + 1, 10**17])
def test_an_anchor_from_anywhere_gives_a_time_on_the_calendar_or_none(anchor_ms: int) -> None:
    due = next_due(every("10s"), anchor_ms=anchor_ms, after_ms=JANUARY)
    assert due is None or JANUARY < due <= MAX_MS
    assert (due is None) == (anchor_ms > MAX_MS)
