"""What clock, workers and people do to each other: real transactions in threads."""

import threading
from datetime import timedelta

import pytest

from app_manager.models import App
from app_runtime import queue
from app_runtime.escalations.expiry import expire
from app_runtime.models import Entry, Run
from app_runtime.settlement import End, failed, settle, settle_lost
from app_runtime.statuses import Outcome, Status, Trigger
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.factories import MINUTE, NINE, SECOND, make_app, make_question, make_run, set_status
from tests.scheduler.test_two_clocks import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
DUE = NINE + 10 * SECOND


def test_the_clock_and_workers_that_settle_do_not_stop_each_other() -> None:
    for number in range(12):
        make_app(f"Kettle {number}")
    run_once(DUE)
    runs = list(Run.objects.select_related("app"))
    for run in runs:
        assert run.claim("w", "scripted", DUE, 30 * SECOND)
    turns = iter(["tick", "settle"])

    def work(turn: str) -> None:
        for number, run in enumerate(runs):
            if turn == "tick":
                run_once(DUE + (number + 1) * 10 * SECOND)
            else:
                settle(run, End(Status.OK, Outcome.USEFUL), DUE + SECOND)

    in_threads(lambda: work(next(turns)))
    assert Run.objects.filter(status="ok").count() >= 12
    assert Slot.objects.filter(outcome="useful").count() == 12
    assert not Slot.objects.filter(verdict="error").exists()
    assert Job.objects.filter(consecutive_errors=0).count() == 12


def test_a_worker_and_a_sweep_settle_a_run_once() -> None:
    app = make_app()
    run = make_run(app, Status.RUNNING, lease_until=NINE, step_count=2)
    turns = iter(["worker", "sweep", "sweep"])

    def end(turn: str) -> None:
        if turn == "worker":
            settle(run, failed("gateway timed out"), NINE + MINUTE)
        else:
            settle_lost(NINE + MINUTE)

    in_threads(lambda: end(next(turns)), 3)
    assert Run.objects.get().status == "error"
    assert Entry.objects.count() == 1


def test_two_sweeps_give_a_run_back_once() -> None:
    make_run(make_app(), Status.RUNNING, lease_until=NINE, step_count=0)
    in_threads(lambda: settle_lost(NINE + MINUTE), 4)
    assert Run.objects.get().status == "queued"
    assert queue.DBTaskResult.objects.count() == 1


def test_a_question_expires_once_in_two_processes() -> None:
    app = make_app()
    question = make_question(app, run=make_run(app, Status.WAITING_USER), deadline=NINE)
    set_status(app, "waiting_user", pending_escalation_id=question.pk)
    in_threads(lambda: expire(NINE + MINUTE), 4)
    assert Entry.objects.filter(type="run_error").count() == 1
    assert App.objects.get().status == "active"


def test_a_run_that_waited_starts_whichever_comes_first() -> None:
    """Whether its own worker gives up before or after the running one ends, a task is left for it."""
    app = make_app()
    running = make_run(app, Status.RUNNING)
    waiting = make_run(app, Status.QUEUED, trigger_type=Trigger.SCHEDULE)
    queue.wake(waiting, NINE)
    task = queue.DBTaskResult.objects.get()
    task.claim("w2")  # its worker has taken the task and is about to claim the run
    settled = threading.Event()

    def end_or_claim(turn: str) -> bool:
        if turn == "end":
            settle(running, End(Status.OK, Outcome.USEFUL), NINE + SECOND)
            settled.set()
            return True
        return waiting.claim("w2", "scripted", NINE + SECOND, timedelta(seconds=30))

    turns = iter(["end", "claim"])
    in_threads(lambda: end_or_claim(next(turns)))
    stored = Run.objects.get(pk=waiting.pk)
    assert settled.is_set()
    assert stored.status == "running" or queue.has_live_task(stored)
