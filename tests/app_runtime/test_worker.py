"""The worker's loop, with a clock and a way of waiting that the test holds."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from app_manager.models import App
from app_runtime import queue, sweeping, worker
from app_runtime.engines.base import Turn
from app_runtime.lease import Lease
from app_runtime.models import Entry, Run
from app_runtime.statuses import Status
from app_runtime.sweeping import tidy
from halo_site.datadir.config import site_config
from halo_site.models import Heartbeat
from tests.app_runtime.engines import ScriptedEngine, look, report
from tests.factories import MINUTE, NINE, SECOND, make_app, make_run

pytestmark = pytest.mark.django_db
closing = pytest.mark.django_db(transaction=True)
Scripted = Callable[..., ScriptedEngine]


class Waits(threading.Event):
    """An event whose waits take no time; it is set after so many of them."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.seconds: list[float | None] = []
        self.most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout)
        if len(self.seconds) >= self.most:
            self.set()
        return self.is_set()


def queued(app: App) -> Run:
    run = make_run(app, Status.QUEUED)
    queue.wake(run, NINE)
    return run


@closing
def test_the_loop_works_on_what_is_queued_and_ends_when_it_is_told_to(scripted: Scripted) -> None:
    app = make_app()
    scripted(report())
    queued(app)
    draining = Waits(2)
    worker.Worker(draining).run()
    assert Run.objects.get().status == "ok"
    assert draining.seconds == [site_config().runs.poll_seconds] * 2
    assert not Heartbeat.objects.exists()


@closing
def test_it_does_not_wait_between_two_tasks(scripted: Scripted) -> None:
    for name in ("Kettle", "Toaster"):
        queued(make_app(name))
    scripted(report(), report())
    draining = Waits(1)
    worker.Worker(draining).run()
    assert Run.objects.filter(status="ok").count() == 2
    assert len(draining.seconds) == 1


def test_one_task_takes_one(scripted: Scripted) -> None:
    scripted(report(), report())
    for name in ("Kettle", "Toaster"):
        queued(make_app(name))
    assert worker.work_on_next() is True
    assert DBTaskResult.objects.ready().count() == 1
    assert Run.objects.filter(status="ok").count() == 1


def test_tasks_are_taken_in_the_order_of_the_queue(scripted: Scripted) -> None:
    scripted(report(), report())
    first, answer = queued(make_app("Kettle")), make_run(make_app("Toaster"), Status.QUEUED)
    Run.objects.filter(pk=answer.pk).update(trigger_type="escalation_followup")
    answer.refresh_from_db()
    queue.wake(answer, NINE)
    worker.work_on_next()
    assert {run.pk: run.status for run in Run.objects.all()} == {first.pk: "queued", answer.pk: "ok"}


