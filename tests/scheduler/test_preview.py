from datetime import datetime
from typing import Any

import pytest

from scheduler.preview import Mark, UpcomingRow, upcoming_rows
from scheduler.recurrence import ScheduleError


def rows(
    schedule: dict[str, Any],
    now: str,
    *,
    zone: str = "UTC",
    anchor: str = "2026-01-01T00:00Z",
    count: int = 5,
) -> list[UpcomingRow]:
    return upcoming_rows(schedule, anchor_ms=ms(anchor), now_ms=ms(now), zone=zone, count=count)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def cron(rule: str, timezone: str) -> dict[str, Any]:
    return {"kind": "cron", "cron": rule, "timezone": timezone}


def shown(rows: list[UpcomingRow]) -> list[tuple[str, str, str]]:
    return [(f"{row.local:%m-%d %H:%M}", row.offset, row.mark.value) for row in rows]


def test_a_row_tells_the_time_in_the_zone_of_the_schedule_and_in_utc() -> None:
    (row,) = rows(cron("30 9 * * *", "Asia/Shanghai"), "2026-03-01T00:00Z", zone="Europe/Berlin", count=1)
    assert f"{row.local:%Y-%m-%d %H:%M}" == "2026-03-01 09:30"
    assert f"{row.utc:%Y-%m-%d %H:%M}" == "2026-03-01 01:30"
    assert (row.due_ms, row.offset, row.mark, row.words) == (ms("2026-03-01T01:30Z"), "+08:00", Mark.NONE, "")


def test_a_row_tells_utc_only_where_its_zone_has_another_time() -> None:
    hourly = {"kind": "cron", "cron": "30 9 * * *"}
    told = {
        zone: rows(hourly, "2026-01-05T00:00Z", zone=zone, count=1)[0].utc_words
        for zone in ("UTC", "Europe/London", "Asia/Shanghai")
    }
    assert told == {"UTC": "", "Europe/London": "", "Asia/Shanghai": "Mon 01:30:00 UTC"}


def test_a_rule_without_a_zone_is_in_the_zone_given() -> None:
    (row,) = rows({"kind": "cron", "cron": "0 9 * * *"}, "2026-07-01T00:00Z", zone="Europe/Berlin", count=1)
    assert (f"{row.local:%H:%M}", row.offset, row.due_ms) == ("09:00", "+02:00", ms("2026-07-01T07:00Z"))


@pytest.mark.parametrize(
    ("zone", "rule", "now", "expected"),
    [
        (
            "Europe/Berlin",
            "30 2 * * *",
            "2026-03-28T00:00Z",
            [
                ("03-28 02:30", "+01:00", ""),
                ("03-29 03:00", "+02:00", "after_gap"),
                ("03-30 02:30", "+02:00", ""),
            ],
        ),
        (
            "America/New_York",
            "30 2 * * *",
            "2026-03-07T06:00Z",
            [
                ("03-07 02:30", "-05:00", ""),
                ("03-08 03:00", "-04:00", "after_gap"),
                ("03-09 02:30", "-04:00", ""),
            ],
        ),
        (
            "Australia/Lord_Howe",
            "15 2 * * *",
            "2026-10-02T15:00Z",
            [
                ("10-03 02:15", "+10:30", ""),
                ("10-04 02:30", "+11:00", "after_gap"),
                ("10-05 02:15", "+11:00", ""),
            ],
        ),
    ],
)
def test_a_fixed_time_in_the_gap_is_marked_where_it_runs_once_right_after(
    zone: str, rule: str, now: str, expected: list[tuple[str, str, str]]
) -> None:
    assert shown(rows(cron(rule, zone), now, count=3)) == expected


@pytest.mark.parametrize(
    ("zone", "rule", "now", "expected"),
    [
        (
            "Europe/Berlin",
            "30 2 * * *",
            "2026-10-24T12:00Z",
            [("10-25 02:30", "+02:00", "runs_once"), ("10-26 02:30", "+01:00", "")],
        ),
        (
            "America/New_York",
            "30 1 * * *",
            "2026-10-31T12:00Z",
            [("11-01 01:30", "-04:00", "runs_once"), ("11-02 01:30", "-05:00", "")],
        ),
        (
            "Australia/Lord_Howe",
            "45 1 * * *",
            "2026-04-04T12:00Z",
            [("04-05 01:45", "+11:00", "runs_once"), ("04-06 01:45", "+10:30", "")],
        ),
    ],
)
def test_a_fixed_time_that_happens_twice_is_marked_once(
    zone: str, rule: str, now: str, expected: list[tuple[str, str, str]]
) -> None:
    assert shown(rows(cron(rule, zone), now, count=2)) == expected


