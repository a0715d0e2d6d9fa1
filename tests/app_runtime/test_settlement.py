from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django_tasks_db.models import DBTaskResult

from app_manager.models import App
from app_runtime import queue, settlement, worker
from app_runtime.escalations.questions import Answer
from app_runtime.models import Entry, Run
from app_runtime.settlement import End, failed, settle, settle_lost
from app_runtime.statuses import Outcome, Status, Trigger
from app_runtime.stopping import request_cancel
from halo_site.models import AuditEntry
from scheduler.clock import run_once as tick
from scheduler.models import Job, Slot
from tests.app_runtime.escalations.asking import ANNA, drop, say
from tests.factories import MINUTE, NINE, SECOND, make_app, make_entry, make_question, make_run, set_status

pytestmark = pytest.mark.django_db
GOOD = End(Status.OK, Outcome.USEFUL)
BAD = failed("gateway timed out")
DUE = NINE + 10 * SECOND
LATER = NINE + 5 * MINUTE


def running(app: App, number: int = 0) -> Run:
    return make_run(app, Status.RUNNING, at=NINE + number * MINUTE)


def fail(app: App, times: int) -> None:
    for number in range(times):
        settle(running(app, number), BAD, NINE + number * MINUTE + SECOND)


def test_the_end_of_a_run_is_on_its_row(app: App) -> None:
    run = running(app)
    assert settle(run, GOOD, NINE + 4 * SECOND)
    assert (run.status, run.outcome, run.error_message) == ("ok", "useful", None)
    assert (run.finished_at, run.duration_ms, run.lease_until) == (NINE + 4 * SECOND, 4000, None)


def test_the_app_knows_its_last_run(app: App) -> None:
    settle(running(app), GOOD, NINE + SECOND)
    app.refresh_from_db()
    assert (app.last_run_at, app.last_run_outcome) == (NINE, "useful")


def test_an_error_is_one_line_in_the_thread(app: App) -> None:
    run = running(app)
    settle(run, BAD, NINE + SECOND)
    entry = Entry.objects.get()
    assert (entry.type, entry.run_id) == ("run_error", run.run_id)
    assert entry.content == {
        "summary": "gateway timed out",
        "status": "error",
        "durationMs": 1000,
        "error": "gateway timed out",
    }


def test_a_run_is_settled_once(app: App) -> None:
    run = running(app)
    twin = Run.objects.select_related("app").get()
    assert settle(run, GOOD, NINE + SECOND)
    assert not settle(twin, BAD, NINE + SECOND)
    assert Run.objects.get().status == "ok"
    assert not Entry.objects.exists()


def test_a_run_of_another_worker_is_not_settled(app: App) -> None:
    run = running(app)
    Run.objects.update(worker="somebody else")
    assert not settle(run, GOOD, NINE)
    assert Run.objects.get().status == "running"


def scheduled_run(app: App) -> Run:
    tick(DUE)
    run = Run.objects.get(status="queued")
    assert run.claim("w", "scripted", DUE, 30 * SECOND)
    return run


def test_a_good_end_is_told_to_the_slot_and_resets_the_jobs_errors(app: App) -> None:
    Job.objects.update(consecutive_errors=3)
    settle(scheduled_run(app), GOOD, DUE + SECOND)
    slot, job = Slot.objects.get(), Job.objects.get()
    assert (slot.outcome, slot.started_at, slot.duration_ms) == ("useful", DUE, 1000)
    assert (job.consecutive_errors, job.last_run_at) == (0, DUE)


def test_an_error_backs_the_job_off(app: App) -> None:
    settle(scheduled_run(app), BAD, DUE + SECOND)
    job = Job.objects.get()
    assert (job.consecutive_errors, job.next_run_at) == (1, DUE + 31 * SECOND)
    assert Slot.objects.get().error == "gateway timed out"


def test_the_end_of_a_run_whose_job_is_gone_is_recorded(app: App) -> None:
    run = scheduled_run(app)
    Job.objects.all().delete()
    assert settle(run, GOOD, DUE + SECOND)


def test_a_schedule_that_nobody_can_read_does_not_keep_a_run_from_ending(app: App) -> None:
    run = scheduled_run(app)
    Job.objects.update(schedule={"kind": "cron", "cron": "nonsense"})
    assert settle(run, GOOD, DUE + SECOND)
    assert Run.objects.get().status == "ok"


def test_five_errors_in_a_row_stop_the_app_with_the_reason(app: App) -> None:
    fail(app, 5)
    app.refresh_from_db()
    assert app.status == "error"
    assert app.error_message == "Stopped after 5 failed runs in a row. The last one: gateway timed out"
    line = AuditEntry.objects.get(verb="error")
    assert (line.actor, line.object_id, line.before) == ("system:runtime", app.pk, {"status": "active"})


def test_four_errors_in_a_row_do_not(app: App) -> None:
    fail(app, 4)
    app.refresh_from_db()
    assert app.status == "active"


