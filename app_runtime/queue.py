"""The queue: Django's Tasks API wakes a worker; the row in `automation_runs` is the truth (DESIGN §5.3)."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from app_runtime.models import Run
from app_runtime.statuses import FOLLOW_UPS

FIRST, NORMAL = 10, 0
SWEPT_AT_ONCE = 500
# Rows of tasks that are over are of no use to anybody; the library keeps them for ever.
KEPT = timedelta(days=1)
# A task that a killed worker left behind stays "running"; no run may take this long (RunSettings).
LONGEST_TASK = timedelta(days=2)


@task()  # type: ignore[untyped-decorator]
def execute(run_id: str) -> None:
    """Work on one queued run. Called by a worker; a second call for the same run does nothing."""
    from app_runtime import worker  # the worker imports engines, which no other process needs

    worker.execute(run_id)


def wake(run: Run, now: datetime) -> None:
    """Put a task for this queued run into the queue, inside the caller's transaction."""
    priority = FIRST if run.trigger_type in FOLLOW_UPS else NORMAL
    result = execute.using(priority=priority).enqueue(run.run_id)
    run.task_id = str(result.id)
    Run.objects.filter(pk=run.pk).update(task_id=run.task_id)


def wake_next(app_id: str, now: datetime) -> None:
    """When a run of this app has ended, start the one that waited for it, if there is one.

    A row that is locked is being claimed this moment, by a worker that waits for the end of the run that ends
    here: nobody has to wake it, and to wait for it would be a deadlock on PostgreSQL.
    """
    waiting = Run.objects.filter(app_id=app_id).next_to_start().select_for_update(skip_locked=True).first()
    if waiting is not None and not has_live_task(waiting):
        wake(waiting, now)


def wake_forgotten(now: datetime, older_than: timedelta) -> int:
    """Enqueue again what is queued without a live task, and whose app has nothing running.

    Returns how many. Two processes that do it at once leave two tasks, of which the second does nothing.
    """
    busy = Run.objects.running().values("app_id")
    waiting = Run.objects.queued().filter(queued_at__lt=now - older_than).exclude(app_id__in=busy)
    listed = list(waiting.order_by("queued_at", "run_id")[:SWEPT_AT_ONCE])
    tasks = DBTaskResult.objects.filter(pk__in={run.task_id for run in listed if run.task_id})
    live = {str(key) for key in tasks.ready().values_list("pk", flat=True)} if listed else set()
    forgotten = [run for run in listed if run.task_id not in live]
    for run in forgotten:
        wake(run, now)
    return len(forgotten)


def has_live_task(run: Run) -> bool:
    """Whether a worker will still be told of this run."""
    if not run.task_id:
        return False
    try:
        return bool(DBTaskResult.objects.ready().filter(pk=run.task_id).exists())
    except ValidationError:  # no id of a task
        return False


def prune(now: datetime) -> int:
    """Delete tasks that ended more than a day ago or that a killed worker left; returns how many."""
    ended, _rows = DBTaskResult.objects.finished().filter(finished_at__lt=now - KEPT).delete()
    left, _rows = DBTaskResult.objects.running().filter(started_at__lt=now - LONGEST_TASK).delete()
    return int(ended + left)
