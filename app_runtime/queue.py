"""The queue: Django's Tasks API wakes a worker; the row in `automation_runs` is the truth (DESIGN §5.3).

A task of the database backend is taken out of its table by the transaction that claims its run, so that a
worker that is killed leaves either both or neither; the backend's own worker would leave it running for ever.
With another backend its worker calls `execute`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.models import DBTaskResult, get_date_max

from app_manager.models import new_ids
from app_runtime.models import Run
from app_runtime.statuses import FOLLOW_UPS
from halo_site.store.inserting import Alike
from halo_site.store.statements import GIVEN, Statement

FIRST, NORMAL = 10, 0
SWEPT_AT_ONCE = 500
WAITS = Statement(lambda: Run.objects.queued().filter(app_id=GIVEN).values_list("pk"))  # whether one does


@task()  # type: ignore[untyped-decorator]
def execute(run_id: str) -> None:
    """Work on one queued run. Called by a worker; a second call for the same run does nothing."""
    from app_runtime import worker  # the worker imports engines, which no other process needs

    worker.execute(run_id)


@dataclass(frozen=True)
class Waiting:
    """A task that waits: its own id, and that of its run."""

    task_id: Any
    run_id: str


def first(skip: int = 0) -> Waiting | None:
    """The task that comes first, or so many places after that; None where none waits there.

    Only who drops it may work on its run. A plain read of an index, which idle workers make all the time: it
    costs other writers nothing.
    """
    row = _ready(skip).first()
    return Waiting(row[0], str(json.loads(row[1])["args"][0])) if row else None


@cache
def _ready(skip: int) -> Statement:
    def rows() -> Any:
        ready = DBTaskResult.objects.filter(status=TaskResultStatus.READY, task_path=execute.module_path)
        return ready.values_list("pk", "args_kwargs")[skip:]

    return Statement(rows)


def drop(waiting: Waiting) -> bool:
    """Take a task out of the queue; False where somebody else was faster."""
    tasks = DBTaskResult.objects.filter(pk=waiting.task_id)
    return bool(tasks._raw_delete(tasks.db))


def wake(run: Run, now: datetime) -> None:
    """Put a task for this queued run into the queue, inside the caller's transaction."""
    priority = FIRST if run.trigger_type in FOLLOW_UPS else NORMAL
    result = execute.using(priority=priority).enqueue(run.run_id)
    run.task_id = str(result.id)
    Run.objects.filter(pk=run.pk).update(task_id=run.task_id)


def tasks_for(run_ids: Sequence[str]) -> dict[str, str]:
    """Put a task for each of these automatic runs into the queue; run id → task id."""
    if not isinstance(execute.get_backend(), DatabaseBackend):
        return {run_id: str(execute.using(priority=NORMAL).enqueue(run_id).id) for run_id in run_ids}
    tasks = dict(zip(run_ids, new_ids(len(run_ids)), strict=True))
    rows = [(task_id, {"args": [run_id], "kwargs": {}}) for run_id, task_id in tasks.items()]
    TASKS.insert(rows, enqueued_at=timezone.now())
    return tasks


def _ready_task() -> DBTaskResult:
    return DBTaskResult(
        args_kwargs={},
        priority=NORMAL,
        task_path=execute.module_path,
        queue_name=execute.queue_name,
        run_after=get_date_max(),
        backend_name=execute.backend,
    )


TASKS = Alike(_ready_task, each=("id", "args_kwargs"), shared=("enqueued_at",))


def wake_next(app_id: str, now: datetime) -> None:
    """When a run of this app has ended, start the one that waited for it, if there is one.

    A row that is locked is being claimed this moment, by a worker that waits for the end of the run that ends
    here: nobody has to wake it, and to wait for it would be a deadlock on PostgreSQL.
    """
    if WAITS.first(app_id) is None:
        return
    queued = Run.objects.queued().filter(app_id=app_id)
    waiting = queued.next_to_start().select_for_update(skip_locked=True).first()
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