def test_a_step_runs_both_times_and_each_is_marked() -> None:
    found = shown(rows(cron("*/30 * * * *", "Europe/Berlin"), "2026-10-24T23:59Z"))
    assert found == [
        ("10-25 02:00", "+02:00", "first_of_two"),
        ("10-25 02:30", "+02:00", "first_of_two"),
        ("10-25 02:00", "+01:00", "second_of_two"),
        ("10-25 02:30", "+01:00", "second_of_two"),
        ("10-25 03:00", "+01:00", ""),
    ]


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T00:45Z", ("03-29 03:00", "+02:00", "over_gap")),
        ("America/New_York", "2026-03-08T06:45Z", ("03-08 03:00", "-04:00", "over_gap")),
        ("Australia/Lord_Howe", "2026-10-03T15:15Z", ("10-04 02:30", "+11:00", "over_gap")),
    ],
)
def test_the_first_time_of_a_step_after_the_gap_says_what_is_left_out(
    zone: str, now: str, expected: tuple[str, str, str]
) -> None:
    first, second = shown(rows(cron("*/15 * * * *", zone), now, count=2))
    assert first == expected
    assert second[2] == ""


def test_a_time_away_from_the_gap_is_not_marked() -> None:
    found = rows(cron("0 9 * * *", "Europe/Berlin"), "2026-03-28T00:00Z", count=3)
    assert [row.mark for row in found] == [Mark.NONE] * 3


def test_an_interval_keeps_its_length_and_says_that_its_time_of_day_moves() -> None:
    found = rows({"kind": "every", "every": "1d"}, "2026-03-28T00:00Z", zone="Europe/Berlin", count=3)
    assert shown(found) == [
        ("03-29 01:00", "+01:00", ""),
        ("03-30 02:00", "+02:00", "shifted"),
        ("03-31 02:00", "+02:00", ""),
    ]


def test_an_interval_in_the_hour_that_happens_twice_tells_which_one_it_is() -> None:
    found = rows({"kind": "every", "every": "1h"}, "2026-10-24T23:30Z", zone="Europe/Berlin", count=2)
    assert [row.mark for row in found] == [Mark.FIRST_OF_TWO, Mark.SECOND_OF_TWO]


def test_the_words_name_the_time_that_does_not_exist_and_the_one_that_stands_in() -> None:
    (row,) = rows(cron("30 2 * * *", "Europe/Berlin"), "2026-03-29T00:00Z", count=1)
    assert row.words == (
        "The clocks go forward: 02:30 does not exist that day, so it runs once right after, at 03:00."
    )


def test_the_words_name_the_time_that_happens_twice() -> None:
    (row,) = rows(cron("30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00Z", count=1)
    assert row.words == "The clocks go back: 02:30 happens twice, and it runs once, the first time."


def test_a_one_time_schedule_has_one_row_and_then_none() -> None:
    once = {"kind": "once", "once": ms("2026-05-01T10:00Z")}
    assert [row.due_ms for row in rows(once, "2026-05-01T09:00Z")] == [ms("2026-05-01T10:00Z")]
    assert rows(once, "2026-05-01T10:00Z") == []


def test_milliseconds_of_an_anchor_are_kept() -> None:
    anchor_ms = ms("2026-01-01T00:00Z") + 250
    (row,) = upcoming_rows(
        {"kind": "every", "every": "10s"}, anchor_ms=anchor_ms, now_ms=anchor_ms, zone="UTC", count=1
    )
    assert row.utc.microsecond == 250_000


def test_a_schedule_that_cannot_be_used_is_refused_with_a_sentence() -> None:
    with pytest.raises(ScheduleError, match="shortest interval"):
        rows({"kind": "every", "every": "0s"}, "2026-01-01T00:00Z")
