"""The clock's handler for many app jobs at once: what `dispatch.on_due` does for one, in a few statements."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app_manager.models import App, new_id
from app_runtime import queue
from app_runtime.dispatch import (
    GONE,
    SEEN,
    Unfinished,
    app_id_of,
    new_run,
    refusal_of_due,
    session_key_of,
    trigger_data,
)
from app_runtime.models import Run
from app_runtime.statuses import Status, Trigger
from halo_site.store.inserting import insert_alike
from scheduler.registry import Dispatch, Due

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """A run that is about to be queued; to make its model takes longer than all the rest."""

    run_id: str
    app: App
    data: dict[str, Any]
    queued_at: datetime
    status: str = Status.QUEUED
    trigger_type: str = Trigger.SCHEDULE

    @property
    def short_id(self) -> str:
        return self.run_id[:8]


def on_many_due(dues: Sequence[Due], now: datetime) -> Mapping[str, Dispatch]:
    """Job id → what was done. A job that makes trouble is left out, and asked by itself.

    Raises IntegrityError where another process queued a run of one of the apps this moment.
    """
    apps = App.objects.in_bulk({app_id for due in dues if (app_id := app_id_of(due.job))})
    unfinished: dict[str, list[Unfinished]] = {}
    for run in Run.objects.filter(app__in=apps).unfinished().only(*SEEN):
        unfinished.setdefault(run.app_id, []).append(run)
    answers: dict[str, Dispatch] = {}
    planned: list[Planned] = []
    for due in dues:
        app = apps.get(app_id_of(due.job))
        try:
            answer = _answer(due, app, unfinished, planned, now)
        except Exception:
            logger.exception("Job %s is dispatched by itself", due.job.pk, extra={"action": "slot_alone"})
        else:
            answers[due.job.pk] = answer
    _insert(planned, now)
    return answers


def _answer(
    due: Due,
    app: App | None,
    unfinished: dict[str, list[Unfinished]],
    planned: list[Planned],
    now: datetime,
) -> Dispatch:
    """The answer for one due time; its run, where it gets one, is added to both lists."""
    if app is None:
        return GONE
    refusal = refusal_of_due(app, due.job.metadata or {}, unfinished.get(app.pk, ()))
    if refusal is not None:
        return refusal
    run = Planned(new_id(), app, trigger_data(due.job, due.due_at), now)
    planned.append(run)
    unfinished.setdefault(app.pk, []).append(run)
    return Dispatch.started({"runId": run.run_id})


def _insert(planned: list[Planned], now: datetime) -> None:
    """All the rows, and a task for each."""
    if not planned:
        return
    tasks = queue.tasks_for([run.run_id for run in planned])
    pattern = new_run(planned[0].app, Trigger.SCHEDULE, now, planned[0].data)
    pattern.task_id = "given by each row"
    rows = [
        {
            "run_id": run.run_id,
            "app_id": run.app.pk,
            "session_key": session_key_of(run.run_id),
            "trigger_data": run.data,
            "task_id": tasks[run.run_id],
        }
        for run in planned
    ]
    insert_alike(pattern, rows)
