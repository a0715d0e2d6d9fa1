"""The clock's handler for many app jobs at once: what `dispatch.on_due` does for one, in a few statements."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app_manager.models import App
from app_runtime import queue
from app_runtime.dispatch import GONE, SEEN, app_id_of, new_run, refusal_of_due, trigger_data
from app_runtime.models import Run
from app_runtime.statuses import Trigger
from halo_site.store.inserting import insert_alike
from scheduler.registry import Dispatch, Due

logger = logging.getLogger(__name__)

_VARYING = ("run_id", "app_id", "session_key", "trigger_data", "task_id")


def on_many_due(dues: Sequence[Due], now: datetime) -> Mapping[str, Dispatch]:
    """Job id → what was done. A job that makes trouble is left out, and asked by itself.

    Raises IntegrityError where another process queued a run of one of the apps this moment.
    """
    apps = App.objects.in_bulk({app_id for due in dues if (app_id := app_id_of(due.job))})
    unfinished: dict[str, list[Run]] = {}
    for run in Run.objects.filter(app__in=apps).unfinished().only(*SEEN):
        unfinished.setdefault(run.app_id, []).append(run)
    answers: dict[str, Dispatch] = {}
    runs: list[Run] = []
    for due in dues:
        app = apps.get(app_id_of(due.job))
        try:
            answer = _planned(due, app, unfinished, runs, now)
        except Exception:
            logger.exception("Job %s is dispatched by itself", due.job.pk, extra={"action": "slot_alone"})
        else:
            answers[due.job.pk] = answer
    _insert(runs, now)
    return answers


def _planned(
    due: Due, app: App | None, unfinished: dict[str, list[Run]], runs: list[Run], now: datetime
) -> Dispatch:
    """The answer for one due time; its run, where it gets one, is added to both lists."""
    if app is None:
        return GONE
    refusal = refusal_of_due(app, due.job.metadata or {}, unfinished.get(app.pk, ()))
    if refusal is not None:
        return refusal
    run = new_run(app, Trigger.SCHEDULE, now, trigger_data(due.job, due.due_at))
    runs.append(run)
    unfinished.setdefault(app.pk, []).append(run)
    return Dispatch.started({"runId": run.run_id})


def _insert(runs: list[Run], now: datetime) -> None:
    """All the rows, and a task for each."""
    if runs:
        tasks = queue.tasks_for([run.run_id for run in runs])
        for run in runs:
            run.task_id = tasks[run.run_id]
        insert_alike(runs[0], [_varying(run) for run in runs])


def _varying(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in _VARYING}
