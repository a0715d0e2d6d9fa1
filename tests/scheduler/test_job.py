import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from halo_site.models import AuditEntry
from halo_site.store.fields import from_ms, to_ms
from scheduler.backoff import settle
from scheduler.models import Job, Slot
from scheduler.recurrence import ScheduleError
from scheduler.statuses import JobStatus, Verdict
from tests.scheduler.factories import MINUTE, NINE, once, put_job, put_scheduled
from tests.shared import shared_path

pytestmark = pytest.mark.django_db


def job_result_vectors() -> list[dict[str, Any]]:
    return json.loads(shared_path("reference/vectors.json").read_text())["job_result"]


def schedule_of(case: dict[str, Any]) -> dict[str, Any]:
    if case["schedule_kind"] == "once":
        return {"kind": "once", "once": case["anchor_ms"] + 500}
    return {"kind": "every", "every": f"{case['every_ms'] // 1000}s"}


def test_results_settle_as_every_vector_says() -> None:
    for case in job_result_vectors():
        settled = settle(
            schedule_of(case),
            anchor_ms=case["anchor_ms"],
            finished_ms=case["finished_at_ms"],
            errors_before=case["consecutive_errors_before"],
            failed=case["outcome"] == "error",
        )
        assert settled.consecutive_errors == case["consecutive_errors_after"], case
        assert (settled.next_ms or 0) == case["next_run_at_ms"], case
        assert settled.enabled == case["enabled"], case


def test_a_job_takes_in_results_as_every_vector_says() -> None:
    for number, case in enumerate(job_result_vectors()):
        anchor, finished = from_ms(case["anchor_ms"]), from_ms(case["finished_at_ms"])
        job = put_scheduled(schedule_of(case), now=anchor, id=f"job-{number}")
        # The clock has been there: the next time lies after the one that ran.
        Job.objects.filter(pk=job.pk).update(
            consecutive_errors=case["consecutive_errors_before"], next_run_at=job.next_due_after(finished)
        )
        job.record_result(case["outcome"], anchor, finished)
        job.refresh_from_db()
        assert job.consecutive_errors == case["consecutive_errors_after"], case
        assert job.enabled == case["enabled"], case
        assert job.status == case["status"], case
        assert (to_ms(job.next_run_at) if job.next_run_at else 0) == case["next_run_at_ms"], case


def test_a_new_job_starts_its_grid_now() -> None:
    job = put_job(every="30m")
    job.refresh_from_db()
    assert (job.anchor_at, job.next_run_at, job.status) == (NINE, NINE + 30 * MINUTE, JobStatus.IDLE)


def test_an_unchanged_schedule_keeps_anchor_and_next_time() -> None:
    before = put_job(every="30m")
    after = put_job(every="30m", now=NINE + 7 * MINUTE, appId="other")
    assert (after.anchor_at, after.next_run_at) == (before.anchor_at, before.next_run_at)
    assert after.metadata == {"appId": "other"}


def test_a_changed_schedule_starts_anew() -> None:
    job = put_job(every="30m")
    Job.objects.filter(pk=job.pk).update(consecutive_errors=3)
    changed = put_job(every="10m", now=NINE + 7 * MINUTE)
    assert (changed.anchor_at, changed.next_run_at) == (NINE + 7 * MINUTE, NINE + 17 * MINUTE)
    assert changed.consecutive_errors == 0


def test_an_illegal_schedule_leaves_the_job_as_it_was() -> None:
    put_job(every="30m")
    with pytest.raises(ScheduleError, match="under 10 s"):
        put_job(every="9s")
    assert Job.objects.get().schedule == {"kind": "every", "every": "30m"}


def test_a_new_one_time_job_in_the_past_is_refused() -> None:
    with pytest.raises(ScheduleError, match="no time left"):
        put_scheduled(once(NINE - MINUTE))
    assert not Job.objects.exists()


def test_a_one_time_job_that_ran_can_be_written_again_unchanged() -> None:
    job = put_scheduled(once(NINE + MINUTE))
    job.record_result("useful", NINE + MINUTE, NINE + 2 * MINUTE)
    again = put_scheduled(once(NINE + MINUTE), now=NINE + 3 * MINUTE)
    assert (again.enabled, again.next_run_at) == (False, None)


def test_a_job_put_as_off_has_no_next_time() -> None:
    job = put_job(enabled=False)
    assert (job.enabled, job.status, job.next_run_at) == (False, JobStatus.DISABLED, None)
    assert Job.objects.next_due_at() is None


def test_disabling_says_why_and_is_done_once() -> None:
    job = put_job()
    assert job.disable("The app was uninstalled.", NINE) is True
    assert job.disable("Something else.", NINE) is False
    job.refresh_from_db()
    assert (job.enabled, job.next_run_at, job.disabled_reason) == (False, None, "The app was uninstalled.")


