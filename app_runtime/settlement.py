"""How a run ends: its row, its entry, its app, its job, all in one transaction (DESIGN §5.7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_manager.states import may_become
from app_runtime import queue
from app_runtime.models import Entry, Run
from app_runtime.statuses import EntryType, Outcome, Status
from halo_site import audit
from halo_site.store.fields import from_ms
from scheduler.models import Job

ERRORS_THAT_STOP = 5
ACTOR = audit.system("runtime")


@dataclass(frozen=True)
class End:
    """What a run's end is, in words for a person where it is an error."""

    status: Status
    outcome: Outcome | None
    error: str = ""


def interrupted(sentence: str) -> End:
    return End(Status.ERROR, Outcome.ERROR, f"interrupted: {sentence}")


def settle(run: Run, end: End, now: datetime) -> bool:
    """Record the end of a run that its worker still holds; False where it is somebody else's by now."""
    with transaction.atomic():
        held = Run.objects.running().filter(pk=run.pk, worker=run.worker)
        duration = max(0, (now - run.started_at) // timedelta(milliseconds=1))
        ended = held.update(
            status=end.status,
            outcome=end.outcome,
            error_message=end.error or None,
            finished_at=now,
            duration_ms=duration,
            tokens_used=run.tokens_used,
            model=run.model,
            lease_until=None,
        )
        if not ended:
            return False
        _after(run, end, now, duration)
    run.refresh_from_db()
    return True


def _after(run: Run, end: End, now: datetime, duration_ms: int) -> None:
    if end.status == Status.ERROR:
        content = {"summary": end.error, "status": "error", "durationMs": duration_ms, "error": end.error}
        Entry.objects.create(
            app_id=run.app_id, run_id=run.run_id, type=EntryType.RUN_ERROR, ts=now, content=content
        )
    _tell_app(run, end, now)
    _tell_job(run, end, now)
    queue.wake_next(run.app_id, now)


def _tell_app(run: Run, end: End, now: datetime) -> None:
    app = App.objects.select_for_update().get(pk=run.app_id)
    App.objects.filter(pk=app.pk).update(last_run_at=run.started_at, last_run_outcome=end.outcome)
    watched = app.status in {AppStatus.ACTIVE, AppStatus.WAITING_USER}
    if end.status == Status.ERROR and watched and _failed_in_a_row(app) >= ERRORS_THAT_STOP:
        reason = f"Stopped after {ERRORS_THAT_STOP} failed runs in a row. The last one: {end.error}"
        if may_become(app.status, AppStatus.ERROR):
            app.change_status(AppStatus.ERROR, actor=ACTOR, now=now, reason=reason)


def _failed_in_a_row(app: App) -> int:
    """How many of the newest finished runs failed without a success between; cancelled ones do not count."""
    finished = Run.objects.for_app(app).finished().exclude(status=Status.CANCELLED).newest_first()
    newest = list(finished.values_list("status", flat=True)[:ERRORS_THAT_STOP])
    return next((index for index, status in enumerate(newest) if status != Status.ERROR), len(newest))


def _tell_job(run: Run, end: End, now: datetime) -> None:
    data = run.trigger_data or {}
    job = Job.objects.filter(pk=data["jobId"]).first() if "jobId" in data else None
    if job is not None:
        job.record_result(
            outcome=end.outcome or Outcome.ERROR,
            started_at=run.started_at,
            finished_at=now,
            error=end.error,
            slot_due=from_ms(data["dueAtMs"]),
        )


def settle_lost(now: datetime) -> int:
    """Settle every run whose worker let its lease expire; returns how many.

    One of which no step had started goes back to the queue. One that had asked its question waits for the answer:
    the question stands. Every other one is an error that says since when nothing is known.
    """
    lost = list(Run.objects.lost(now).select_related("app")[:200])
    return sum(_settle_lost(run, now) for run in lost)


def _settle_lost(run: Run, now: datetime) -> bool:
    if run.step_count == 0:
        with transaction.atomic():
            given_back = run.requeue(now)
            if given_back:
                queue.wake(run, now)
        return given_back
    if Entry.objects.filter(run_id=run.run_id).open().exists():
        return settle(run, End(Status.WAITING_USER, Outcome.USEFUL), now)
    heard = run.heartbeat_at.isoformat(timespec="seconds") if run.heartbeat_at else "unknown"
    sentence = (
        f"its worker was last heard of at {heard}; what happened after step {run.step_count} began is unknown"
    )
    return settle(run, interrupted(sentence), now)
