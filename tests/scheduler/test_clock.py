from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from halo_site.models import AuditEntry
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from scheduler.registry import Dispatch
from scheduler.statuses import Verdict
from tests.scheduler.conftest import Recorder
from tests.scheduler.factories import MINUTE, NINE, once, put_job, put_scheduled

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def verdicts() -> list[str]:
    return list(Slot.objects.order_by("due_at", "job_id").values_list("verdict", flat=True))


def test_nothing_is_due_before_its_time(handler: Recorder) -> None:
    put_job()
    tick = run_once(NINE + 59 * SECOND)
    assert (tick.dispatched, tick.next_due) == (0, NINE + MINUTE)
    assert handler.calls == []


def test_a_due_job_is_handed_to_its_handler(handler: Recorder) -> None:
    put_job()
    tick = run_once(NINE + MINUTE + SECOND)
    assert handler.calls == [("job-1", NINE + MINUTE, SECOND)]
    assert (tick.dispatched, tick.next_due) == (1, NINE + 2 * MINUTE)
    assert verdicts() == [Verdict.RAN]


def test_the_ledger_keeps_what_the_handler_says(handler: Recorder) -> None:
    handler.answer = lambda job: Dispatch.started({"runId": "r-1"})
    put_job()
    run_once(NINE + MINUTE)
    slot = Slot.objects.get()
    assert (slot.due_at, slot.metadata, slot.merged_count) == (NINE + MINUTE, {"runId": "r-1"}, 1)
    assert (slot.started_at, slot.finished_at, slot.outcome) == (None, None, None)


def test_more_than_a_minute_is_late(handler: Recorder) -> None:
    put_job(every="1h")
    run_once(NINE + 61 * MINUTE + SECOND)
    assert verdicts() == [Verdict.LATE]


def test_a_minute_sharp_is_not_late(handler: Recorder) -> None:
    put_job(every="1h")
    run_once(NINE + 61 * MINUTE)
    assert verdicts() == [Verdict.RAN]


def test_a_second_look_at_the_same_time_does_nothing(handler: Recorder) -> None:
    put_job()
    run_once(NINE + MINUTE)
    assert run_once(NINE + MINUTE).dispatched == 0
    assert len(handler.calls) == 1


def test_a_job_every_ten_seconds_runs_at_each_of_its_times(handler: Recorder) -> None:
    put_job(every="10s")
    for number in range(1, 13):
        run_once(NINE + number * 10 * SECOND)
    assert [due for _, due, _ in handler.calls] == [NINE + number * 10 * SECOND for number in range(1, 13)]
    assert verdicts() == [Verdict.RAN] * 12


def test_a_skipped_time_says_why(handler: Recorder) -> None:
    handler.answer = lambda job: Dispatch.skipped("overlap", "The run of 09:00 is not finished.")
    put_job()
    tick = run_once(NINE + MINUTE)
    slot = Slot.objects.get()
    assert (tick.skipped, slot.verdict, slot.reason) == (1, Verdict.SKIPPED, "overlap")
    assert slot.words == "The run of 09:00 is not finished."


def test_a_reason_that_nobody_knows_is_an_error(handler: Recorder) -> None:
    handler.answer = lambda job: Dispatch.skipped("mood", "Not today.")
    put_job()
    assert run_once(NINE + MINUTE).errors == 1


def test_a_handler_that_raises_disturbs_no_other(handler: Recorder) -> None:
    def answer(job: Job) -> Dispatch:
        if job.pk == "bad":
            Job.objects.filter(pk="good").update(name="spoiled")
            raise RuntimeError("no such app")
        return Dispatch.started()

    handler.answer = answer
    put_job("bad")
    put_job("good")
    tick = run_once(NINE + MINUTE)
    assert (tick.dispatched, tick.errors) == (1, 1)
    slot = Slot.objects.get(job="bad")
    assert (slot.verdict, slot.error) == (Verdict.ERROR, "RuntimeError: no such app")
    assert Job.objects.get(pk="good").name == "Job good"


def test_a_handler_that_raised_is_called_at_the_next_time(handler: Recorder) -> None:
    def answer(job: Job) -> Dispatch:
        raise RuntimeError("no such app")

    handler.answer = answer
    put_job()
    run_once(NINE + MINUTE)
    handler.answer = lambda job: Dispatch.started()
    run_once(NINE + 2 * MINUTE)
    assert verdicts() == [Verdict.ERROR, Verdict.RAN]


def test_a_kind_without_a_handler_is_an_error_in_the_ledger(handler: Recorder) -> None:
    put_job()
    Job.objects.update(kind="ghost")
    assert run_once(NINE + MINUTE).errors == 1
    assert "no handler" in Slot.objects.get().words


