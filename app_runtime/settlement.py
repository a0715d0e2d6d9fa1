"""How a run ends: its row, its entry, its app, its job, all in one transaction (DESIGN §5.7)."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_manager.states import may_become
from app_runtime import queue, records, texts
from app_runtime.escalations import closing
from app_runtime.models import Entry, Run, RunQuerySet
from app_runtime.notifications import events
from app_runtime.statuses import EntryType, Outcome, Status
from halo_site import audit
from halo_site.store.fields import as_stored, from_ms, to_ms
from halo_site.store.statements import GIVEN, Statement
from scheduler.models import Job
from scheduler.recurrence import ScheduleError

logger = logging.getLogger(__name__)

ERRORS_THAT_STOP = 5
# A run whose workers die before its first step would take one after the other with it
MOST_REQUEUES = 3
SETTLED_AT_ONCE = 200
# Hold an app until the transaction ends, and say when its last run began; its spec would be read for nothing
HOLD = Statement(
    lambda: App.objects.select_for_update(no_key=True).filter(pk=GIVEN).values_list("last_run_at")
)
ACTOR = audit.system("runtime")


@dataclass(frozen=True)
class End:
    """What a run's end is, in words for a person where it is an error."""

    status: Status
    outcome: Outcome | None
    error: str = ""
    is_interrupted: bool = False


def failed(sentence: str) -> End:
    return End(Status.ERROR, Outcome.ERROR, sentence)


def interrupted(sentence: str) -> End:
    return End(Status.ERROR, Outcome.ERROR, f"interrupted: {sentence}", is_interrupted=True)


def cancel_queued(run: Run, reason: str, now: datetime) -> bool:
    """End a queued run that must not start, with the reason; False where it is not queued any more.

    The due time that it was queued for was skipped then, and its ledger row says so.
    """
    sentence = f"Not started: {reason}."
    ended = {"status": Status.CANCELLED, "outcome": Outcome.SKIPPED, "error_message": sentence}
    with transaction.atomic():
        queued = Run.objects.queued().filter(pk=run.pk)
        if not queued.update(**ended, finished_at=now, duration_ms=0):
            return False
        job, due_at = _slot_of(run)
        if job is not None and due_at is not None:
            job.withdraw_slot(due_at, sentence, now)
    return True


def cancel_running(run: Run, reason: str, now: datetime) -> bool:
    """End a running run, with the reason; its worker finds at the next step that it is no longer its own."""
    end = End(Status.CANCELLED, None, f"Cancelled: {reason}.")
    is_ended = record_end(run, end, now, run.held())
    if is_ended:  # by an open transaction of the caller's: the file is written when that is over
        transaction.on_commit(partial(records.close, run, now))
    return is_ended


def settle(run: Run, end: End, now: datetime) -> bool:
    """Record the end of a run that its worker still holds; False where it is somebody else's by now."""
    return record_end(run, end, now, run.held())