@pytest.mark.parametrize("status", [Status.OK, Status.WAITING_USER, Status.SKIPPED])
def test_any_other_end_between_them_starts_the_count_anew(app: App, status: str) -> None:
    for number in range(2):
        make_run(app, Status.ERROR, at=NINE - (9 - number) * MINUTE)
    make_run(app, status, at=NINE - MINUTE)
    fail(app, 4)
    app.refresh_from_db()
    assert app.status == "active"


def test_runs_that_a_person_cancelled_do_not_count_and_do_not_reset(app: App) -> None:
    for number in range(2):
        make_run(app, Status.ERROR, at=NINE - (9 - number) * MINUTE)
    make_run(app, Status.CANCELLED, at=NINE - MINUTE)
    fail(app, 2)
    app.refresh_from_db()
    assert app.status == "active"
    settle(running(app, 2), BAD, NINE + 3 * MINUTE)
    app.refresh_from_db()
    assert app.status == "error"


@pytest.mark.parametrize("status", ["paused", "needs_login", "uninstalled", "error"])
def test_errors_change_only_apps_that_run_by_themselves(app: App, status: str) -> None:
    set_status(app, status)
    fail(app, 5)
    app.refresh_from_db()
    assert app.status == status


def test_a_waiting_app_is_stopped_too_and_keeps_its_question(app: App) -> None:
    question = make_question(app)
    set_status(app, "waiting_user", pending_escalation_id=question.pk)
    fail(app, 5)
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("error", question.pk)


def test_the_run_that_waited_is_woken(app: App) -> None:
    waiting = make_run(app, Status.QUEUED)
    settle(running(app), GOOD, NINE + SECOND)
    assert DBTaskResult.objects.get().args_kwargs["args"] == [waiting.run_id]


def test_a_run_that_has_a_task_is_not_woken_twice(app: App) -> None:
    queue.wake(make_run(app, Status.QUEUED), NINE)
    settle(running(app), GOOD, NINE + SECOND)
    assert DBTaskResult.objects.count() == 1


