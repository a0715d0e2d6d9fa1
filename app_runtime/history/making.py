"""Makes a synthetic history: apps, then their runs in the order of time, in batches, then where that led."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random

from app_manager.models import App
from app_runtime.history import bulk
from app_runtime.history.happenings import ENTRY_COLUMNS, RUN_COLUMNS, SLOT_COLUMNS, AppHistory, Happening
from app_runtime.history.installing import put_apps, put_spaces, settle_apps
from app_runtime.history.outline import PREFIX, Wanted, outlines
from app_runtime.history.transcripts import write_transcripts
from app_runtime.history.usage_days import UsageDays
from app_runtime.models import Run

BATCH_ROWS = 200_000  # of all tables together, in one transaction
TRANSCRIPTS = 50

Progress = Callable[[int], None]  # told how many runs are written


def make_history(wanted: Wanted, now: datetime, progress: Progress = lambda runs: None) -> list[App]:
    """Put what is wanted beside what is there, and return the new apps, the busiest first.

    Equal arguments make equal rows, but for the ids of apps' spaces. Raises `DoesNotFit` before anything is
    written. What an interruption leaves are whole batches, without the days' sums of what they used.
    """
    first = _first_number()
    parts = outlines(wanted, first, now)
    random = Random(f"{wanted.seed}:{first}")  # noqa: S311 - made up, and the same again for the same seed
    with bulk.many_writes():
        apps = put_apps(parts, put_spaces(now), random)
        histories = [
            AppHistory(part, app.pk, Random(f"{wanted.seed}:{part.number}"))  # noqa: S311
            for part, app in zip(parts, apps, strict=True)
        ]
        used = UsageDays(apps)
        used.forget_others()
        newest = _write(heapq.merge(*histories), used, progress)
        settle_apps(apps, histories)
    write_transcripts(Run.objects.filter(pk__in=newest).select_related("app"))
    return apps


def _write(happenings: Iterable[Happening], used: UsageDays, progress: Progress) -> list[str]:
    """Write runs, entries and slots as they come, then what they used; the ids of the newest runs."""
    runs = bulk.Table("automation_runs", RUN_COLUMNS)
    entries = bulk.Table("activity_entries", ENTRY_COLUMNS)
    slots = bulk.Table("scheduler_run_log", SLOT_COLUMNS)
    tables = (runs, entries, slots)
    newest: deque[str] = deque(maxlen=TRANSCRIPTS)
    written = 0
    for _started, run_id, run, told, slot in happenings:
        if run_id:
            runs.rows.append(run)
            used.add(run)
            entries.rows += told
            newest.append(run_id)
            written += 1
        if slot is not None:
            slots.rows.append(slot)
        if len(runs.rows) + len(entries.rows) + len(slots.rows) >= BATCH_ROWS:
            bulk.write_all(tables)
            progress(written)
    days = used.table()
    bulk.write_all((*tables, days))
    bulk.analyze((*tables, days))
    return list(newest)


def _first_number() -> int:
    """The number of the next synthetic app: names never come twice, and neither do ids that a seed makes."""
    names = App.objects.filter(spec_id__startswith=PREFIX).values_list("spec_id", flat=True)
    numbers = [int(name.removeprefix(PREFIX)) for name in names if name.removeprefix(PREFIX).isdigit()]
    return max(numbers, default=0) + 1
