"""The queue: Django's Tasks API wakes a worker; the row in `automation_runs` is the truth (DESIGN §5.3)."""

from datetime import datetime, timedelta

from django_tasks import TaskResultStatus, task
from django_tasks.exceptions import TaskResultDoesNotExist

from app_runtime.models import Run
from app_runtime.statuses import Trigger

FIRST, NORMAL = 10, 0
SWEPT_AT_ONCE = 200


@task()
def execute(run_id: str) -> None:
    """Work on one queued run. Called by a worker; a second call for the same run does nothing."""
    from app_runtime import worker  # the worker imports engines, which no other process needs

    worker.execute(run_id)


def wake(run: Run, now: datetime) -> None:
    """Put a task for this queued run into the queue, inside the caller's transaction."""
    priority = FIRST if run.trigger_type == Trigger.ESCALATION_FOLLOWUP else NORMAL
    result = execute.using(priority=priority).enqueue(run.run_id)
    Run.objects.filter(pk=run.pk).update(task_id=str(result.id))


def wake_next(app_id: str, now: datetime) -> None:
    """When a run of this app has ended, start the one that waited for it, if there is one."""
    waiting = Run.objects.filter(app_id=app_id).next_to_start().first()
    if waiting is not None and not has_live_task(waiting):
        wake(waiting, now)


def wake_forgotten(now: datetime, older_than: timedelta) -> int:
    """Enqueue again what is queued without a live task, and whose app has nothing running; returns how many."""
    busy = Run.objects.running().values("app_id")
    waiting = Run.objects.queued().filter(queued_at__lt=now - older_than).exclude(app_id__in=busy)
    forgotten = [run for run in waiting.order_by("queued_at")[:SWEPT_AT_ONCE] if not has_live_task(run)]
    for run in forgotten:
        wake(run, now)
    return len(forgotten)


def has_live_task(run: Run) -> bool:
    """Whether a worker will still be told of this run."""
    if not run.task_id:
        return False
    try:
        return bool(execute.get_result(run.task_id).status == TaskResultStatus.READY)
    except TaskResultDoesNotExist:
        return False