def test_nothing_is_recorded_when_a_part_of_the_end_cannot_be(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(settlement.queue, "wake_next", refuse)
    with pytest.raises(DatabaseError):
        settle(running(app), BAD, NINE + SECOND)
    assert Run.objects.get().status == "running"
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_end_that_cannot_be_recorded_at_once_is_tried_again(
    app: App, scripted: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.app_runtime.engines import report

    failures = iter([DatabaseError("database is locked"), None])

    def locked_once(*arguments: object) -> bool:
        error = next(failures)
        if error:
            raise error
        return settle(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "settle", locked_once)
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0)
    scripted(report())
    run = worker.execute(make_run(app, Status.QUEUED).pk)
    assert run
    assert run.status == "ok"


# Recovery: what becomes of a run whose worker is lost


def lost(app: App, **fields: object) -> Run:
    return make_run(app, Status.RUNNING, lease_until=NINE + MINUTE, **fields)


def test_a_run_within_its_lease_is_left_alone(app: App) -> None:
    lost(app)
    assert settle_lost(NINE + MINUTE) == 0
    assert Run.objects.get().status == "running"


def test_a_lost_run_without_a_step_is_queued_again_with_a_task(app: App) -> None:
    run = lost(app, step_count=0)
    assert settle_lost(LATER) == 1
    stored = Run.objects.get()
    assert (stored.status, stored.worker) == ("queued", "")
    assert stored.task_id == str(DBTaskResult.objects.ready().get().pk)
    assert run.run_id == stored.run_id
    assert not Entry.objects.exists()


def test_a_lost_run_with_a_step_is_an_error_that_says_what_is_unknown(app: App) -> None:
    lost(app, step_count=3)
    settle_lost(LATER)
    run = Run.objects.get()
    assert (run.status, run.outcome) == ("error", "error")
    assert run.error_message == (
        "interrupted: its worker was last heard of at 2026-11-23T09:00:00+00:00; "
        "what happened after step 3 began is unknown"
    )
    assert Entry.objects.get().type == "run_error"


def test_a_lost_run_that_had_asked_waits_for_its_answer(app: App) -> None:
    run = lost(app, step_count=3)
    question = make_question(app, run=run)
    settle_lost(LATER)
    assert Run.objects.get().status == "waiting_user"
    assert list(Entry.objects.all()) == [question]


def test_a_lost_run_whose_question_was_answered_has_done_its_work(app: App) -> None:
    run = lost(app, step_count=3)
    follow_up = say(make_question(app, run=run), Answer("Yes"))
    settle_lost(LATER)
    run.refresh_from_db()
    assert follow_up
    assert (run.status, run.outcome, run.error_message) == ("ok", "useful", None)
    assert Run.objects.get(pk=follow_up.pk).status == "queued"
    assert not Entry.objects.filter(type="run_error").exists()


def test_a_lost_run_whose_question_was_dismissed_is_cancelled(app: App) -> None:
    run = lost(app, step_count=3)
    drop(make_question(app, run=run))
    settle_lost(LATER)
    run.refresh_from_db()
    assert (run.status, run.error_message) == ("cancelled", "Its question was dismissed by anna.")
    assert not Entry.objects.filter(type="run_error").exists()


def test_a_lost_run_that_had_asked_and_was_to_be_cancelled_is_and_asks_nobody(app: App) -> None:
    run = lost(app, step_count=3)
    question = make_question(app, run=run)
    set_status(app, "waiting_user", pending_escalation_id=question.pk)
    request_cancel(run, ANNA, NINE)
    settle_lost(LATER)
    run.refresh_from_db()
    app.refresh_from_db()
    assert (run.status, app.status, app.pending_escalation_id) == ("cancelled", "active", None)
    assert not Entry.objects.open().exists()


def test_a_lost_run_that_had_reported_is_an_error_and_keeps_its_report(app: App) -> None:
    run = lost(app, step_count=3)
    make_entry(app, run=run)
    settle_lost(LATER)
    assert Run.objects.get().status == "error"
    assert sorted(Entry.objects.values_list("type", flat=True)) == ["run_complete", "run_error"]


def test_a_lost_run_is_settled_once_by_two_sweeps(app: App) -> None:
    lost(app, step_count=3)
    assert settle_lost(LATER) == 1
    assert settle_lost(LATER) == 0
    assert Entry.objects.count() == 1


def test_a_worker_that_renews_its_lease_in_the_last_moment_keeps_its_run(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lost(app, step_count=3)
    requeue = Run.requeue

    def renewed_meanwhile(self: Run, *arguments: object) -> bool:
        run.renew_lease(LATER, 30 * SECOND)
        return requeue(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Run, "requeue", renewed_meanwhile)
    assert settle_lost(LATER) == 0
    assert Run.objects.get().status == "running"


def test_a_lost_run_that_cannot_be_queued_again_is_an_error(app: App) -> None:
    lost(app, step_count=0, trigger_type=Trigger.SCHEDULE)
    make_run(app, Status.QUEUED, trigger_type=Trigger.SCHEDULE)
    settle_lost(LATER)
    assert Run.objects.filter(status="error").get().error_message == (
        "interrupted: its worker was last heard of at 2026-11-23T09:00:00+00:00; no step had started"
    )


def test_one_lost_run_that_cannot_be_settled_does_not_hold_up_the_others(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(app)
    other = lost(make_app("Toaster Watch"))
    record = settlement.record_end

    def refusing(run: Run, *arguments: object) -> bool:
        if run.app_id == app.pk:
            raise KeyError("dueAtMs")
        return record(run, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(settlement, "record_end", refusing)
    assert settle_lost(LATER) == 1
    assert Run.objects.get(pk=other.pk).status == "error"


def test_a_task_that_a_killed_worker_left_does_not_hide_its_run(app: App) -> None:
    run = make_run(app, Status.QUEUED)
    queue.wake(run, NINE)
    DBTaskResult.objects.get().claim("a worker that is dead")
    assert queue.wake_forgotten(LATER, timedelta(seconds=10)) == 1
    assert DBTaskResult.objects.ready().count() == 1


def test_a_queued_run_with_a_live_task_is_left_alone(app: App) -> None:
    queue.wake(make_run(app, Status.QUEUED), NINE)
    assert queue.wake_forgotten(LATER, timedelta(seconds=10)) == 0


def test_a_queued_run_without_a_task_is_woken_when_it_is_old_enough(app: App) -> None:
    make_run(app, Status.QUEUED, at=LATER)
    assert queue.wake_forgotten(LATER + 5 * SECOND, timedelta(seconds=10)) == 0
    assert queue.wake_forgotten(LATER + 11 * SECOND, timedelta(seconds=10)) == 1


def test_a_queued_run_is_not_woken_while_its_app_runs(app: App) -> None:
    running(app)
    make_run(app, Status.QUEUED)
    assert queue.wake_forgotten(LATER, timedelta(seconds=10)) == 0


def test_the_answer_to_a_question_is_woken_before_the_others(app: App) -> None:
    queue.wake(make_run(app, Status.QUEUED), NINE)
    answer = make_run(app, Status.QUEUED, trigger_type=Trigger.ESCALATION_FOLLOWUP)
    queue.wake(answer, NINE)
    assert DBTaskResult.objects.ready()[0].args_kwargs["args"] == [answer.run_id]


def test_a_run_that_takes_worker_after_worker_with_it_is_queued_again_three_times_at_most(app: App) -> None:
    run = make_run(app, Status.RUNNING, step_count=0, requeues=2)
    assert settle_lost(LATER) == 1
    run.refresh_from_db()
    assert (run.status, run.requeues) == ("queued", 3)
    Run.objects.update(status=Status.RUNNING, worker="w", lease_until=NINE)
    assert settle_lost(LATER) == 1
    run.refresh_from_db()
    assert run.status == "error"
    assert "no step had started, and it was lost 3 times before" in str(run.error_message)
