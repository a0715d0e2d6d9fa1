"""The worker: takes queued runs one after the other, and settles what others have lost (DESIGN §5.4)."""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from random import randrange

from django.db import Error, close_old_connections, transaction
from django.utils import timezone

from app_manager.limits import limits_of
from app_runtime import queue, records, secrets_in_use
from app_runtime.admission import refusal_of_state
from app_runtime.engines import Engine, engine_for, engine_name
from app_runtime.exceptions import EngineError, LeaseLost, RunCancelled, RunInterrupted, RunStopped
from app_runtime.lease import Lease
from app_runtime.models import Run
from app_runtime.progress import Progress
from app_runtime.session import Session
from app_runtime.settlement import End, cancel_queued, failed, interrupted, settle
from app_runtime.statuses import AUTOMATIC, Status
from app_runtime.sweeping import send_told, sweep_as_worker
from app_runtime.waiting import Waiter
from halo_site.datadir.config import RunSettings, config_state, site_config
from halo_site.disk_trouble import log_failure
from halo_site.masking import Masker
from halo_site.models import Heartbeat

logger = logging.getLogger(__name__)

KIND = "worker"
BEAT_SECONDS = 2
SETTLE_TRIES = 4
RETRY_SECONDS = 1
SPREAD = 8  # tasks among which a worker chooses that was not the first at the first one
# What a run gets to notice that its worker must end, before it is ended without being asked
LAST_SECONDS = 0.5
Clock = Callable[[], datetime]

# Set when this process must end now: the session at work stops before its next step.
stop_now = threading.Event()
# The runs that this process works on: at most one, and none between two runs
_at_work: dict[str, Run] = {}


def execute(run_id: str, clock: Clock = timezone.now) -> Run | None:
    """Work on one queued run to its end and return it; None where it is not ours to take."""
    run = _startable(run_id, clock)
    if run is None or not _claimed(run, clock):
        return None
    _carried_out(run, clock)
    # As its row says now: its notifications, for one, have changed that too.
    return Run.objects.select_related("app").filter(pk=run.pk).first()


def work_on_next(clock: Clock = timezone.now) -> bool:
    """Take the first task and work on its run to its end; False where no task waits.

    None is taken while config.json does not tell what runs may use: they wait until it is mended, since five
    that failed for it would stop their app.
    """
    waiting = None if config_state().obstacle else queue.first()
    while waiting is not None:
        run = _startable(waiting.run_id, clock)
        with transaction.atomic():
            # Together with the claim: a worker that is killed leaves both or neither.
            is_dropped = queue.drop(waiting)
            is_ours = is_dropped and run is not None and _claimed(run, clock)
        if run is not None and is_ours:
            _carried_out(run, clock)
        if is_dropped:
            return True
        # Somebody was faster: whoever looked at the same moment must not do so again.
        waiting = queue.first(randrange(SPREAD)) or queue.first()  # noqa: S311 - no secret
    return False


def _startable(run_id: str, clock: Clock) -> Run | None:
    """The run, if it is queued and its app has not been paused or uninstalled since then."""
    try:
        run = Run.objects.select_related("app").get(pk=run_id)
    except Run.DoesNotExist:
        return None
    if run.status != Status.QUEUED:
        return None
    refusal = refusal_of_state(run.app, automatic=run.trigger_type in AUTOMATIC)
    return None if refusal and cancel_queued(run, refusal.sentence, clock()) else run


def _claimed(run: Run, clock: Clock) -> bool:
    lease = timedelta(seconds=site_config().runs.lease_seconds)
    return run.claim(Heartbeat.own_name(KIND), engine_name(), clock(), lease)


def _carried_out(run: Run, clock: Clock) -> None:
    """Work on a run that this process holds, and record its end."""
    _at_work[run.pk] = run
    try:
        _finish(run, _end_of(run, clock), clock)
    finally:
        _at_work.pop(run.pk, None)


def _end_of(run: Run, clock: Clock) -> End | None:
    """How the run's work ended, without any secret that an error repeats; None: it is somebody else's now."""
    settings = limits_of(run.app.user_overrides, site_config().runs)
    with Lease(run, settings, clock) as lease:
        masker = Masker(secrets_in_use.known_values())
        engine, problem = _engine(run)
        end = _worked(run, engine, lease, settings, masker, clock) if engine else failed(problem)
    return end and replace(end, error=masker.text(end.error))


def _engine(run: Run) -> tuple[Engine | None, str]:
    """The run's engine, or why there is none: a run must not wait for ever for what cannot come."""
    try:
        engine = engine_for(run)
        run.name_engine(engine.name)
        return engine, ""
    except EngineError as error:
        return None, str(error)
    except Exception as error:
        logger.exception("There is no engine for run %s", run.short_id)
        return None, f"No engine could be made for this run: {type(error).__name__}: {error}"


