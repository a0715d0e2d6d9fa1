"""Due times that came while a job was on, and that no clock saw before it went off, have a verdict too."""

from datetime import timedelta

import pytest

from scheduler.clock import run_once
from scheduler.models import Job, Slot
from scheduler.statuses import SkipReason, Verdict
from tests.scheduler.conftest import Recorder
from tests.scheduler.factories import MINUTE, NINE, once, put_job, put_scheduled

pytestmark = pytest.mark.django_db


def rows() -> list[tuple[str, str, int]]:
    slots = Slot.objects.order_by("due_at")
    return [(f"{slot.due_at:%H:%M}", slot.verdict, slot.merged_count) for slot in slots]


def test_what_a_job_owes_when_it_is_switched_off_is_missed_with_the_reason(handler: Recorder) -> None:
    put_job(every="1h").disable("Somebody switched it off.", NINE + timedelta(hours=2, minutes=30))
    assert rows() == [("10:00", "missed", 1), ("11:00", "missed", 1)]
    slot = Slot.objects.newest_first()[0]
    assert slot.reason == ""
    assert slot.words == "No clock had come to it before it was switched off: Somebody switched it off."


def test_a_job_that_its_owner_just_wants_off_says_that(handler: Recorder) -> None:
    put_job(every="1h")
    put_job(every="1h", now=NINE + timedelta(hours=1), enabled=False)
    assert Slot.objects.get().words == "No clock had come to it before it was switched off."


def test_what_is_owed_by_the_schedule_before_is_missed_when_it_changes(handler: Recorder) -> None:
    put_job(every="1h")
    put_job(every="7m", now=NINE + timedelta(hours=1))
    assert Slot.objects.get().words == "No clock had come to it before its schedule was changed."
    assert Job.objects.get().next_run_at == NINE + timedelta(hours=1, minutes=7)


def test_what_its_owner_closes_is_not_judged_again_by_the_clock(handler: Recorder) -> None:
    job = put_job(every="1h")
    now = NINE + timedelta(hours=2, minutes=30)
    assert job.close_owed(Verdict.SKIPPED, SkipReason.PAUSED, "it was paused", now)
    assert Job.objects.get().next_run_at == NINE + timedelta(hours=3)
    run_once(NINE + timedelta(hours=3))
    assert rows() == [("10:00", "skipped", 1), ("11:00", "skipped", 1), ("12:00", "ran", 1)]


def test_nothing_is_closed_before_the_next_time(handler: Recorder) -> None:
    job = put_job(every="1h")
    assert not job.close_owed(Verdict.MISSED, "", "No clock had come to it.", NINE + MINUTE)
    assert (rows(), Job.objects.get().next_run_at) == ([], NINE + timedelta(hours=1))


def test_a_single_time_that_is_closed_is_over(handler: Recorder) -> None:
    job = put_scheduled(once(NINE + MINUTE))
    job.close_owed(Verdict.MISSED, "", "No clock had come to it.", NINE + 2 * MINUTE)
    assert (rows(), Job.objects.get().enabled) == ([("09:01", "missed", 1)], False)


def test_closing_leaves_the_end_of_a_wait_after_errors(handler: Recorder) -> None:
    job = put_job()
    run_once(NINE + MINUTE)
    Job.objects.update(consecutive_errors=2)
    job.record_result("error", NINE + MINUTE, NINE + MINUTE)
    until = Job.objects.get().next_run_at
    job.close_owed(Verdict.MISSED, "", "No clock had come to it.", NINE + 3 * MINUTE)
    assert Job.objects.get().next_run_at == until
    assert rows() == [("09:01", "ran", 1), ("09:02", "missed", 1), ("09:03", "missed", 1)]


def test_a_job_that_begins_anew_after_errors_has_a_verdict_for_what_it_owed(handler: Recorder) -> None:
    job = put_job()
    run_once(NINE + MINUTE)
    job.record_result("error", NINE + MINUTE, NINE + MINUTE)
    Job.objects.update(next_run_at=NINE + 5 * MINUTE)
    job.restart(NINE + 2 * MINUTE)
    assert rows() == [("09:01", "ran", 1), ("09:02", "missed", 1)]


def test_nothing_is_owed_by_a_job_that_is_in_time(handler: Recorder) -> None:
    job = put_job()
    run_once(NINE + MINUTE)
    job.disable("", NINE + MINUTE)
    assert rows() == [("09:01", "ran", 1)]


def test_a_very_long_backlog_shares_a_row(handler: Recorder) -> None:
    put_job().disable("", NINE + 1_500 * MINUTE)
    assert rows()[0] == ("09:01", "missed", 499)
    assert len(rows()) == 1_002


def test_times_that_an_error_pushed_aside_are_owed_when_the_fifth_switches_it_off(handler: Recorder) -> None:
    job = put_job()
    run_once(NINE + MINUTE)
    Job.objects.update(consecutive_errors=3)
    job.record_result("error", NINE + MINUTE, NINE + MINUTE)
    job.record_result("error", NINE + 3 * MINUTE, NINE + 3 * MINUTE)
    assert rows() == [("09:01", "ran", 1), ("09:02", "missed", 1), ("09:03", "missed", 1)]
    assert "5 errors in a row" in Slot.objects.newest_first()[0].words


def test_after_the_clock_was_set_back_only_what_is_not_in_the_ledger_is_added(handler: Recorder) -> None:
    job = put_job()
    run_once(NINE + MINUTE)
    job.refresh_from_db()
    job.disable("", NINE + MINUTE)
    job.enable(NINE + 4 * MINUTE)
    run_once(NINE + 5 * MINUTE)
    job.refresh_from_db()
    job.disable("", NINE)
    job.enable(NINE)
    tick = run_once(NINE + 5 * MINUTE)
    assert (tick.dispatched, tick.merged) == (0, 3)
    assert rows() == [
        ("09:01", "ran", 1),
        ("09:02", "merged", 1),
        ("09:03", "merged", 1),
        ("09:04", "merged", 1),
        ("09:05", "ran", 1),
    ]


def test_a_very_long_backlog_counts_what_is_in_the_ledger_only_once(handler: Recorder) -> None:
    job = put_job()
    run_once(NINE + MINUTE)
    job.refresh_from_db()
    job.disable("", NINE + MINUTE)
    job.enable(NINE)
    tick = run_once(NINE + 1_500 * MINUTE)
    assert tick.merged == 1_498
    assert sum(Slot.objects.values_list("merged_count", flat=True)) == 1_500
    assert rows()[:2] == [("09:01", "ran", 1), ("09:02", "merged", 498)]
