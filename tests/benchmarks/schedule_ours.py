"""Run by the benchmark of the clock: `python -m tests.benchmarks.schedule_ours burst|idle JOBS`.

In the migrated installation that the environment names; prints its figures as JSON.
"""

import json
import os
import random
import sys
import time
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import django

from tests.benchmarks.measuring import Sample

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "halo_site.settings")
AHEAD = timedelta(seconds=3)  # the clock runs that long before the jobs are due
PATIENCE = timedelta(seconds=120)
IDLE_TICKS, IDLE_SECONDS = 500, 10
SPEC = """name: Watch
version: "1.0"
author: benchmark
description: Does nothing.
type: automation
system_prompt: Report that there is nothing to do.
subscriptions:
  - {id: hourly, source: {type: schedule, config: {every: 1h}}}
"""


def plant(jobs: int, due: datetime) -> None:
    """So many installed apps, each with a job that is due then: one is installed, the others are like it."""
    from app_manager.install import install
    from app_manager.models import App
    from halo_site import audit
    from halo_site.datadir.spaces import all_spaces, ensure_default_space
    from scheduler.models import Job

    ensure_default_space(due)
    rights: dict[str, Any] = {"granted": (), "denied": ()}
    actor = audit.command("benchmark")
    app = install(
        SPEC, space=all_spaces()[0], configuration={}, permissions=rights, actor=actor, now=due - AHEAD
    )
    app.refresh_from_db()
    job = Job.objects.get()
    Job.objects.update(anchor_at=due - timedelta(hours=1), next_run_at=due)
    job.refresh_from_db()
    names = [f"00000000-0000-4000-8000-{number:012}" for number in range(1, jobs)]
    App.objects.bulk_create(App(**{**_values(app), "id": name, "spec_id": name}) for name in names)
    Job.objects.bulk_create(
        Job(**{**_values(job), "id": f"{name}:hourly", "metadata": {**job.metadata, "appId": name}})
        for name in names
    )


def _values(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def burst(jobs: int) -> dict[str, float]:
    """All due at once, under the loop of `run_clock`."""
    from app_runtime.models import Run
    from scheduler import clock
    from scheduler.management.commands.run_clock import keep_time
    from scheduler.models import Job, Slot
    from scheduler.statuses import Verdict

    plant(jobs, clock.utc_now() + timedelta(days=1))
    due = clock.utc_now() + AHEAD + random.random() * timedelta(seconds=1)  # its sweeps meet it by chance
    Job.objects.update(anchor_at=due - timedelta(hours=1), next_run_at=due)
    lateness: list[float] = []
    began: list[float] = []
    ended: list[float] = []
    stop, run_batch = Event(), clock.run_batch

    def noted(*arguments: Any) -> Any:
        began.append(time.process_time())
        batch = run_batch(*arguments)
        ended.append(time.process_time())
        if batch is not None:
            late = (clock.utc_now() - due).total_seconds() * 1000
            lateness.extend([late] * batch.counts[Verdict.RAN])
        if len(lateness) >= jobs or clock.utc_now() > due + PATIENCE:
            stop.set()
        return batch

    clock.run_batch = noted
    keep_time(stop)
    assert Slot.objects.filter(verdict=Verdict.RAN).count() == Run.objects.queued().count() == len(lateness)
    late = Sample(lateness)
    rate = 1000 * jobs / max(lateness)
    cpu = 1e6 * (ended[-1] - began[0]) / jobs
    return {"rate": rate, "p50": late.median, "p99": late.p99, "dropped": jobs - len(lateness), "cpu": cpu}


def idle(jobs: int) -> dict[str, float]:
    """None is due: a tick, and the share of a core that the whole clock takes."""
    from scheduler import clock

    plant(jobs, clock.utc_now() + timedelta(days=1))
    taken = []
    for _tick in range(IDLE_TICKS):
        began = time.perf_counter()
        clock.run_once(clock.utc_now())
        taken.append((time.perf_counter() - began) * 1000)
    stop = Event()
    deadline = time.monotonic() + IDLE_SECONDS

    def wait(event: Event, seconds: float) -> None:
        event.wait(seconds)
        if time.monotonic() > deadline:
            event.set()

    before = time.process_time()
    clock.Clock(wait=wait, sweeps_beside=True).run(stop)
    share = 100 * (time.process_time() - before) / IDLE_SECONDS
    return {"tick": Sample(taken).median, "share": share}


def main() -> None:
    django.setup()
    what = {"burst": burst, "idle": idle}[sys.argv[1]]
    print(json.dumps(what(int(sys.argv[2]))))


if __name__ == "__main__":
    main()
