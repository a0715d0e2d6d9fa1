"""Several workers, one run: it is worked on once, whoever is told of it, on whichever machine."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from app_manager.models import App
from app_runtime import queue, worker
from app_runtime.dispatch import trigger
from app_runtime.engines.base import Turn
from app_runtime.models import Entry, Run, UsageDay
from app_runtime.settlement import failed, settle, settle_lost
from app_runtime.transcript import Transcript
from halo_site.models import Heartbeat
from memory.models import Revision
from tests.app_runtime.conftest import ticking
from tests.app_runtime.engines import ScriptedEngine, call, report, says
from tests.factories import MINUTE, NINE, SECOND, TESTER
from tests.scheduler.test_two_clocks import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
Scripted = Callable[..., ScriptedEngine]
LEASE = timedelta(seconds=30)


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread is a worker on a machine of its own."""
    monkeypatch.setattr(
        Heartbeat, "own_name", staticmethod(lambda kind: f"{kind}@host-{threading.get_ident()}:7")
    )


def on_host(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Heartbeat, "own_name", staticmethod(lambda kind: f"{kind}@{name}:7"))


@pytest.mark.usefixtures("machines")
def test_eight_workers_on_one_run_work_on_it_once(app: App, scripted: Scripted) -> None:
    writes = call("memory_write", scope="app", content="- seen", mode="append")
    turns = (says(writes, model="m", tokens_in=1, tokens_out=1), report(), report())
    engine = scripted(*turns)
    run_id = trigger(app, TESTER, NINE).run_id
    took: list[Run | None] = []
    in_threads(lambda: took.append(worker.execute(run_id)), 8)
    assert sum(run is not None for run in took) == 1
    assert (len(engine.heard), Run.objects.get().status) == (2, "ok")
    assert Entry.objects.count() == 1
    assert UsageDay.objects.get().turns == 1
    kinds = [line["type"] for line in Transcript(app, run_id).lines()]
    assert kinds == ["prompt", "model", "tool", "model", "tool", "end"]
    assert list(Revision.objects.filter(path="memory.md").values_list("operation", flat=True)) == [
        "heading",
        "append",
    ]


@pytest.mark.usefixtures("machines")
def test_eight_workers_with_eight_runs_of_one_app_never_run_two_at_once(app: App, scripted: Scripted) -> None:
    """The unique index lets one claim; the others leave theirs in the queue."""
    at_once, most, lock = 0, 0, threading.Lock()

    def turn() -> Turn:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        try:
            return report()
        finally:
            with lock:
                at_once -= 1

    scripted(*[turn] * 8)
    runs = [trigger(app, TESTER, NINE)]
    runs += [queue_like(runs[0]) for _number in range(7)]
    ids = iter([run.run_id for run in runs])
    in_threads(lambda: worker.execute(next(ids)), 8)
    assert most == 1
    assert set(Run.objects.values_list("status", flat=True)) <= {"ok", "queued"}
    assert Run.objects.filter(status="ok").count() == Entry.objects.count() >= 1


def queue_like(run: Run) -> Run:
    return Run.objects.create(
        app=run.app, session_key=run.session_key, trigger_type=run.trigger_type, status="queued",
        queued_at=NINE, started_at=NINE,
    )  # fmt: skip


def test_a_worker_that_lost_its_run_to_another_machine_writes_nothing_more(
    app: App, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ran out while it slept; the run was queued again and is being worked on elsewhere."""
    run = trigger(app, TESTER, NINE)
    on_host("one", monkeypatch)
    assert run.claim(Heartbeat.own_name("worker"), "scripted", NINE, SECOND)
    assert settle_lost(NINE + MINUTE) == 1
    other = Run.objects.select_related("app").get()
    on_host("two", monkeypatch)
    assert other.claim(Heartbeat.own_name("worker"), "scripted", NINE + MINUTE, LEASE)
    assert not run.start_step(NINE + MINUTE, LEASE)
    assert not run.renew_lease(NINE + MINUTE, LEASE)
    with transaction.atomic():
        assert not run.keep()
    assert not run.requeue(NINE + MINUTE)
    assert not settle(run, failed("slept"), NINE + MINUTE)
    assert other.start_step(NINE + MINUTE, LEASE)
    assert (Run.objects.get().worker, Entry.objects.count()) == ("worker@two:7", 0)


def test_the_task_of_a_run_that_somebody_else_has_worked_on_does_nothing(
    app: App, scripted: Scripted
) -> None:
    engine = scripted(report())
    run = trigger(app, TESTER, NINE)
    queue.wake(run, NINE)  # a second task for the same run, as two sweeps can leave
    worker.execute(run.pk, clock=ticking())
    assert worker.execute(run.pk, clock=ticking()) is None
    assert (len(engine.heard), Entry.objects.count()) == (1, 1)
