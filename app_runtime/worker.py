"""The worker: takes queued runs one after the other, and settles what other workers have lost (DESIGN §5.4)."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker as TaskWorker
from django_tasks_db.models import DBTaskResult

from app_runtime import queue, records
from app_runtime.engines import engine_for
from app_runtime.exceptions import CapReached, EngineError, LeaseLost, RunInterrupted
from app_runtime.lease import Lease
from app_runtime.models import Run
from app_runtime.session import Session
from app_runtime.settlement import End, interrupted, settle
from app_runtime.statuses import Outcome, Status
from app_runtime.sweeping import sweep_runs
from halo_site.datadir.config import RunSettings, site_config
from halo_site.models import Heartbeat

logger = logging.getLogger(__name__)

KIND = "worker"
BEAT_SECONDS = 2
# Set when this process must end now: the session at work stops before its next step.
stop_now = threading.Event()


def execute(run_id: str, clock: Callable[[], datetime] = timezone.now) -> Run | None:
    """Work on one queued run to its end and return it; None where it is not ours to take."""
    run = Run.objects.select_related("app").filter(pk=run_id).first()
    if run is None or run.status != Status.QUEUED:
        return None
    settings = site_config().runs
    engine = engine_for(run)
    lease_length = timedelta(seconds=settings.lease_seconds)
    if not run.claim(Heartbeat.own_name(KIND), engine.name, clock(), lease_length):
        return None
    with Lease(run, settings, clock) as lease:
        session = Session(run, engine, lease, settings, clock, stop_now)
        end = _worked(session)
    if end is None or (run.step_count == 0 and _given_back(run, end, clock())):
        return run
    if settle(run, end, clock()):
        records.write(run, session.transcript, clock())
    return run


def _worked(session: Session) -> End | None:
    """The end of the session's work; None where the run is somebody else's by now."""
    run = session.run
    try:
        return session.work()
    except LeaseLost:
        logger.warning("Run %s was taken from this worker", run.short_id)
        return None
    except RunInterrupted as error:
        return interrupted(f"{error} after step {run.step_count} began")
    except (CapReached, EngineError) as error:
        return End(Status.ERROR, Outcome.ERROR, str(error))
    except Exception as error:  # the process boundary of a run: whatever failed is the run's own record
        logger.exception("Run %s failed", run.short_id)
        return End(Status.ERROR, Outcome.ERROR, f"{type(error).__name__}: {error}")


def _given_back(run: Run, end: End, now: datetime) -> bool:
    """Back to the queue with a run that was interrupted before its first step."""
    if not end.error.startswith("interrupted") or not run.requeue(now):
        return False
    queue.wake(run, now)
    return True


class Worker:
    """The loop of one worker process. It waits on ``draining``, which a signal sets."""

    def __init__(self, draining: threading.Event, clock: Callable[[], datetime] = timezone.now) -> None:
        self.draining = draining
        self.clock = clock
        self._beat_due = self._sweep_due = 0.0

    def run(self) -> None:
        """Work until ``draining`` is set; then no further run is taken."""
        while not self.draining.is_set():
            settings = site_config().runs
            try:
                busy = self.turn(settings)
            except DatabaseError:
                logger.exception("The database refused; trying again")
                connection.close()
                busy = False
            if not busy:
                self.draining.wait(settings.poll_seconds)
        Heartbeat.end(KIND)

    def turn(self, settings: RunSettings) -> bool:
        """One pass: beat, sweep when it is time, and work on one task if there is one."""
        monotonic = time.monotonic()
        if monotonic >= self._beat_due:
            Heartbeat.beat(KIND, self.clock())
            self._beat_due = monotonic + BEAT_SECONDS
        if monotonic >= self._sweep_due:
            sweep_runs(self.clock())
            self._sweep_due = monotonic + settings.sweep_seconds
        # A plain read first: the task library's own look takes the database's write lock each time.
        if not DBTaskResult.objects.ready().exists():
            return False
        one_task().run()
        return True


def one_task() -> TaskWorker:
    """The task library's worker, made to take one task if there is one, and to return."""
    return TaskWorker(
        queue_names=["default"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=1,
        worker_id=Heartbeat.own_name(KIND)[:64],
    )


def work_off() -> int:
    """Take tasks until none is ready (`run_worker --once`); returns how many runs ended meanwhile."""
    before = Run.objects.finished().count()
    sweep_runs(timezone.now())
    while DBTaskResult.objects.ready().exists():
        one_task().run()
    return Run.objects.finished().count() - before
