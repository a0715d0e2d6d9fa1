"""Stopping runs: a queued one at once, a running one through its worker, its record where that is gone."""

from datetime import datetime, timedelta

from django.db import transaction

from app_manager.models import App
from app_runtime import records
from app_runtime.exceptions import RuntimeRefusal
from app_runtime.models import Run
from app_runtime.settlement import End, cancel_queued, record_end
from app_runtime.statuses import Status
from halo_site import audit
from halo_site.audit import Actor

# A worker sees the wish within 2 s and ends what it started within 10 s (BEHAVIOUR, Runs)
WORKER_SECONDS = 10


def request_cancel(run: Run, actor: Actor, now: datetime) -> bool:
    """Cancel a queued run, or have the worker of a running one stop it; False where it has ended already.

    The same wish twice is harmless: the first one counts.
    """
    with transaction.atomic():
        App.objects.hold(run.app_id)
        if cancel_queued(run, f"{actor.words} cancelled it", now):
            Run.objects.filter(pk=run.pk).update(cancelled_by=actor.words, cancel_requested_at=now)
            _audit(run, "run.cancel", actor, now, Status.QUEUED, Status.CANCELLED)
            return True
        running = Run.objects.running().filter(pk=run.pk)
        if running.filter(cancel_requested_at__isnull=True).update(
            cancel_requested_at=now, cancelled_by=actor.words
        ):
            _audit(run, "run.cancel", actor, now, Status.RUNNING, None)
            return True
        return running.exists()


def force_stop(run: Run, actor: Actor, now: datetime) -> bool:
    """End the record of a run whose worker does not confirm the cancel; False where it has ended already.

    Raises `RuntimeRefusal` before the worker had its time: what it still does would go unrecorded.
    """
    stored = Run.objects.running().select_related("app").filter(pk=run.pk).first()
    if stored is None:
        return False
    asked = stored.cancel_requested_at
    if asked is None or now - asked < timedelta(seconds=WORKER_SECONDS):
        raise RuntimeRefusal(
            f"Run {stored.short_id} is given {WORKER_SECONDS} s to stop by itself. "
            "Cancel it, wait, then try again."
        )
    sentence = (
        f"Cancelled by {stored.cancelled_by}; {actor.words} ended its record, because its worker did not "
        "confirm. What it did last is unknown."
    )
    with transaction.atomic():
        ended = record_end(stored, End(Status.CANCELLED, None, sentence), now, stored.held())
        if ended:
            _audit(stored, "run.stop", actor, now, Status.RUNNING, Status.CANCELLED)
    if ended:
        records.close(stored, now)
    return ended


def _audit(
    run: Run, verb: str, actor: Actor, now: datetime, before: Status, after: Status | None
) -> None:  # fmt: skip
    """With what the run was and is; None after a wish that its worker has not seen yet."""
    audit.record(
        actor, verb, object_type="run", object_id=run.pk, now=now, summary=f"{run.app.name} {run.short_id}",
        before={"status": before.value}, after={"status": after.value if after else "cancel asked for"},
    )  # fmt: skip
