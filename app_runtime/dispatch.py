"""What starts a run: a due slot of the clock, or a click. Both end in one queued row (DESIGN §5.1, §5.2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

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
from scheduler.registry import Dispatch, DueJob


class Unfinished(Protocol):
    """What is asked of a run that has not ended."""

    @property
    def status(self) -> str: ...
    @property
    def trigger_type(self) -> str: ...
    @property
    def queued_at(self) -> Any: ...
    @property
    def short_id(self) -> str: ...


GONE = Dispatch.skipped("paused", "its app is not installed any more")
SEEN = ("run_id", "app_id", "status", "trigger_type", "queued_at")  # of the unfinished runs of an app


def on_due(job: DueJob, due_at: datetime, lateness: timedelta, now: datetime) -> Dispatch:
    """The clock's handler for a job of the kind ``app``: database inserts only, no I/O."""
    app = App.objects.filter(pk=app_id_of(job)).first()
    if app is None:
        return GONE
    refusal = refusal_of_due(app, job.facts, Run.objects.for_app(app).unfinished().only(*SEEN))
    if refusal is not None:
        return refusal
    try:
        with transaction.atomic():
            run = queue_run(app, Trigger.SCHEDULE, now, trigger_data(job, to_ms(due_at)))
    except IntegrityError:  # the unique index: another process queued one this moment
        return Dispatch.skipped("overlap", "another run of this app was queued at the same moment")
    return Dispatch.started({"runId": run.run_id})


def app_id_of(job: DueJob) -> str:
    """The app that the job says it belongs to; empty where it says none."""
    app_id = job.facts.get("appId")
    return app_id if isinstance(app_id, str) else ""


def refusal_of_due(
    app: App, metadata: Mapping[str, Any], unfinished: Iterable[Unfinished]
) -> Dispatch | None:
    """Why a due time of this app starts nothing; None where it does. ``unfinished`` are the app's runs."""
    refusal = refusal_of_state(app, automatic=True)
    if refusal is not None:
        return Dispatch.skipped(refusal.reason, refusal.sentence)
    busy = _in_the_way(app, metadata, unfinished)
    return None if busy is None else Dispatch.skipped("overlap", _overlap(busy))


def trigger_data(job: DueJob, due_ms: int) -> dict[str, Any]:
    """What the run of a due time is told about where it comes from."""
    metadata = job.facts
    data = {"jobId": job.pk, "subscriptionId": metadata.get("subscriptionId"), "dueAtMs": due_ms}
    return data | _asked_for(metadata) if "once" in metadata else data


def _in_the_way(app: App, metadata: Mapping[str, Any], unfinished: Iterable[Unfinished]) -> Unfinished | None:
    """The run that a due time is skipped for: any unfinished one, or only one that waits already."""
    runs = sorted(unfinished, key=lambda run: (run.status != Status.RUNNING, run.queued_at))
    if runs and _overlap_policy(app, metadata) == OverlapPolicy.QUEUE_ONE:
        runs = [run for run in runs if run.status == Status.QUEUED and run.trigger_type in AUTOMATIC]
    return runs[0] if runs else None


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
    run = new_run(app, kind, now, data, parent)
    run.save(force_insert=True)
    queue.wake(run, now)
    return run


def session_key_of(run_id: str) -> str:
    return f"app-run-{run_id[:8]}"


def new_run(
    app: App, kind: Trigger, now: datetime, data: dict[str, Any] | None, parent: Run | None = None
) -> Run:
    """A queued run that is not stored yet."""
    run_id = new_id()
    return Run(
        run_id=run_id,
        app=app,
        session_key=session_key_of(run_id),
        status=Status.QUEUED,
        trigger_type=kind,
        trigger_data=data,
        parent_run=parent,
        started_at=now,
        queued_at=now,
    )


def _overlap(run: Unfinished) -> str:
    state = "was still running" if run.status == Status.RUNNING else "was still waiting to start"
    return f"run {run.short_id} of this app {state}"
