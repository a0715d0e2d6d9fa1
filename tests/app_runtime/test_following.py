"""What becomes of runs when their app is paused, uninstalled or deleted."""

from datetime import timedelta

import pytest

from app_manager.models import App
from app_runtime import following
from app_runtime.dispatch import on_due
from app_runtime.models import Entry, Run
from app_runtime.settlement import End, settle
from app_runtime.statuses import Outcome, Status
from halo_site import audit
from scheduler.claims import read_claims
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.factories import MINUTE, NINE, SECOND, TESTER, make_app, make_entry, make_run, set_status

pytestmark = pytest.mark.django_db
ALICE = audit.Actor("person", "alice")
LATER = NINE + MINUTE


def test_a_pause_cancels_what_is_queued_and_says_who_did_it():
    app = make_app()
    run = make_run(app, Status.QUEUED)
    app.pause(actor=ALICE, now=LATER)
    run.refresh_from_db()
    assert (run.status, run.error_message) == ("cancelled", "Not started: alice paused the app.")


def test_a_pause_lets_a_running_run_finish():
    app = make_app()
    run = make_run(app, Status.RUNNING)
    app.pause(actor=ALICE, now=LATER)
    assert settle(run, End(Status.OK, Outcome.USEFUL), LATER)


def test_the_due_time_of_a_run_taken_back_is_skipped_in_the_ledger():
    app = make_app()
    run_once(NINE + 10 * SECOND)
    app.pause(actor=ALICE, now=LATER)
    slot = Slot.objects.get(due_at=NINE + 10 * SECOND)
    assert (slot.verdict, slot.reason, slot.words) == (
        "skipped",
        "paused",
        "Not started: alice paused the app.",
    )
    assert Job.objects.get().last_run_at is None


def test_due_times_of_a_paused_app_are_skipped():
    app = make_app()
    app.pause(actor=ALICE, now=NINE + SECOND)
    run_once(NINE + 10 * SECOND)
    assert Slot.objects.get().reason == "paused"
    assert not Run.objects.exists()


def test_an_uninstall_ends_what_is_running_and_says_who_did_it():
    app = make_app()
    run = make_run(app, Status.RUNNING)
    app.uninstall(actor=ALICE, now=LATER)
    stored = Run.objects.get()
    assert (stored.status, stored.outcome, stored.error_message) == (
        "cancelled",
        None,
        "Cancelled: alice uninstalled the app.",
    )
    assert not settle(run, End(Status.OK, Outcome.USEFUL), LATER)
    assert Run.objects.get().status == "cancelled"


def test_a_run_that_was_cancelled_does_not_hold_its_job_back():
    app = make_app()
    run_once(NINE + 10 * SECOND)
    Run.objects.update(status=Status.RUNNING, worker="w", lease_until=LATER, started_at=NINE + 10 * SECOND)
    app.uninstall(actor=ALICE, now=LATER)
    assert Job.objects.get().consecutive_errors == 0
    assert Slot.objects.get(due_at=NINE + 10 * SECOND).outcome == "skipped"


def test_a_deletion_takes_runs_and_entries_in_small_steps(monkeypatch):
    monkeypatch.setattr(following, "DELETED_AT_ONCE", 3)
    app, other = make_app(), make_app("Another")
    parent = make_run(app)
    for number in range(10):
        make_entry(app, run=make_run(app, at=NINE + number * SECOND, parent_run=parent))
    kept = make_run(other, parent_run=parent)
    app.uninstall(actor=ALICE, now=LATER)
    app.delete_permanently(actor=ALICE, now=LATER)
    assert not Entry.objects.exists()
    kept.refresh_from_db()
    assert (Run.objects.get(), kept.parent_run_id) == (kept, None)


def test_a_deletion_that_is_broken_off_can_be_done_again(monkeypatch):
    app = make_app()
    for number in range(5):
        make_run(app, at=NINE + number * SECOND)
    app.uninstall(actor=ALICE, now=LATER)
    monkeypatch.setattr(following, "DELETED_AT_ONCE", 2)
    real, calls = following._delete_runs, []

    def breaks_off(app: App) -> int:
        calls.append(app)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(app)

    monkeypatch.setattr(following, "_delete_runs", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        app.delete_permanently(actor=ALICE, now=LATER)
    assert (App.objects.get().status, Run.objects.count()) == ("uninstalled", 3)
    monkeypatch.setattr(following, "_delete_runs", real)
    app.delete_permanently(actor=ALICE, now=LATER)
    assert not App.objects.exists()


def test_an_app_that_is_reinstalled_meanwhile_is_not_deleted(monkeypatch):
    app = make_app()
    make_run(app)
    app.uninstall(actor=ALICE, now=LATER)
    real = following._delete_entries

    def reinstalls(app: App) -> int:
        App.objects.get().reinstall(actor=TESTER, now=LATER)
        return real(app)

    monkeypatch.setattr(following, "_delete_entries", reinstalls)
    with pytest.raises(Exception, match="Uninstall it first"):
        app.delete_permanently(actor=ALICE, now=LATER)
    assert App.objects.get().status == "active"


def test_errors_from_before_a_resume_do_not_stop_the_app_again():
    app = make_app()
    for number in range(5):
        make_run(app, Status.ERROR, at=NINE + number * SECOND)
    set_status(app, "error", error_message="Stopped.")
    app.resume(actor=ALICE, now=LATER)
    run = make_run(app, Status.RUNNING, at=LATER + SECOND)
    settle(run, End(Status.ERROR, Outcome.ERROR, "no"), LATER + MINUTE)
    assert App.objects.get().status == "active"


def test_five_errors_after_a_resume_do_stop_it():
    app = make_app()
    app.pause(actor=ALICE, now=NINE)
    app.resume(actor=ALICE, now=NINE)
    for number in range(5):
        run = make_run(app, Status.RUNNING, at=LATER + number * MINUTE)
        settle(run, End(Status.ERROR, Outcome.ERROR, "no"), LATER + number * MINUTE + timedelta(seconds=5))
    assert App.objects.get().status == "error"


def test_a_job_of_an_app_that_was_deleted_skips_its_due_times():
    app = make_app()
    Job.objects.update(next_run_at=NINE)
    (claim,) = read_claims(NINE, None, 1)
    app.uninstall(actor=ALICE, now=LATER)
    app.delete_permanently(actor=ALICE, now=LATER)
    skipped = on_due(claim.job, NINE, timedelta(0), NINE)
    assert skipped.metadata["words"] == "its app is not installed any more"
