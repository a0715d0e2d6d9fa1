"""“Why did it not run at …?”: each answer, from what is known, with the time passed in."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.models import Slot
from scheduler.moments import Teller
from scheduler.statuses import SkipReason, Verdict
from scheduler.why import Answer, Kind, Known, Off, explain
from tests.scheduler.factories import MINUTE, NINE

HOUR = 60 * MINUTE
DAY = 24 * HOUR
SECOND = timedelta(seconds=1)
HOURLY = {"kind": "every", "every": "1h"}
UTC_TELLER = Teller(ZoneInfo("UTC"))


def slot(due: datetime = NINE, verdict: str = Verdict.RAN, **fields: Any) -> Slot:
    return Slot(job_id="job-1", due_at=due, verdict=verdict, **fields)


def ask(asked: datetime = NINE, *, length: timedelta = MINUTE, **facts: Any) -> Answer:
    """Of an hourly job made the day before, asked at half past eleven, with a clock that ticks."""
    now = facts.pop("now", NINE + 150 * MINUTE)
    values: dict[str, Any] = {
        "schedule": HOURLY,
        "anchor": NINE - DAY,
        "created": NINE - DAY,
        "next_run": NINE + 3 * HOUR,
        "oldest": NINE - DAY,
        "ticked": now,
    }
    return explain(
        Known(asked=asked, until=asked + length, now=now, teller=UTC_TELLER, **{**values, **facts})
    )


def sentence(**facts: Any) -> str:
    return ask(**facts).sentence


def test_it_ran_and_the_run_is_named() -> None:
    row = slot(started_at=NINE + SECOND, outcome="useful")
    answer = ask(rows=[row])
    assert answer == Answer(Kind.RAN, "It did run: it started 1.0 s after its time.", row)


@pytest.mark.parametrize(
    ("outcome", "end"), [("error", ", and failed."), ("noop", ", and had nothing to do.")]
)
def test_it_ran_and_how_that_ended(outcome: str, end: str) -> None:
    assert sentence(rows=[slot(started_at=NINE + SECOND, outcome=outcome)]).endswith(end)


def test_it_ran_and_its_end_is_not_known() -> None:
    assert sentence(rows=[slot()]) == (
        "It did run: its run was queued on time. The ledger does not have its end yet."
    )


def test_it_ran_late() -> None:
    answer = ask(rows=[slot(verdict=Verdict.LATE, started_at=NINE + 5 * MINUTE)])
    assert (answer.kind, answer.sentence) == (Kind.LATE, "It ran late: 5 min after its time.")
    assert "more than a minute" in sentence(rows=[slot(verdict=Verdict.LATE)])


def test_it_was_merged_and_the_run_that_stands_for_it_is_named() -> None:
    into = slot(NINE + 2 * HOUR)
    answer = ask(rows=[slot(verdict=Verdict.MERGED)], into=into)
    assert answer == Answer(
        Kind.MERGED,
        "It had no run of its own: several were missed, and one run of 1 Jan 2026, 11:00 stands for all "
        "of them.",
        into,
    )


def test_it_was_merged_into_one_that_failed_to_start() -> None:
    into = slot(NINE + 2 * HOUR, Verdict.ERROR)
    assert sentence(rows=[slot(verdict=Verdict.MERGED)], into=into).endswith("which failed to start.")


def test_it_was_merged_into_one_that_nobody_knows() -> None:
    assert "which the ledger does not show" in sentence(rows=[slot(verdict=Verdict.MERGED)])


@pytest.mark.parametrize("reason", SkipReason)
def test_it_was_skipped_and_why(reason: SkipReason) -> None:
    answer = ask(rows=[slot(verdict=Verdict.SKIPPED, reason=reason)])
    assert (answer.kind, answer.sentence) == (Kind.SKIPPED, f"It was skipped because {reason.label}.")


def test_the_words_of_a_skip_are_told_too() -> None:
    row = slot(
        verdict=Verdict.SKIPPED, reason=SkipReason.OVERLAP, metadata={"words": "run 1a2b was still running"}
    )
    assert sentence(rows=[row]) == (
        "It was skipped because the run before was not finished: run 1a2b was still running."
    )


def test_a_skip_without_a_reason_admits_it() -> None:
    assert sentence(rows=[slot(verdict=Verdict.SKIPPED)]) == "It was skipped because nobody knows what."


def test_it_was_missed() -> None:
    answer = ask(rows=[slot(verdict=Verdict.MISSED)])
    assert (answer.kind, answer.sentence) == (
        Kind.MISSED,
        "It was missed: no clock was running at that time, and this job skips what it missed.",
    )


def test_it_was_missed_and_why() -> None:
    words = "No clock had come to it before its schedule was changed."
    row = slot(verdict=Verdict.MISSED, metadata={"words": words})
    assert sentence(rows=[row]) == "It was missed: no clock had come to it before its schedule was changed."


def test_it_failed_to_start() -> None:
    answer = ask(rows=[slot(verdict=Verdict.ERROR, error="ValueError: no")])
    assert (answer.kind, answer.sentence) == (Kind.FAILED, "It failed to start: ValueError: no")


def test_a_verdict_of_a_later_version_is_shown_as_it_is() -> None:
    assert ask(rows=[slot(verdict="held")]).kind == Kind.UNKNOWN


def test_several_in_one_minute_are_counted() -> None:
    rows = [slot(NINE + number * 10 * SECOND) for number in range(6)]
    assert sentence(rows=rows).endswith("There were 6 due times in that minute; this is the first.")


def test_one_row_that_sums_up_a_long_stop_answers_for_each_of_its_times() -> None:
    row = slot(NINE - 20 * HOUR, Verdict.MERGED, merged_count=5000)
    answer = ask(before=row, into=slot(NINE + HOUR))
    assert answer.kind == Kind.MERGED
    assert answer.sentence.startswith("It is one of 5,000 due times from 31 Dec 2025, 13:00 on")


def test_it_was_off_then() -> None:
    off = Off(NINE - HOUR, NINE + HOUR, "switched off by admin")
    answer = ask(offs=[off])
    assert (answer.kind, answer.sentence) == (
        Kind.OFF,
        "It was off from 1 Jan 2026, 08:00 to 1 Jan 2026, 10:00: switched off by admin.",
    )


def test_it_has_been_off_since() -> None:
    off = Off(NINE - HOUR, None, "5 errors in a row.")
    assert sentence(offs=[off], enabled=False, next_run=None) == (
        "It has been off since 1 Jan 2026, 08:00: 5 errors in a row."
    )


def test_a_time_after_it_was_switched_on_again_is_not_explained_by_that() -> None:
    assert ask(offs=[Off(NINE - HOUR, NINE)]).kind == Kind.UNKNOWN


def test_the_job_did_not_exist() -> None:
    answer = ask(NINE - 2 * DAY)
    assert (answer.kind, answer.sentence) == (
        Kind.BEFORE,
        "The job did not exist then: it was made on 31 Dec 2025, 09:00.",
    )


def test_it_is_older_than_what_the_ledger_keeps() -> None:
    answer = ask(NINE - 3 * HOUR, is_full=True, oldest=NINE)
    assert answer.kind == Kind.FORGOTTEN
    assert answer.sentence.endswith("its oldest row here is that of 1 Jan 2026, 09:00.")


def test_a_ledger_that_has_let_nothing_go_is_not_blamed() -> None:
    assert ask(NINE - 3 * HOUR, oldest=NINE).kind == Kind.UNKNOWN


def test_it_is_still_to_come() -> None:
    answer = ask(NINE + 4 * HOUR)
    assert (answer.kind, answer.sentence) == (
        Kind.TO_COME,
        "It is still to come: it is due 1 Jan 2026, 13:00, in 1 h 30 min.",
    )


def test_it_is_to_come_and_what_holds_it_up_is_said() -> None:
    words = sentence(asked=NINE + 4 * HOUR, held_words="The app is paused.", is_down=True, ticked=NINE)
    assert words.endswith(
        "The app is paused. No clock has been running since 1 Jan 2026, 09:00 (2 h 30 min ago)."
    )


def test_nothing_is_to_come_of_a_job_that_is_off() -> None:
    answer = ask(NINE + 4 * HOUR, enabled=False, next_run=None, off_words="switched off by admin")
    assert (answer.kind, answer.sentence) == (
        Kind.OFF,
        "The job is off (switched off by admin), so nothing is planned for then.",
    )


def test_no_due_time_to_come_there() -> None:
    answer = ask(NINE + 4 * HOUR + 5 * MINUTE)
    assert (answer.kind, answer.sentence, answer.has_nearest) == (
        Kind.NOT_DUE,
        "There is no due time then.",
        True,
    )


def test_no_due_time_was_there() -> None:
    answer = ask(NINE + 5 * MINUTE)
    assert (answer.kind, answer.sentence) == (Kind.NOT_DUE, "There was no due time then.")


def test_no_due_time_by_the_rule_that_it_had_before() -> None:
    answer = ask(anchor=NINE + HOUR)
    assert (answer.kind, answer.sentence) == (
        Kind.NOT_DUE,
        "There was no due time then, by the rule that it had before 1 Jan 2026, 10:00.",
    )


def test_the_clock_has_been_down_since() -> None:
    answer = ask(next_run=NINE, is_down=True, ticked=NINE - HOUR)
    assert answer.kind == Kind.CLOCK_DOWN
    assert "No clock has been running since 1 Jan 2026, 08:00 (3 h 30 min ago)." in answer.sentence


def test_a_clock_that_never_ran_is_told_as_that() -> None:
    assert "nobody knows since when" in sentence(next_run=NINE, is_down=True, ticked=None)


def test_it_waits_for_a_clock_that_runs() -> None:
    answer = ask(next_run=NINE, now=NINE + 90 * SECOND)
    assert (answer.kind, answer.sentence) == (
        Kind.WAITING,
        "It is due and waits for the clock, which has not taken it up yet: it is 1 min 30 s late.",
    )


@pytest.mark.parametrize("asked", [NINE + 2 * HOUR, NINE + 3 * HOUR])
def test_errors_hold_it_back(asked: datetime) -> None:
    answer = ask(asked, errors=3, next_run=NINE + 4 * HOUR + 10 * MINUTE)
    assert (answer.kind, answer.sentence) == (
        Kind.WAITING,
        "It waits after 3 errors in a row, until 1 Jan 2026, 13:10; "
        "then this due time is merged into that run.",
    )


def test_a_time_before_its_next_one_is_not_promised() -> None:
    answer = ask(NINE + 3 * HOUR, next_run=NINE + 5 * HOUR)
    assert (answer.kind, answer.sentence) == (
        Kind.NOT_DUE,
        "It is not planned then: its next time is later, 1 Jan 2026, 14:00.",
    )


def test_nobody_knows() -> None:
    answer = ask()
    assert (answer.kind, answer.sentence, answer.has_nearest) == (
        Kind.UNKNOWN,
        "Nobody knows: by its rule it was due then, and the ledger has no row of it.",
        True,
    )


def test_nobody_knows_of_a_job_that_is_off_now() -> None:
    assert sentence(enabled=False, next_run=None).endswith("It is off now, and may have been then.")


def test_a_rule_that_cannot_be_read_was_never_due() -> None:
    assert ask(schedule={"kind": "cron", "cron": "nonsense"}).kind == Kind.NOT_DUE


def test_a_time_that_the_clocks_jump_over() -> None:
    answer = ask(missing="29 Mar 2026, 02:30")
    assert (answer.kind, answer.sentence) == (
        Kind.NO_SUCH_TIME,
        "29 Mar 2026, 02:30 does not exist in that zone: the clocks go forward over it.",
    )