def _worked(
    run: Run, engine: Engine, lease: Lease, settings: RunSettings, masker: Masker, clock: Clock
) -> End | None:
    """The end of the run's work; None where the run is somebody else's by now."""
    try:
        with Waiter() as waiter:
            progress = Progress(run, lease, settings, masker, clock, stop_now, waiter)
            return _in_session(Session(engine, progress), progress)
    except LeaseLost:
        logger.warning("Run %s was taken from this worker", run.short_id)
        return None
    except RunInterrupted as error:
        return interrupted(f"{error} after step {run.step_count} began")
    except KeyboardInterrupt:  # `trigger_app --wait`; a worker process drains
        return interrupted(f"it was stopped from the keyboard after step {run.step_count} began")
    except RunCancelled as error:
        return End(Status.CANCELLED, None, str(error))
    except (RunStopped, EngineError) as error:
        return failed(str(error))
    except OSError as error:
        logger.exception("Run %s failed", run.short_id)
        return failed(f"A file of this run could not be written or read: {error.strerror or error}")
    except Exception as error:  # the process boundary of a run: whatever failed is the run's own record
        logger.exception("Run %s failed", run.short_id)
        return failed(f"{type(error).__name__}: {error}")


def _in_session(session: Session, progress: Progress) -> End:
    """The end of the session's work; what it started has ended too when this returns."""
    try:
        return session.work()
    finally:
        if progress.waiter.is_used:
            progress.waiter.wait(session.close(), lambda: None)


def _finish(run: Run, end: End | None, clock: Clock) -> None:
    """Settle the run, or give it back if it was interrupted before its first step."""
    if end is None or (end.is_interrupted and _given_back(run, clock())):
        return
    if _settled(run, end, clock):
        records.write(run, clock())


def _given_back(run: Run, now: datetime) -> bool:
    with transaction.atomic():
        given_back = run.requeue(now)
        if given_back:
            queue.wake(run, now)
    return given_back


def _settled(run: Run, end: End, clock: Clock) -> bool:
    """Settle; a database that is busy or away for a moment must not turn a good end into a lost one."""
    for attempt in range(1, SETTLE_TRIES + 1):
        try:
            return settle(run, end, clock())
        except Error:
            if attempt == SETTLE_TRIES:
                raise
            logger.exception("The end of run %s could not be recorded; trying again", run.short_id)
            close_old_connections()
            stop_now.wait(RETRY_SECONDS)
    raise AssertionError("unreachable")


class Worker:
    """The loop of one worker process. It waits on ``draining``, which a signal sets."""

    def __init__(self, draining: threading.Event, clock: Clock = timezone.now) -> None:
        self.draining = draining
        self.clock = clock
        self._beat_due = self._sweep_due = 0.0

    def run(self) -> None:
        """Work until ``draining`` is set; then no further run is taken."""
        while not self.draining.is_set():
            pause = site_config().runs.poll_seconds
            try:
                busy = self.turn(site_config().runs)
            except Exception as error:  # the database is away, say
                log_failure(logger, "The worker could not go on; trying again", error, "turn_failed")
                close_old_connections()
                busy, pause = False, max(pause, RETRY_SECONDS)
            if not busy:
                self.draining.wait(pause)
        with suppress(Error):
            Heartbeat.end(KIND)

    def turn(self, settings: RunSettings) -> bool:
        """One pass: beat, sweep when it is time, and work on one task if there is one."""
        monotonic = time.monotonic()
        if monotonic >= self._beat_due:
            Heartbeat.beat(KIND, self.clock())
            self._beat_due = monotonic + BEAT_SECONDS
        if monotonic >= self._sweep_due:
            self._sweep_due = monotonic + settings.sweep_seconds
            sweep_as_worker(self.clock)
        is_busy = work_on_next(self.clock)
        if is_busy:  # what the run told goes out before the next one begins
            send_told(self.clock)
        return is_busy


def drain(draining: threading.Event, seconds: float) -> None:
    """End this process: no further run, ``seconds`` for the one at work, then it ends at its next step.

    An engine that does not come back even then is left behind: its run is recorded as interrupted and the
    process ends under it. Called in a thread of its own, which ends with the process.
    """
    draining.set()
    time.sleep(seconds)
    stop_now.set()
    time.sleep(LAST_SECONDS)
    try:
        abandon(timezone.now())
    finally:
        os._exit(0)


def abandon(now: datetime) -> None:
    """Record the runs that this process works on as interrupted, or give them back to the queue."""
    for run in Run.objects.select_related("app").filter(pk__in=list(_at_work)).running():
        if not _given_back(run, now):
            sentence = f"its worker was stopped while step {run.step_count} was under way"
            if settle(run, interrupted(sentence), now):
                records.write(run, now)
    Heartbeat.end(KIND)


def work_off(draining: threading.Event) -> int:
    """Take tasks until none is ready (`run_worker --once`); returns how many runs ended meanwhile."""
    before = Run.objects.finished().count()
    sweep_as_worker(timezone.now)
    while not draining.is_set() and work_on_next():
        pass
    send_told(timezone.now)
    return Run.objects.finished().count() - before