def test_three_days_of_minutes_become_one_run(handler: Recorder) -> None:
    put_job()
    now = NINE + timedelta(days=3)
    tick = run_once(now)
    assert handler.calls == [("job-1", now, timedelta(0))]
    assert (tick.dispatched, tick.merged) == (1, 4319)
    assert Slot.objects.filter(verdict=Verdict.MERGED, merged_count=1).count() == 1000
    rest = Slot.objects.exclude(merged_count=1).get()
    assert (rest.due_at, rest.merged_count) == (NINE + MINUTE, 3319)
    assert Job.objects.get().next_run_at == now + MINUTE


def test_the_policy_skip_runs_nothing_late(handler: Recorder) -> None:
    put_job(every="1h", missed="skip")
    tick = run_once(NINE + timedelta(hours=3, minutes=30))
    assert handler.calls == []
    assert (tick.dispatched, tick.missed) == (0, 3)
    assert verdicts() == [Verdict.MISSED] * 3


def test_the_policy_skip_still_runs_what_is_in_time(handler: Recorder) -> None:
    put_job(every="30s", missed="skip")
    run_once(NINE + 121 * SECOND)
    assert verdicts() == [Verdict.MISSED, Verdict.MISSED, Verdict.MERGED, Verdict.RAN]


def test_times_missed_by_a_paused_app_are_skipped_not_merged(handler: Recorder) -> None:
    handler.answer = lambda job: Dispatch.skipped("paused", "The app is paused.")
    put_job(every="1h")
    run_once(NINE + timedelta(hours=3))
    assert verdicts() == [Verdict.SKIPPED] * 3


@pytest.mark.parametrize("reason", ["overlap", "limit", "budget"])
def test_older_times_do_not_share_a_reason_that_held_for_the_newest_only(
    handler: Recorder, reason: str
) -> None:
    handler.answer = lambda job: Dispatch.skipped(reason, "The run of 09:00 is not finished.")
    put_job(every="1h")
    run_once(NINE + timedelta(hours=2))
    older, newest = Slot.objects.order_by("due_at")
    assert (older.verdict, older.reason) == (Verdict.MISSED, "")
    assert older.words.endswith("no run stood for them.")
    assert (newest.verdict, newest.reason) == (Verdict.SKIPPED, reason)


def put_backed_off() -> None:
    """A job that skips what it missed, every minute, run at 09:01; an error holds it until 09:06."""
    job = put_job(missed="skip")
    run_once(NINE + MINUTE)
    Job.objects.update(consecutive_errors=2)
    job.record_result("error", NINE + MINUTE, NINE + MINUTE, slot_due=NINE + MINUTE)
    assert Job.objects.get().next_run_at == NINE + 6 * MINUTE


def test_the_policy_skip_is_not_for_times_that_errors_pushed_aside(handler: Recorder) -> None:
    put_backed_off()
    run_once(NINE + 6 * MINUTE + SECOND)
    assert verdicts() == [Verdict.RAN, *[Verdict.MERGED] * 4, Verdict.RAN]


def test_the_policy_skip_is_for_times_after_the_wait_for_errors(handler: Recorder) -> None:
    put_backed_off()
    run_once(NINE + 8 * MINUTE + SECOND)
    assert verdicts() == [Verdict.RAN, *[Verdict.MERGED] * 4, Verdict.MISSED, Verdict.MISSED, Verdict.RAN]


def test_pushed_aside_times_without_a_run_after_them_are_not_merged(handler: Recorder) -> None:
    put_backed_off()
    Job.objects.update(schedule={"kind": "every", "every": "5m"})
    run_once(NINE + 8 * MINUTE)
    assert verdicts()[1:] == [Verdict.MISSED, Verdict.MISSED]
    older, newest = Slot.objects.order_by("due_at")[1:]
    assert (older.words.endswith("no run stood for them."), newest.words) == (True, "")


def test_times_that_errors_pushed_aside_are_in_the_ledger(handler: Recorder) -> None:
    job = put_job()
    run_once(NINE + MINUTE)
    Job.objects.update(consecutive_errors=2)
    job.record_result("error", NINE + MINUTE, NINE + MINUTE, slot_due=NINE + MINUTE)
    run_once(NINE + 6 * MINUTE)
    assert verdicts() == [Verdict.RAN, *[Verdict.MERGED] * 4, Verdict.RAN]


def test_a_clock_that_is_set_back_runs_nothing_twice(handler: Recorder) -> None:
    put_job()
    run_once(NINE + 10 * MINUTE)
    assert run_once(NINE).dispatched == 0
    Job.objects.get().disable("", NINE)
    Job.objects.get().enable(NINE + 9 * MINUTE + SECOND)
    assert run_once(NINE + 10 * MINUTE).dispatched == 0
    assert run_once(NINE + 11 * MINUTE).dispatched == 1
    assert len(handler.calls) == 2


