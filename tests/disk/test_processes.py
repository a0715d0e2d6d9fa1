"""Clock and worker on a disk in trouble: what they could not do is said, and they go on afterwards."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta

import pytest

from app_manager.models import App
from app_runtime import queue, worker
from app_runtime.dispatch import trigger
from app_runtime.engines.base import Turn
from app_runtime.models import Entry, Run
from app_runtime.settlement import settle_lost
from app_runtime.transcript import Transcript
from halo_site.datadir.paths import data_dir
from halo_site.models import Heartbeat
from scheduler.clock import Clock
from scheduler.models import Slot
from tests.app_runtime.conftest import CHOSEN, scripted, ticking
from tests.app_runtime.engines import ScriptedEngine, look, report
from tests.disk.conftest import read_only_database
from tests.disk.simulation import FAILING, FULL_OPEN, FULL_WRITE, QUOTA, READ_ONLY, Disk, trouble
from tests.factories import MINUTE, NINE, SECOND, TESTER, make_app

__all__ = ["CHOSEN", "scripted"]
pytestmark = pytest.mark.django_db(transaction=True)
Scripted = Callable[..., ScriptedEngine]


def queued(app: App, at: datetime = NINE) -> Run:
    return trigger(app, TESTER, at)


class Episode(threading.Event):
    """Lets trouble end after so many waits, and everything after so many more."""

    def __init__(self, held: AbstractContextManager[None], bad: int, good: int) -> None:
        super().__init__()
        self._held = ExitStack()
        self._held.enter_context(held)
        self._waits, self._bad, self._all = 0, bad, bad + good

    def wait(self, timeout: float | None = None) -> bool:
        self._waits += 1
        if self._waits == self._bad:
            self._held.close()
        if self._waits >= self._all:
            self.set()
        return self.is_set()


DISKS = (FULL_WRITE, FULL_OPEN, QUOTA, READ_ONLY, FAILING)
WORDS = {
    FULL_WRITE: "No space left on device",
    FULL_OPEN: "No space left on device",
    QUOTA: "Disk quota exceeded",
    READ_ONLY: "Read-only file system",
    FAILING: "Input/output error",
}


@pytest.mark.parametrize("disk", DISKS, ids=str)
def test_a_run_whose_transcript_cannot_be_begun_is_an_error_that_says_so(
    scripted: Scripted, disk: Disk
) -> None:
    engine = scripted(report())
    run = queued(make_app())
    with trouble(data_dir().root, disk):
        worker.execute(run.run_id, clock=ticking())
    run.refresh_from_db()
    assert (run.status, run.outcome) == ("error", "error")
    assert WORDS[disk] in (run.error_message or "")
    assert engine.heard == []  # nothing was done that nobody could read about
    assert Entry.objects.get(run_id=run.run_id).type == "run_error"


def test_a_run_whose_next_step_cannot_be_written_down_ends_there(scripted: Scripted) -> None:
    with ExitStack() as held:

        def look_and_fill_the_disk() -> Turn:
            held.enter_context(trouble(data_dir().root, FULL_WRITE))
            return look()

        engine = scripted(look_and_fill_the_disk, report())
        run = queued(make_app())
        worker.execute(run.run_id, clock=ticking())
    run.refresh_from_db()
    assert (run.status, len(engine.heard)) == ("error", 1)
    assert [line["type"] for line in Transcript(run.app, run.run_id).lines()] == ["prompt"]


def test_a_worker_takes_the_next_run_after_one_that_the_disk_ended(scripted: Scripted) -> None:
    app, other = make_app(), make_app("Teapot Watch")
    scripted(report())
    with trouble(data_dir().root, FULL_WRITE):
        worker.execute(queued(app).run_id, clock=ticking())
    scripted(report())
    worker.execute(queued(other).run_id, clock=ticking())
    assert {run.app_id: run.status for run in Run.objects.all()} == {app.pk: "error", other.pk: "ok"}


def test_an_end_that_cannot_be_recorded_is_settled_as_lost_later(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0)
    with ExitStack() as held:

        def lose_the_database() -> Turn:
            held.enter_context(read_only_database())
            return Turn("", ())

        scripted(look(), lose_the_database)
        run = queued(make_app())
        with pytest.raises(Exception, match=r"readonly|read-only"):
            worker.execute(run.run_id, clock=ticking())
    run.refresh_from_db()
    assert run.status == "running"
    assert settle_lost(NINE + 5 * MINUTE) == 1
    run.refresh_from_db()
    assert (run.status, "interrupted" in (run.error_message or "")) == ("error", True)


def test_the_worker_goes_on_when_its_database_can_be_written_again(scripted: Scripted) -> None:
    scripted(report())
    run = queued(make_app())
    worker.Worker(Episode(read_only_database(), bad=2, good=2)).run()
    run.refresh_from_db()
    assert run.status == "ok"


class Time:
    """A time that passes only while the clock waits."""

    def __init__(self) -> None:
        self.now = NINE + 20 * SECOND

    def __call__(self) -> datetime:
        return self.now

    def wait(self, stop: threading.Event, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        stop.wait()


def test_the_clock_goes_on_and_owes_nothing_when_its_database_can_be_written_again() -> None:
    app = make_app()  # every 10 s
    time = Time()
    Clock(clock=time, wait=time.wait).run(Episode(read_only_database(), bad=3, good=2))
    assert Run.objects.get().app_id == app.pk
    assert sorted(Slot.objects.values_list("verdict", flat=True)) == ["merged", "ran"]
    assert not Heartbeat.objects.filter(kind="clock").exists()  # it ended in order


def test_a_task_of_a_failed_start_is_not_lost(scripted: Scripted) -> None:
    """The queue's own row cannot be written: the run stays queued, and the next look starts it."""
    run = queued(make_app())
    with read_only_database(), pytest.raises(Exception, match=r"readonly|read-only"):
        worker.execute(run.run_id, clock=ticking())
    scripted(report())
    assert queue.has_live_task(run)
    worker.execute(run.run_id, clock=ticking())
    run.refresh_from_db()
    assert run.status == "ok"