def test_who_was_not_the_first_at_a_task_takes_another(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(report())
    for name in ("Kettle", "Toaster"):
        queued(make_app(name))
    real, lost = queue.drop, []

    def drop(waiting: queue.Waiting) -> bool:
        """The first one is taken away a moment before."""
        if not lost:
            lost.append(waiting.run_id)
            real(waiting)
            return False
        return real(waiting)

    monkeypatch.setattr(queue, "drop", drop)
    assert worker.work_on_next() is True
    assert [run.pk for run in Run.objects.filter(status="queued")] == lost
    assert not DBTaskResult.objects.exists()


def test_a_task_without_a_queued_run_is_taken_away(app: App) -> None:
    run = make_run(app, Status.OK)
    queue.wake(run, NINE)
    assert worker.work_on_next() is True
    assert not DBTaskResult.objects.exists()
    assert worker.work_on_next() is False


def test_the_task_stays_where_its_run_could_not_be_claimed(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_all: object) -> bool:
        raise OperationalError("database is locked")

    queued(app)
    monkeypatch.setattr(Run, "claim", refuse)
    with pytest.raises(OperationalError):
        worker.work_on_next()
    assert DBTaskResult.objects.ready().count() == 1
    assert Run.objects.get().status == "queued"


@closing
def test_no_run_is_taken_once_it_drains(scripted: Scripted) -> None:
    engine = scripted(report())
    queued(make_app())
    draining = threading.Event()
    draining.set()
    worker.Worker(draining).run()
    assert engine.heard == []


def test_a_pass_without_work_beats_and_returns(app: App) -> None:
    assert worker.Worker(threading.Event(), lambda: NINE).turn(site_config().runs) is False
    assert Heartbeat.objects.kind("worker").get().beat_at == NINE


def test_polling_only_reads(app: App) -> None:
    polling = worker.Worker(threading.Event(), lambda: NINE)
    polling.turn(site_config().runs)
    with CaptureQueriesContext(connection) as queries:
        polling.turn(site_config().runs)
    assert len(queries) == 1
    assert queries[0]["sql"].startswith("SELECT")


@closing
def test_a_database_that_is_away_does_not_end_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []

    def refusing(self: worker.Worker, settings: object) -> bool:
        turns.append(1)
        raise OperationalError("the database is away")

    monkeypatch.setattr(worker.Worker, "turn", refusing)
    draining = Waits(3)
    worker.Worker(draining).run()
    assert len(turns) == 3
    assert draining.seconds == [worker.RETRY_SECONDS] * 3


def test_the_workers_heartbeat_stays_young_with_its_lease(app: App) -> None:
    Heartbeat.beat("worker", NINE)
    run = make_run(app, Status.RUNNING, worker=Heartbeat.own_name("worker"))
    Lease(run, site_config().runs, lambda: NINE + MINUTE).beat()
    assert Heartbeat.objects.get().beat_at == NINE + MINUTE
    assert Run.objects.get().lease_until == NINE + MINUTE + 30 * SECOND


def test_a_lease_makes_no_heartbeat_of_its_own(app: App) -> None:
    Lease(make_run(app, Status.RUNNING), site_config().runs, lambda: NINE).beat()
    assert not Heartbeat.objects.exists()


def test_a_lease_knows_when_it_was_lost(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    Run.objects.update(worker="somebody else")
    lease = Lease(run, site_config().runs, lambda: NINE)
    lease.beat()
    assert lease.is_lost


@closing
def test_a_lease_survives_a_database_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(make_app(), Status.RUNNING)

    def refuse(self: Run, now: datetime, lease: timedelta) -> bool:
        raise OperationalError("database is locked")

    monkeypatch.setattr(Run, "renew_lease", refuse)
    lease = Lease(run, site_config().runs, lambda: NINE)
    lease.beat()
    assert not lease.is_lost


def test_a_run_that_its_process_leaves_behind_is_recorded_as_interrupted(
    app: App, scripted: Scripted
) -> None:
    def never_comes_back() -> Turn:
        worker.abandon(timezone.now())  # as the thread does that ends the process
        return report()

    scripted(look(), never_comes_back)
    worker.execute(make_run(app, Status.QUEUED).pk)
    run = Run.objects.get()
    assert run.error_message == "interrupted: its worker was stopped while step 3 was under way"
    assert list(Entry.objects.values_list("type", flat=True)) == ["run_error"]


def test_a_process_without_a_run_leaves_nothing_behind(app: App) -> None:
    running = make_run(app, Status.RUNNING)
    worker.abandon(NINE)
    assert Run.objects.get() == running
    assert Run.objects.get().status == "running"


@closing
def test_work_off_says_how_many_runs_ended(scripted: Scripted) -> None:
    scripted(report(), report())
    for name in ("Kettle", "Toaster"):
        queued(make_app(name))
    assert worker.work_off(threading.Event()) == 2


@closing
def test_work_off_finds_a_run_whose_task_was_lost(scripted: Scripted) -> None:
    scripted(report())
    make_run(make_app(), Status.QUEUED)
    assert worker.work_off(threading.Event()) == 1


def test_a_sweep_settles_expires_and_wakes(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(sweeping, "settle_lost", lambda now: seen.append("settle"))
    monkeypatch.setattr(sweeping, "expire", lambda now: seen.append("expire"))
    monkeypatch.setattr(
        queue, "wake_forgotten", lambda now, older_than: seen.append(f"wake after {older_than.seconds} s")
    )
    sweeping.sweep_runs(NINE)
    assert seen == ["settle", "expire", "wake after 10 s"]


def test_an_idle_sweep_only_reads_and_reads_little(app: App) -> None:
    for number in range(5):
        make_run(app, at=NINE + number * MINUTE)
    with CaptureQueriesContext(connection) as queries:
        sweeping.sweep_runs(NINE)
    assert len(queries) <= 6
    statements = [query["sql"] for query in queries]
    reads = ("SELECT", "DECLARE")  # PostgreSQL reads an iterator by a cursor that it declares for a SELECT
    assert [sql for sql in statements if not sql.startswith(reads)] == []


def test_tidying_leaves_the_queue_alone(app: App) -> None:
    queued(app)
    DBTaskResult.objects.update(enqueued_at=NINE - timedelta(days=100))
    tidy(NINE)
    assert DBTaskResult.objects.count() == 1


def test_the_heartbeats_of_dead_processes_go_after_a_day(db: None) -> None:
    for name, age in (("dead", timedelta(hours=25)), ("late", timedelta(hours=23))):
        facts = {"kind": "worker", "host": "h", "pid": 1, "started_at": NINE - age}
        Heartbeat.objects.create(name=name, beat_at=NINE - age, **facts)
    tidy(NINE)
    assert Heartbeat.objects.get().name == "late"


def test_the_clock_tidies_hourly_and_sweeps_every_five_seconds() -> None:
    from scheduler.registry import sweeps

    every = {sweep.name: sweep.every_seconds for sweep in sweeps()}
    assert (every["runs"], every["tidying"]) == (5, 3600)


def test_a_job_of_every_ten_seconds_is_dispatched_worked_on_and_told_its_result(
    app: App, scripted: Scripted
) -> None:
    from scheduler.clock import run_once
    from scheduler.models import Job, Slot
    from tests.app_runtime.conftest import ticking

    scripted(report())
    due = NINE + 10 * SECOND
    run_once(due)
    worker.execute(Run.objects.get().pk, ticking(due))
    assert Run.objects.get().status == "ok"
    assert (Slot.objects.get().verdict, Slot.objects.get().outcome) == ("ran", "useful")
    assert Job.objects.get().next_run_at == due + 10 * SECOND