def record_end(run: Run, end: End, now: datetime, held: RunQuerySet) -> bool:
    """Record the end of ``run`` and all that follows if ``held`` still finds it; False if it does not."""
    duration = max(0, (now - run.started_at) // timedelta(milliseconds=1))
    with transaction.atomic():
        app = HOLD.first(run.app_id)
        end = _as_it_stands(run, end)
        ended = {
            "status": end.status,
            "outcome": end.outcome,
            "error_message": end.error or None,
            "finished_at": as_stored(now),
            "duration_ms": duration,
            "lease_until": None,
        }
        if app is None or not held.update(**ended):
            return False
        if end.status == Status.CANCELLED:
            closing.close_with_run(run, end.error.rstrip("."), now)
        tell_app(run, app[0], end.outcome)
        if end.status in {Status.OK, Status.SKIPPED}:
            events.run_recovered(run, now)
        if end.status == Status.ERROR:
            add_error_entry(run, end.error, now, duration)
            stop_after_errors(run.app_id, end.error, now)
        _tell_job(run, end, end.error, now)
        queue.wake_next(run.app_id, now)
    run.assume(ended)
    return True


def _as_it_stands(run: Run, end: End) -> End:
    """The end, its sentence cut to size. A run whose questions were all decided meanwhile does not wait."""
    if end.status == Status.WAITING_USER:
        decided = closing.end_of_asking(run.run_id)
        end = End(*decided) if decided else end
    return replace(end, error=texts.sentence(end.error))


def add_error_entry(run: Run, error: str, now: datetime, duration_ms: int | None) -> None:
    """One line in the thread: this run failed."""
    content: dict[str, str | int] = {"summary": error, "status": "error", "error": error}
    if duration_ms is not None:
        content["durationMs"] = duration_ms
    Entry.objects.create(
        app_id=run.app_id,
        run_id=run.run_id,
        type=EntryType.RUN_ERROR,
        ts=now,
        session_key=run.session_key,
        content=content,
    )
    events.run_failed(run, error, now)


def tell_app(run: Run, last_run_ms: int | None, outcome: Outcome | None) -> None:
    """The app's last-run fields; the caller holds the app, whose last run began at ``last_run_ms``."""
    # An older run can fail after newer ones have ended, when its question expires.
    if last_run_ms is None or last_run_ms <= to_ms(run.started_at):
        App.objects.filter(pk=run.app_id).update(last_run_at=run.started_at, last_run_outcome=outcome)


def stop_after_errors(app_id: str, error: str, now: datetime) -> None:
    """Stop an app that runs by itself after five errors in a row; the caller holds it."""
    app = App.objects.get(pk=app_id)
    watched = app.status in {AppStatus.ACTIVE, AppStatus.WAITING_USER}
    if watched and _failed_in_a_row(app) >= ERRORS_THAT_STOP:
        reason = f"Stopped after {ERRORS_THAT_STOP} failed runs in a row. The last one: {error}"
        if may_become(app.status, AppStatus.ERROR):
            app.change_status(AppStatus.ERROR, actor=ACTOR, now=now, reason=reason)
            events.app_stopped(app, reason, now)


def _failed_in_a_row(app: App) -> int:
    """How many of the newest finished runs failed without a success between; cancelled ones do not count.

    Rehearsals count as well: they fail only where the machinery does, and then the app must not go on. Runs
    from before the app was last resumed do not: a person has seen those.
    """
    finished = Run.objects.for_app(app).finished().exclude(status=Status.CANCELLED).newest_first()
    if app.resumed_at is not None:
        finished = finished.filter(started_at__gte=app.resumed_at)
    newest = list(finished.values_list("status", flat=True)[:ERRORS_THAT_STOP])
    return next((index for index, status in enumerate(newest) if status != Status.ERROR), len(newest))


def _tell_job(run: Run, end: End, error: str, now: datetime) -> None:
    """The job's result and its back-off. A schedule that nobody can read does not keep a run from ending."""
    job, due_at = _slot_of(run)
    if job is None:
        return
    # What was cancelled did not fail: it must not hold the job back.
    outcome = Outcome.SKIPPED if end.status == Status.CANCELLED else end.outcome or Outcome.ERROR
    try:
        job.record_result(
            outcome=outcome, started_at=run.started_at, finished_at=now, error=error, slot_due=due_at
        )
    except ScheduleError:
        logger.exception("The result of run %s could not be told to its job %s", run.short_id, job.pk)


def _slot_of(run: Run) -> tuple[Job | None, datetime | None]:
    """The job and the due time that queued the run; None and None for one that no schedule started."""
    data = run.trigger_data if isinstance(run.trigger_data, dict) else {}
    job = Job.objects.filter(pk=data["jobId"]).first() if "jobId" in data else None
    return (job, from_ms(data["dueAtMs"])) if job else (None, None)


def settle_lost(now: datetime) -> int:
    """Settle every run whose worker let its lease expire; returns how many.

    One of which no step had started goes back to the queue. One that was to be cancelled is. One that had
    asked waits for the answer, or ends as its question was decided. Every other one is an error that says
    since when nothing is known.
    """
    lost = list(Run.objects.lost(now).select_related("app")[:SETTLED_AT_ONCE])
    return sum(_settled_lost(run, now) for run in lost)


def _settled_lost(run: Run, now: datetime) -> bool:
    """One that cannot be settled is logged and does not stand in the way of the others."""
    try:
        is_settled = _settle_lost(run, now)
    except Exception:
        logger.exception("The lost run %s could not be settled", run.short_id)
        return False
    if is_settled and not run.is_unfinished:
        records.close(run, now)
    return is_settled


def _settle_lost(run: Run, now: datetime) -> bool:
    # Lost still: a worker that renewed its lease since the row was read keeps its run.
    lost = run.held().lost(now)
    with transaction.atomic():
        if run.requeues < MOST_REQUEUES and not run.cancel_requested_at and run.requeue(now, lost):
            queue.wake(run, now)
            return True
    heard = run.heartbeat_at.isoformat(timespec="seconds") if run.heartbeat_at else "unknown"
    if run.cancel_requested_at is not None:
        end = End(
            Status.CANCELLED,
            None,
            f"Cancelled by {run.cancelled_by}. Its worker was last heard of at {heard}.",
        )
        return record_end(run, end, now, lost)
    if Entry.objects.filter(run_id=run.run_id).questions().exists():
        # The question stands; where it was decided meanwhile, that is how the run ends (`_as_it_stands`)
        return record_end(run, End(Status.WAITING_USER, Outcome.USEFUL), now, lost)
    if run.step_count:
        known = f"what happened after step {run.step_count} began is unknown"
    else:
        known = (
            f"no step had started, and it was lost {run.requeues} times before"
            if run.requeues
            else "no step had started"
        )
    return record_end(run, interrupted(f"its worker was last heard of at {heard}; {known}"), now, lost)
