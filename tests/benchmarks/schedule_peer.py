"""Run by the benchmark of the clock: the same with APScheduler 3 and its SQLAlchemyJobStore on a SQLite file.

`python -m tests.benchmarks.schedule_peer burst|idle JOBS`; prints its figures as JSON.
"""

import json
import logging
import sqlite3
import sys
import tempfile
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Sample

AHEAD = timedelta(seconds=3)
PATIENCE = 120  # seconds
IDLE_TICKS = 500
due = datetime.now(UTC)
lateness: list[float] = []
threads = threading.local()


def job(file: str) -> None:
    """What is scheduled: it queues a run and commits that; each thread has a connection."""
    connection = getattr(threads, "connection", None)
    if connection is None:
        connection = threads.connection = sqlite3.connect(file, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("INSERT INTO runs VALUES (?, 'queued', ?)", (str(uuid.uuid4()), time.time()))
    lateness.append((datetime.now(UTC) - due).total_seconds() * 1000)


def scheduler_on(file: Path) -> Any:
    """A scheduler whose store writes like ours, that drops nothing and takes whatever comes."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler
    from sqlalchemy import create_engine, event

    engine = create_engine(f"sqlite:///{file}")

    @event.listens_for(engine, "connect")
    def journal(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    return BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(engine=engine)},
        executors={"default": ThreadPoolExecutor(10)},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        timezone=UTC,
    )


def plant(scheduler: Any, jobs: int, at: datetime) -> None:
    """So many jobs that are due then."""
    scheduler.start(paused=True)
    file = str(scheduler._lookup_jobstore("default").engine.url.database)
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE runs (run_id TEXT PRIMARY KEY, status TEXT, queued_at REAL)")
    for number in range(jobs):
        scheduler.add_job(job, "interval", [file], hours=1, id=str(number), next_run_time=at)


def burst(scheduler: Any, jobs: int) -> dict[str, float]:
    """All due at once: planted while it is paused, a few milliseconds each before."""
    global due
    due = datetime.now(UTC) + AHEAD + timedelta(milliseconds=6) * jobs
    plant(scheduler, jobs, due)
    scheduler.resume()
    assert datetime.now(UTC) < due, "the machine is too slow to plant the jobs in time"
    began = time.process_time()  # until it is due, it only waits
    deadline = time.monotonic() + (due - datetime.now(UTC)).total_seconds() + PATIENCE
    while len(lateness) < jobs and time.monotonic() < deadline:
        time.sleep(0.02)
    late = Sample(lateness)
    rate = 1000 * jobs / max(lateness)
    dropped = jobs - len(lateness)
    cpu = 1e6 * (time.process_time() - began) / jobs
    scheduler.shutdown()
    return {"rate": rate, "p50": late.median, "p99": late.p99, "dropped": dropped, "cpu": cpu}


def idle(scheduler: Any, jobs: int) -> dict[str, float]:
    """None is due: one look at the store."""
    plant(scheduler, jobs, datetime.now(UTC) + timedelta(days=1))
    scheduler.resume()
    taken = []
    for _tick in range(IDLE_TICKS):
        began = time.perf_counter()
        scheduler._process_jobs()
        taken.append((time.perf_counter() - began) * 1000)
    scheduler.shutdown()
    return {"tick": Sample(taken).median}


def main() -> None:
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        what = {"burst": burst, "idle": idle}[sys.argv[1]]
        print(json.dumps(what(scheduler_on(Path(scratch) / "jobs.db"), int(sys.argv[2]))))


if __name__ == "__main__":
    main()
