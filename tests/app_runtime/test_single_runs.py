"""A run that a person asked for at a time of its own goes through the ordinary admission, once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from app_manager.models import App
from app_manager.scheduling import Single
from app_runtime import worker
from app_runtime.continuing import run_again
from app_runtime.models import Run
from app_runtime.prompt import briefing
from app_runtime.statuses import Status
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.app_runtime.conftest import ticking
from tests.factories import NINE, SECOND, TESTER, make_app, make_run, set_status

pytestmark = pytest.mark.django_db
AT = NINE + timedelta(hours=1)


@pytest.fixture
def quiet(db: None) -> App:
    """An app that nothing but a person starts."""
    return make_app(subscriptions=None)


def ask(app: App, text: str = "", overlap: str = "queue_one") -> Job:
    return app.run_once_at(str(uuid4()), Single(AT, "UTC", text, overlap), actor=TESTER, now=NINE)


def told(run: Run) -> dict[str, Any]:
    return run.trigger_data or {}


def slot() -> Slot:
    return Slot.objects.get()


def test_its_time_queues_a_run_that_names_it_and_it_is_over(quiet: App) -> None:
    job = ask(quiet)
    run_once(AT)
    run = Run.objects.get()
    assert (run.trigger_type, told(run)["jobId"], told(run)["by"]) == ("schedule", job.pk, "system:tests")
    job.refresh_from_db()
    assert (slot().verdict, slot().metadata, job.enabled) == ("ran", {"runId": run.run_id}, False)


def test_its_text_is_the_task_of_the_run(quiet: App) -> None:
    ask(quiet, "Say hello to the shop.")
    run_once(AT)
    message = briefing(Run.objects.get(), memory="", tools=(), now=AT).message
    assert "A person asked for this run at this time, once" in message
    assert "## Instructions\n\nSay hello to the shop." in message


def test_without_a_text_it_does_what_the_app_always_does(quiet: App) -> None:
    ask(quiet)
    run_once(AT)
    message = briefing(Run.objects.get(), memory="", tools=(), now=AT).message
    assert "Carry out your instructions once" in message


def test_it_does_not_come_a_second_time(quiet: App) -> None:
    ask(quiet)
    for later in range(3):
        run_once(AT + later * SECOND)
    assert Run.objects.count() == Slot.objects.count() == 1


def test_after_a_stop_of_the_server_it_runs_late(quiet: App) -> None:
    ask(quiet)
    run_once(AT + timedelta(days=2))
    assert (slot().verdict, Run.objects.count()) == ("late", 1)


def test_while_the_app_is_paused_it_is_skipped_and_says_so(quiet: App) -> None:
    ask(quiet)
    set_status(quiet, "paused")
    run_once(AT)
    assert (slot().verdict, slot().reason, slot().words) == ("skipped", "paused", "it is paused")


def test_it_waits_for_a_run_that_is_going_or_is_skipped_as_was_asked(quiet: App) -> None:
    make_run(quiet, Status.RUNNING)
    waits, skipped = ask(quiet), ask(quiet, overlap="skip")
    run_once(AT)
    assert waits.slots.get().verdict == "ran"
    assert (skipped.slots.get().verdict, skipped.slots.get().reason) == ("skipped", "overlap")


def test_its_end_is_in_its_ledger(quiet: App) -> None:
    ask(quiet)
    run_once(AT)
    assert worker.work_on_next(ticking(AT))
    assert (slot().outcome, slot().finished_at is not None) == ("useful", True)
    assert not Job.objects.get().enabled


def test_run_again_keeps_its_text_and_is_one_by_hand(quiet: App) -> None:
    ask(quiet, "Say hello.")
    run_once(AT)
    first = Run.objects.get()
    Run.objects.update(status=Status.OK)
    again = run_again(Run.objects.get(pk=first.pk), TESTER, AT)
    assert (again.trigger_type, told(again)["continue"]) == ("manual", {"userMessage": "Say hello."})
    assert "once" not in told(again)
