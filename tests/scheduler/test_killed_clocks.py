"""kill -9 of clocks that dispatch real runs: no due time twice, none without a verdict, its work once."""

import os
import random
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from app_runtime.models import Run
from app_runtime.statuses import Outcome, Status
from halo_site.store.fields import as_stored, from_ms, to_ms
from scheduler.clock import run_once, utc_now
from scheduler.models import Job, Slot
from tests.factories import make_app
from tests.processes import eventually
from tests.scheduler.clocks import clocks, kill, start_clock, ticks

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = 100
EVERY = timedelta(seconds=10)
GROUPS = 10  # of jobs that are due together, a second apart
SECOND = timedelta(seconds=1)


def spread_jobs() -> datetime:
    """Apps that are due every 10 s, ten of them each second; returns when they begin."""
    for place in range(JOBS):
        make_app(f"Watch {place}", now=timezone.now())
    began = as_stored(timezone.now())
    for place, job in enumerate(Job.objects.order_by("pk")):
        anchor = began - EVERY + place % GROUPS * SECOND
        Job.objects.filter(pk=job.pk).update(anchor_at=anchor, next_run_at=anchor + EVERY)
    return began


def work_off() -> None:
    """What a worker would do: the runs that wait come to their end, and the next due time finds none."""
    Run.objects.queued().update(status=Status.OK, outcome=Outcome.NOOP, finished_at=timezone.now())


def check_ledger(until: datetime) -> Counter[str]:
    """Exactly the due times of each job, once each, and a run for each that ran; returns the verdicts."""
    verdicts: Counter[str] = Counter()
    runs = {run.run_id: run for run in Run.objects.all()}
    for job in Job.objects.all():
        slots = list(job.slots.order_by("due_at"))
        count = (until - job.anchor_at) // EVERY
        assert [slot.due_at for slot in slots] == [job.anchor_at + EVERY * k for k in range(1, count + 1)]
        verdicts.update(slot.verdict for slot in slots)
        for slot in slots:
            if slot.verdict in ("ran", "late"):
                data = runs.pop(slot.metadata["runId"]).trigger_data
                assert (data["jobId"], from_ms(data["dueAtMs"])) == (job.pk, slot.due_at)
    assert runs == {}
    tasks = Counter(task.args_kwargs["args"][0] for task in DBTaskResult.objects.all())
    assert tasks == Counter(Run.objects.values_list("run_id", flat=True))
    assert set(verdicts) <= {"ran", "late", "merged", "skipped"}
    return verdicts


def kill_and_check(seed: int, seconds: float) -> str:
    chance = random.Random(seed)
    kills = 0
    began = spread_jobs()
    with clocks(2) as running:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            work_off()
            since = (timezone.now() - began).total_seconds()
            time.sleep(1 - since % 1 + chance.uniform(-0.02, 0.12))  # about when a group is due
            kill(running.pop(chance.randrange(2)))
            running.append(start_clock())
            kills += 1
            eventually(lambda: work_off() or ticks(running[1]))
    until = utc_now()
    while run_once(until).next_due <= until:  # type: ignore[operator]
        pass
    verdicts = check_ledger(until)
    assert verdicts["ran"] > 0
    assert Slot.objects.filter(verdict="error").count() == 0
    return f"seed {seed}: {kills} kills, {dict(verdicts)}, to {to_ms(until)}"


def test_two_clocks_that_are_killed_at_random_lose_and_double_nothing() -> None:
    kill_and_check(seed=11, seconds=4)


@pytest.mark.chaos
def test_two_clocks_that_are_killed_for_a_minute_lose_and_double_nothing() -> None:
    seed = int(os.environ.get("HALO_CHAOS_SEED") or random.randrange(10**6))
    print(kill_and_check(seed, seconds=60))