def test_a_one_time_job_runs_once_and_is_off(handler: Recorder) -> None:
    put_scheduled(once(NINE + MINUTE))
    tick = run_once(NINE + MINUTE)
    job = Job.objects.get()
    assert (tick.dispatched, tick.next_due) == (1, None)
    assert (job.enabled, job.next_run_at, job.status) == (False, None, "disabled")


def test_a_disabled_job_owes_nothing(handler: Recorder) -> None:
    put_job().disable("", NINE)
    run_once(NINE + timedelta(days=1))
    assert verdicts() == []


def test_a_schedule_that_cannot_be_read_is_switched_off_and_disturbs_no_other(handler: Recorder) -> None:
    put_job("bad")
    put_job("good")
    Job.objects.filter(pk="bad").update(schedule={"kind": "every", "every": "soon"})
    tick = run_once(NINE + MINUTE)
    assert (tick.dispatched, tick.errors) == (1, 1)
    bad = Job.objects.get(pk="bad")
    assert (bad.enabled, bad.next_run_at) == (False, None)
    assert "cannot be read" in bad.disabled_reason
    line = AuditEntry.objects.get(object_id="bad", verb="switch_off")
    assert line.after == {"enabled": False, "reason": bad.disabled_reason}


def test_more_jobs_than_a_batch_are_all_dispatched_once(handler: Recorder) -> None:
    put_job("job-0")
    first = Job.objects.get()
    jobs = [Job(**{**plain(first), "id": f"job-{number}"}) for number in range(1, 601)]
    Job.objects.bulk_create(jobs)
    tick = run_once(NINE + MINUTE)
    assert tick.dispatched == 601
    assert len({pk for pk, _, _ in handler.calls}) == len(handler.calls) == 601


def test_a_look_at_nothing_due_is_one_query(
    handler: Recorder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    put_job()
    with django_assert_num_queries(1):
        run_once(NINE)


def plain(job: Job) -> dict[str, object]:
    return {field.name: getattr(job, field.name) for field in Job._meta.concrete_fields}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"schedule": {"kind": "every", "every": "0s"}}, "under 10 s"),
        ({"schedule": {"kind": "cron", "cron": "0 0 31 2 *"}}, "no such date exists"),
        ({"schedule": {"kind": "cron", "cron": "0 9 * * *", "timezone": "Mars/Olympus"}}, "is not known"),
        ({"schedule": [1]}, "A schedule is an object"),
    ],
)
def test_what_a_stranger_wrote_into_one_job_is_said_and_disturbs_no_other(
    handler: Recorder, changed: dict[str, object], sentence: str
) -> None:
    put_job("bad")
    put_job("good")
    Job.objects.filter(pk="bad").update(**changed)
    tick = run_once(NINE + MINUTE)
    assert (tick.dispatched, tick.errors) == (1, 1)
    assert sentence in Job.objects.get(pk="bad").disabled_reason
    assert sentence in Slot.objects.get(job="bad").words


def test_an_anchor_outside_the_calendar_is_said_and_disturbs_no_other(handler: Recorder) -> None:
    put_job("bad")
    put_job("good")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduler_jobs SET anchor_ms = %s WHERE id = 'bad'", [10**17])
    assert run_once(NINE + MINUTE).dispatched == 1
    assert "outside the years 1 to 9999" in Job.objects.get(pk="bad").disabled_reason


@pytest.mark.parametrize("column", ["schedule_json", "metadata_json"])
def test_a_number_that_python_does_not_read_is_said_and_disturbs_no_other(
    handler: Recorder, column: str
) -> None:
    put_job("bad")
    put_job("good")
    endless = f'{{"kind": "every", "every": "10s", "n": {"9" * 5_000}}}'
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE scheduler_jobs SET {column} = %s WHERE id = 'bad'", [endless])
    tick = run_once(NINE + MINUTE)
    assert (tick.dispatched, tick.errors) == (1, 1)
    assert Slot.objects.get(job_id="bad").error == "What is stored of its schedule cannot be read."
    assert not Job.objects.filter(pk="bad", enabled=True).exists()
    assert run_once(NINE + 2 * MINUTE).errors == 0


def test_a_negative_anchor_counts_from_1970(handler: Recorder) -> None:
    put_job(every="7m")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduler_jobs SET anchor_ms = -5")
    run_once(NINE + 7 * MINUTE)
    grid = 7 * 60
    assert Job.objects.get().next_run_at.timestamp() % grid == 0


@pytest.mark.parametrize("metadata", [["x"], "x", 7])
def test_metadata_that_are_no_object_hold_nobody_up(handler: Recorder, metadata: object) -> None:
    put_job("bad")
    put_job("good")
    Job.objects.filter(pk="bad").update(metadata=metadata)
    assert run_once(NINE + MINUTE).dispatched == 2
    Job.objects.get(pk="bad").disable("Enough.", NINE + MINUTE)
    assert Job.objects.get(pk="bad").disabled_reason == "Enough."
