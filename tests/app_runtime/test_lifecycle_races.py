"""What verbs, clock and workers do to each other at the same moment: real transactions in threads."""

from collections.abc import Callable
from datetime import timedelta
from threading import Lock

import pytest

from app_manager.exceptions import AppError
from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.exceptions import LeaseLost, NotRunnable
from app_runtime.models import Entry, Run
from app_runtime.settlement import End, settle
from app_runtime.statuses import Outcome, Status
from app_runtime.tools.report import ReportArguments, Reports
from halo_site.masking import Masker
from halo_site.models import AuditEntry
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.app_manager.factories import install_app
from tests.factories import MINUTE, NINE, SECOND, TESTER, add_space, make_app, make_run
from tests.scheduler.test_two_clocks import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
DUE = NINE + 10 * SECOND
LATER = NINE + MINUTE
APPS = 12  # enough that the threads meet


def side_by_side(*works: Callable[[], object]) -> None:
    """Do each in a thread of its own, at the same time."""
    turns, lock = iter(works), Lock()

    def work() -> object:
        with lock:
            mine = next(turns)
        return mine()

    in_threads(work, len(works))


def due_runs() -> list[Run]:
    """A running run of each of the apps, started by the clock."""
    for number in range(APPS):
        make_app(f"Kettle {number}")
    run_once(DUE)
    runs = list(Run.objects.select_related("app").order_by("app_id"))
    assert all(run.claim("w", "scripted", DUE, 30 * SECOND) for run in runs)
    return runs


def each(verb: str) -> None:
    for app in App.objects.order_by("pk"):
        getattr(app, verb)(actor=TESTER, now=LATER)


def succeeded(work: Callable[[], object], count: int) -> int:
    """How many of ``count`` threads that do it at once are not refused."""
    done: list[bool] = []

    def tried() -> None:
        try:
            work()
        except AppError:
            return
        done.append(True)

    in_threads(tried, count)
    return len(done)


def test_an_uninstall_and_the_end_of_a_run_do_not_stop_each_other() -> None:
    runs = due_runs()
    end = End(Status.OK, Outcome.USEFUL)
    side_by_side(lambda: each("uninstall"), lambda: [settle(run, end, LATER) for run in runs])
    assert not App.objects.installed().exists()
    assert set(Run.objects.values_list("status", flat=True)) <= {"ok", "cancelled"}
    assert not Slot.objects.filter(finished_at=None, due_at=DUE).exists()
    assert not Job.objects.filter(enabled=True).exists()


def test_an_uninstall_and_a_question_do_not_stop_each_other() -> None:
    runs = due_runs()
    asks = ReportArguments(type="escalation", message="Tea or coffee?")

    def ask() -> None:
        for run in runs:
            try:
                Reports(run, lambda: LATER, Masker(())).report(asks)
            except LeaseLost:
                continue

    side_by_side(lambda: each("uninstall"), ask)
    assert set(App.objects.values_list("status", flat=True)) == {"uninstalled"}
    assert set(Run.objects.values_list("status", flat=True)) == {"cancelled"}
    assert not App.objects.exclude(pending_escalation_id=None).exists()
    assert not Entry.objects.open().exists()


def test_a_pause_and_a_question_that_makes_the_app_wait_do_not_refuse_each_other() -> None:
    runs = due_runs()
    asks = ReportArguments(type="escalation", message="Tea or coffee?")
    side_by_side(
        lambda: each("pause"), lambda: [Reports(run, lambda: LATER, Masker(())).report(asks) for run in runs]
    )
    assert set(App.objects.values_list("status", flat=True)) == {"paused"}
    assert Entry.objects.open().count() == APPS


def test_a_pause_and_a_worker_that_takes_the_run_agree() -> None:
    runs = [make_run(make_app(f"Kettle {number}"), Status.QUEUED) for number in range(APPS)]
    side_by_side(
        lambda: each("pause"), lambda: [run.claim("w", "scripted", LATER, 30 * SECOND) for run in runs]
    )
    assert set(Run.objects.values_list("status", flat=True)) <= {"running", "cancelled"}
    assert not Run.objects.running().filter(finished_at__isnull=False).exists()


def test_what_the_clock_queues_at_the_moment_of_an_uninstall_never_starts() -> None:
    for number in range(APPS):
        make_app(f"Kettle {number}")
    side_by_side(lambda: run_once(DUE), lambda: each("uninstall"))
    for run in Run.objects.queued():
        assert worker.execute(run.pk, lambda: LATER) is None
    assert set(Run.objects.values_list("status", flat=True)) <= {"cancelled"}
    assert not Slot.objects.filter(finished_at=None, verdict__in=["ran", "late"]).exists()
    assert not Job.objects.filter(enabled=True).exists()


def test_a_resume_and_a_tick_do_not_stop_each_other() -> None:
    for number in range(APPS):
        app = make_app(f"Kettle {number}")
        App.objects.filter(pk=app.pk).update(status="waiting_user")
    Job.objects.update(consecutive_errors=1)
    side_by_side(lambda: run_once(DUE), lambda: each("resume"))
    assert set(App.objects.values_list("status", flat=True)) == {"active"}
    assert not Slot.objects.filter(verdict="error").exists()
    assert Job.objects.with_next().filter(consecutive_errors=0).count() == APPS


def test_a_click_at_the_moment_of_an_uninstall_starts_nothing() -> None:
    apps = [make_app(f"Kettle {number}") for number in range(APPS)]

    def click() -> None:
        for app in apps:
            try:
                trigger(app, TESTER, LATER)
            except NotRunnable:
                continue

    side_by_side(click, lambda: each("uninstall"))
    assert set(Run.objects.values_list("status", flat=True)) <= {"cancelled"}


@pytest.mark.parametrize("verb", ["pause", "uninstall"])
def test_of_four_who_do_it_at_once_one_does_it(verb: str) -> None:
    make_app()
    assert succeeded(lambda: getattr(App.objects.get(), verb)(actor=TESTER, now=LATER), 4) == 1
    assert AuditEntry.objects.filter(verb=verb).count() == 1


def test_of_four_deletions_at_once_one_deletes() -> None:
    app = make_app()
    for number in range(5):
        make_run(app, at=NINE + number * SECOND)
    app.uninstall(actor=TESTER, now=LATER)
    copies = iter([App.objects.get() for _ in range(4)])
    assert succeeded(lambda: next(copies).delete_permanently(actor=TESTER, now=LATER), 4) == 1
    assert AuditEntry.objects.filter(verb="delete").count() == 1
    assert not Run.objects.exists()


def test_two_namesakes_do_not_move_into_one_space() -> None:
    work, spare = add_space("Work"), add_space("Spare")
    install_app().move_to_space(spare, actor=TESTER, now=LATER)
    install_app()
    copies = iter(App.objects.all())
    assert succeeded(lambda: next(copies).move_to_space(work, actor=TESTER, now=LATER), 2) == 1
    assert App.objects.in_space(work.id).count() == 1


def test_an_install_and_a_deletion_of_the_uninstalled_app_leave_one_that_is_whole() -> None:
    install_app().uninstall(actor=TESTER, now=LATER)
    old = App.objects.get()

    def delete() -> None:
        try:
            old.delete_permanently(actor=TESTER, now=LATER)
        except AppError:
            return

    side_by_side(delete, lambda: install_app(now=LATER + timedelta(seconds=1)))
    stored = App.objects.get()
    assert (stored.status, stored.folder.is_dir()) == ("active", True)
    assert Job.objects.get().enabled
