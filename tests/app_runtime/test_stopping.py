"""Cancelling runs: queued, running, ended, and those whose worker does not answer."""

from collections.abc import Callable

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.engines.base import Turn
from app_runtime.exceptions import RuntimeRefusal
from app_runtime.models import Entry
from app_runtime.settlement import settle_lost
from app_runtime.statuses import Status
from app_runtime.stopping import WORKER_SECONDS, force_stop, request_cancel
from app_runtime.transcript import Transcript
from halo_site.audit import Actor
from halo_site.models import AuditEntry
from tests.app_runtime.conftest import ticking
from tests.app_runtime.engines import ScriptedEngine, look, report
from tests.factories import MINUTE, NINE, SECOND, TESTER, make_run

pytestmark = pytest.mark.django_db
Scripted = Callable[..., ScriptedEngine]
ANNA = Actor("person", "anna")


def test_a_queued_run_is_cancelled_at_once(app: App) -> None:
    run = trigger(app, TESTER, NINE)
    assert request_cancel(run, ANNA, NINE + SECOND)
    run.refresh_from_db()
    assert (run.status, run.cancelled_by) == ("cancelled", "anna")
    assert run.error_message == "Not started: anna cancelled it."


def test_a_running_run_is_cancelling_until_its_worker_confirms(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    assert request_cancel(run, ANNA, NINE + SECOND)
    run.refresh_from_db()
    assert (run.status, run.is_cancelling, run.cancelled_by) == ("running", True, "anna")


def test_the_second_wish_changes_nothing(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    request_cancel(run, ANNA, NINE + SECOND)
    assert request_cancel(run, Actor("person", "bo"), NINE + 2 * SECOND)
    run.refresh_from_db()
    assert (run.cancelled_by, run.cancel_requested_at) == ("anna", NINE + SECOND)
    assert AuditEntry.objects.filter(verb="run.cancel").count() == 1


def test_an_ended_run_cannot_be_cancelled(app: App) -> None:
    run = make_run(app, Status.OK)
    assert not request_cancel(run, ANNA, NINE)
    assert not force_stop(run, ANNA, NINE)


def test_the_worker_ends_a_cancelled_run_before_its_next_step(app: App, scripted: Scripted) -> None:
    run = trigger(app, TESTER, NINE)

    def cancel_meanwhile() -> Turn:
        request_cancel(run, ANNA, NINE + SECOND)
        return look()

    engine = scripted(cancel_meanwhile, report())
    ended = worker.execute(run.pk, clock=ticking())
    assert ended
    assert (ended.status, ended.outcome, ended.error_message) == ("cancelled", None, "Cancelled by anna.")
    assert len(engine.heard) == 1
    assert not Entry.objects.exists()


def test_a_lost_run_that_was_to_be_cancelled_is_cancelled_and_no_error(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    request_cancel(run, ANNA, NINE + SECOND)
    assert settle_lost(NINE + MINUTE) == 1
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert str(run.error_message).startswith("Cancelled by anna. Its worker was last heard of at ")


def test_the_record_is_not_ended_before_the_worker_had_its_time(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    with pytest.raises(RuntimeRefusal, match="given 10 s to stop by itself"):
        force_stop(run, ANNA, NINE + MINUTE)
    request_cancel(run, ANNA, NINE)
    with pytest.raises(RuntimeRefusal):
        force_stop(run, ANNA, NINE + (WORKER_SECONDS - 1) * SECOND)


def test_the_record_is_ended_when_the_worker_does_not_confirm(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    request_cancel(run, ANNA, NINE)
    assert force_stop(run, ANNA, NINE + WORKER_SECONDS * SECOND)
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert "because its worker did not confirm" in str(run.error_message)


def test_the_transcript_of_a_cancelled_run_says_so(app: App, scripted: Scripted) -> None:
    run = trigger(app, TESTER, NINE)

    def cancel_meanwhile() -> Turn:
        request_cancel(run, ANNA, NINE + SECOND)
        return look()

    scripted(cancel_meanwhile)
    ended = worker.execute(run.pk, clock=ticking())
    assert ended
    last = Transcript(app, run.pk).lines()[-1]
    assert (last["type"], last["status"], last["error"]) == ("end", "cancelled", "Cancelled by anna.")