def test_enabling_starts_with_the_next_grid_point_and_no_errors() -> None:
    job = put_job(every="30m", appId="a")
    Job.objects.filter(pk=job.pk).update(consecutive_errors=4)
    job.disable("…", NINE)
    assert job.enable(NINE + 100 * MINUTE) is True
    job.refresh_from_db()
    assert (job.next_run_at, job.consecutive_errors) == (NINE + 120 * MINUTE, 0)
    assert job.metadata == {"appId": "a"}


def test_enabling_twice_moves_nothing() -> None:
    job = put_job(every="30m")
    assert job.enable(NINE + 100 * MINUTE) is False
    assert job.next_run_at == NINE + 30 * MINUTE


def test_the_fifth_error_switches_it_off_with_the_last_sentence() -> None:
    job = put_job()
    for number in range(5):
        moment = NINE + number * timedelta(hours=2)
        job.record_result("error", moment, moment, "The gateway timed out.")
    job.refresh_from_db()
    assert (job.enabled, job.next_run_at) == (False, None)
    assert job.disabled_reason == "5 errors in a row. The last one: The gateway timed out."
    line = AuditEntry.objects.get(object_id=job.pk)
    assert (line.actor, line.verb, line.ts) == ("system:scheduler", "switch_off", moment)
    assert line.after == {"enabled": False, "reason": job.disabled_reason}


def test_an_error_of_a_job_that_is_off_already_does_not_switch_it_off_again() -> None:
    job = put_job()
    job.disable("switched off by ada", NINE)
    for _time in range(5):
        job.record_result("error", NINE, NINE + MINUTE, "The gateway timed out.")
    assert not AuditEntry.objects.exists()


def test_a_result_never_moves_the_next_time_backwards() -> None:
    job = put_job(every="10s")
    later = NINE + timedelta(days=1)
    Job.objects.filter(pk=job.pk).update(next_run_at=later)
    job.record_result("error", NINE, NINE + MINUTE)
    job.refresh_from_db()
    assert job.next_run_at == later


def test_a_good_result_leaves_times_owed_that_the_clock_has_not_seen() -> None:
    job = put_job(every="1m")
    job.record_result("useful", NINE, NINE + 30 * MINUTE)
    job.refresh_from_db()
    assert job.next_run_at == NINE + MINUTE


def test_a_result_does_not_switch_on_what_was_switched_off_meanwhile() -> None:
    job = put_job()
    Job.objects.get().disable("The app was uninstalled.", NINE)
    job.record_result("useful", NINE, NINE + MINUTE)
    job.refresh_from_db()
    assert (job.enabled, job.next_run_at, job.status) == (False, None, JobStatus.DISABLED)


def test_a_result_completes_its_slot() -> None:
    job = put_job()
    Slot.objects.create(job=job, due_at=NINE, verdict=Verdict.RAN)
    job.record_result("error", NINE, NINE + MINUTE, "It broke.", slot_due=NINE)
    slot = Slot.objects.get()
    assert (slot.started_at, slot.finished_at, slot.duration_ms) == (NINE, NINE + MINUTE, 60_000)
    assert (slot.outcome, slot.error, slot.verdict) == ("error", "It broke.", Verdict.RAN)


def test_a_second_result_of_a_slot_counts_for_nothing() -> None:
    job = put_job()
    Slot.objects.create(job=job, due_at=NINE, verdict=Verdict.RAN)
    assert job.record_result("error", NINE, NINE, slot_due=NINE) is True
    assert job.record_result("error", NINE, NINE, slot_due=NINE) is False
    job.refresh_from_db()
    assert job.consecutive_errors == 1


def test_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a valid Outcome"):
        put_job().record_result("fine", NINE, NINE)


def test_due_jobs_come_longest_overdue_first() -> None:
    put_job("b", "1m")
    put_job("a", "2m")
    put_job("c", "3m")
    assert [job.pk for job in Job.objects.due(NINE + 2 * MINUTE)] == ["b", "a"]


def test_pruning_keeps_the_newest_slots_of_each_job() -> None:
    crowded, sparse = put_job("crowded"), put_job("sparse")
    fill(crowded, 7)
    fill(sparse, 3)
    assert Slot.objects.prune(keep=5) == 2
    assert Slot.objects.filter(job=sparse).count() == 3
    assert dues(crowded) == [NINE + number * MINUTE for number in range(2, 7)]


def fill(job: Job, count: int) -> None:
    Slot.objects.bulk_create(
        Slot(job=job, due_at=NINE + number * MINUTE, verdict=Verdict.RAN) for number in range(count)
    )


def dues(job: Job) -> list[datetime]:
    return list(Slot.objects.filter(job=job).order_by("due_at").values_list("due_at", flat=True))
