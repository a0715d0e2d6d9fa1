"""The clock's handler for many app jobs at once: what `dispatch.on_due` does for one, in a few statements."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from app_manager.models import App, new_ids
from app_runtime import queue
from app_runtime.admission import JUDGED, LetRun
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
from halo_site.store.fields import EPOCH, to_ms
from halo_site.store.inserting import Alike
from halo_site.store.statements import GIVEN, Listed, made
from scheduler.registry import Dispatch, Due

logger = logging.getLogger(__name__)
APPS = Listed(lambda: App.objects.filter(pk__in=[GIVEN]).values_list(*JUDGED))
UNFINISHED = Listed(lambda: Run.objects.unfinished().filter(app_id__in=[GIVEN]).values_list(*SEEN))
OWN_COLUMNS = ("run_id", "app_id", "session_key", "trigger_data", "task_id")  # of each run of a batch
let_run = LetRun()


class Going(NamedTuple):
    """A stored run that has not ended, as `SEEN` has it."""

    run_id: str
    app_id: str
    status: str
    trigger_type: str
    queued_at: int  # milliseconds UTC

    @property
    def short_id(self) -> str:
        return self.run_id[:8]


class Planned(NamedTuple):
    """A run that is about to be queued; to make its model takes longer than all the rest."""

    run_id: str
    app_id: str
    data: dict[str, Any]
    queued_at: int  # milliseconds UTC
    status: str = Status.QUEUED
    trigger_type: str = Trigger.SCHEDULE

    @property
    def short_id(self) -> str:
        return self.run_id[:8]


class Known(NamedTuple):
    """What the database said of the apps of a batch; runs that are planned are added."""

    apps: dict[str, tuple[Any, ...]]  # by id, columns as `JUDGED` has them
    unfinished: defaultdict[str, list[Unfinished]]
    new_ids: Iterator[str]  # of runs, one for each due time


def on_many_due(dues: Sequence[Due], now: datetime) -> Mapping[str, Dispatch]:
    """Job id → what was done. A job that makes trouble is left out, and asked by itself.

    Raises IntegrityError where another process queued a run of one of the apps this moment.
    """
    apps = [app_id_of(due.job) for due in dues]
    known = _known(set(apps), len(dues))
    now_ms = to_ms(now)
    answers: dict[str, Dispatch] = {}
    planned: list[Planned] = []
    for due, app_id in zip(dues, apps, strict=True):
        try:
            answer = _answer(due, app_id, known, planned, now_ms)
        except Exception:
            logger.exception("Job %s is dispatched by itself", due.job.pk, extra={"action": "slot_alone"})
        else:
            answers[due.job.pk] = answer
    _insert(planned, now)
    return answers


def _known(app_ids: set[str], dues: int) -> Known:
    apps = {row[0]: row for row in APPS.rows(app_ids)}
    unfinished: defaultdict[str, list[Unfinished]] = defaultdict(list)
    for row in UNFINISHED.rows(apps):
        run = Going(*row)
        unfinished[run.app_id].append(run)
    return Known(apps, unfinished, iter(new_ids(dues)))


def _answer(due: Due, app_id: str, known: Known, planned: list[Planned], now_ms: int) -> Dispatch:
    """The answer for one due time; its run, where it gets one, is added to both lists."""
    row = known.apps.get(app_id)
    if row is None:
        return GONE
    if app_id in known.unfinished or not let_run.knows(row):
        app = made(App, JUDGED, row)
        refusal = refusal_of_due(app, due.job.facts, known.unfinished.get(app_id, ()))
        if refusal is not None:
            return refusal
        let_run.note(row)
    run = Planned(next(known.new_ids), app_id, trigger_data(due.job, due.due_ms), now_ms)
    planned.append(run)
    known.unfinished[app_id].append(run)
    return Dispatch.started({"runId": run.run_id})


def _insert(planned: list[Planned], now: datetime) -> None:
    """All the rows, and a task for each."""
    tasks = queue.tasks_for([run.run_id for run in planned])
    rows = [
        (run.run_id, run.app_id, session_key_of(run.run_id), run.data, tasks[run.run_id]) for run in planned
    ]
    RUNS.insert(rows, started_at=now, queued_at=now)


def _scheduled_run() -> Run:
    run = new_run(App(pk="its app"), Trigger.SCHEDULE, EPOCH, {})
    run.task_id = "its task"
    return run


RUNS = Alike(_scheduled_run, each=OWN_COLUMNS, shared=("started_at", "queued_at"))
