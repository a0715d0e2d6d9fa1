"""What starts a run: a due slot of the clock, or a click. Both end in one queued row (DESIGN §5.1, §5.2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from app_manager.models import App, new_id
from app_manager.policies import OverlapPolicy, policies_of
from app_runtime import queue
from app_runtime.admission import refusal_of_state
from app_runtime.exceptions import AlreadyRunning, NotRunnable
from app_runtime.models import Run
from app_runtime.statuses import AUTOMATIC, Status, Trigger
from halo_site import audit
from halo_site.audit import Actor
from halo_site.datadir.config import config_state
from halo_site.store.fields import to_ms
from scheduler.models import Job
from scheduler.registry import Dispatch


def on_due(job: Job, due_at: datetime, lateness: timedelta, now: datetime) -> Dispatch:
    """The clock's handler for jobs of the kind ``app``: database inserts only, no I/O."""
    metadata = job.metadata or {}
    app = App.objects.filter(pk=metadata.get("appId")).first()
    if app is None:
        return Dispatch.skipped("paused", "its app is not installed any more")
    refusal = refusal_of_state(app, automatic=True)
    if refusal is not None:
        return Dispatch.skipped(refusal.reason, refusal.sentence)
    busy = _in_the_way(app, metadata)
    if busy is not None:
        return Dispatch.skipped("overlap", _overlap(busy))
    data = {"jobId": job.pk, "subscriptionId": metadata.get("subscriptionId"), "dueAtMs": to_ms(due_at)}
    data |= _asked_for(metadata)
    try:
        with transaction.atomic():
            run = queue_run(app, Trigger.SCHEDULE, now, data)
    except IntegrityError:  # the unique index: another process queued one this moment
        return Dispatch.skipped("overlap", "another run of this app was queued at the same moment")
    return Dispatch.started({"runId": run.run_id})


def _in_the_way(app: App, metadata: Mapping[str, Any]) -> Run | None:
    """The run that a due time is skipped for: any unfinished one, or only one that waits already."""
    unfinished = Run.objects.for_app(app).unfinished().order_by("-status", "queued_at")
    if _overlap_policy(app, metadata) == OverlapPolicy.QUEUE_ONE:
        unfinished = unfinished.queued().filter(trigger_type__in=AUTOMATIC)
    return unfinished.first()


def _overlap_policy(app: App, metadata: Mapping[str, Any]) -> str:
    """As the job was written; one from before jobs had it is as its subscription is."""
    written = metadata.get("overlap")
    if written is not None:
        return str(written)
    key = metadata.get("subscriptionId")
    found = (each for each in app.parsed_spec.subscriptions if each.id == key)
    return next((policies_of(each, app.user_overrides).overlap for each in found), OverlapPolicy.SKIP)


def _asked_for(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Of a single run: who asked for it, and the task that they gave it in place of its usual one."""
    once = metadata.get("once")
    if not isinstance(once, dict):
        return {}
    told = {"continue": {"userMessage": once["text"]}} if once.get("text") else {}
    return {"by": str(once.get("by") or ""), "once": True, **told}


def trigger(app: App, actor: Actor, now: datetime) -> Run:
    """Queue a run by hand.

    Raises `NotRunnable`, or `AlreadyRunning` naming the run that is queued or running.
    """
    with transaction.atomic():
        run = queue_run(admitted(app), Trigger.MANUAL, now, {"by": str(actor)})
        summary = f"{app.name} {run.short_id}"
        audit.record(actor, "run.start", object_type="run", object_id=run.pk, now=now, summary=summary)
        return run


def admitted(app: App) -> App:
    """The app as it is now, held until the caller's transaction ends, if a person may start a run of it.

    Raises as `trigger` does. Of two clicks at once the second waits here, then sees the first one's run.
    """
    stored = App.objects.hold(app.pk)
    if stored is None:
        raise NotRunnable(app, "it was removed.")
    refusal = refusal_of_state(stored, automatic=False)
    if refusal is not None:
        raise NotRunnable(stored, f"{refusal.sentence}.")
    obstacle = config_state().obstacle
    if obstacle:
        raise NotRunnable(stored, obstacle)
    unfinished = Run.objects.for_app(stored).unfinished().select_related("app")
    busy = unfinished.order_by("-status", "queued_at").first()  # running before queued
    if busy is not None:
        raise AlreadyRunning(busy)
    return stored


def queue_run(
    app: App, kind: Trigger, now: datetime, data: dict[str, Any] | None, parent: Run | None = None
) -> Run:
    """Insert the queued row and its task, both in the caller's transaction."""
    run_id = new_id()
    run = Run.objects.create(
        run_id=run_id,
        app=app,
        session_key=f"app-run-{run_id[:8]}",
        status=Status.QUEUED,
        trigger_type=kind,
        trigger_data=data,
        parent_run=parent,
        started_at=now,
        queued_at=now,
    )
    queue.wake(run, now)
    return run


def _overlap(run: Run) -> str:
    state = "was still running" if run.status == Status.RUNNING else "was still waiting to start"
    return f"run {run.short_id} of this app {state}"
