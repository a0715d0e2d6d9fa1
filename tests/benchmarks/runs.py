"""Runs: how many a second go through the queue, how soon one starts, what idle workers and the web cost.

Rates count from the first start to the last end of work that was committed at once, with that many worker
processes. "queue" is our worker from a task to the end in the run's row, without a session; "whole" is that
with everything that a run writes to disk (transcript, memory, entry, record). Beside them, in the same round
and on the same database: tasks that do nothing with the worker of django-tasks-db, as Django sets it up by
itself ("plain", a connection for each task) and with connections that are kept ("kept").
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from tests.benchmarks import machine, web
from tests.benchmarks.measuring import Sample, interleaved, ratio
from tests.benchmarks.sites import Site, cpu_seconds, postgres_database
from tests.benchmarks.tables import text_table

WORKERS = (1, 2, 4)
READY_SECONDS = 3.0  # what processes get to start
MANAGE = "manage.py"
PLAIN = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.plain_settings"}
ENGINE_SECONDS = 0.2
IDLE_WORKERS = 4
GOALS = (
    "goals: queue / plain at least 1; start p95 under 200 ms; 4 idle workers under 5 %; write p99 under 5 ms"
)


def add_to(benchmarks: Any) -> None:
    """The benchmark's options."""
    parser = benchmarks.add_parser(
        "runs", help="rates, start, idle cost, overhead, memory of the web process"
    )
    parser.add_argument("--runs", type=int, default=200, help="in each round (default: 200)")
    parser.add_argument("--rounds", type=int, default=3, help="that count (default: 3)")
    parser.add_argument("--quick", action="store_true", help="40 runs, one round, short looks")
    parser.add_argument(
        "--postgres",
        default=os.environ.get("HALO_TEST_POSTGRES", ""),
        metavar="URL",
        help="a server where a database may be made and dropped (default: HALO_TEST_POSTGRES)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure on SQLite, then on PostgreSQL where one is given; print the tables."""
    if options.quick:
        options.runs, options.rounds = 40, 1
    for name, value in machine.facts().items():
        print(f"{name}: {value}")
    for database in ("SQLite", "PostgreSQL"):
        if database == "PostgreSQL" and not options.postgres:
            print("PostgreSQL was not measured: give --postgres URL")
            continue
        with ExitStack() as stack:
            url = stack.enter_context(postgres_database(options.postgres)) if database == "PostgreSQL" else ""
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data"
            site = stack.enter_context(Site(folder, url))
            site.ask("apps", number=options.runs)
            print(f"\n{database}, runs a second ({options.runs} runs, median of {options.rounds} rounds)")
            print(text_table(RATE_HEADINGS, [_rates(site, number, options) for number in WORKERS]))
            print(f"\n{database}, {IDLE_WORKERS} idle workers")
            print(text_table(IDLE_HEADINGS, [_idle(site, options)]))
            print(f"\n{database}, one worker, an engine of {ENGINE_SECONDS * 1000:g} ms")
            print(text_table(OVERHEAD_HEADINGS, [_overhead(site, options)]))
    print("\nWeb process")
    print(text_table(web.HEADINGS, [web.figures()]))
    print(GOALS)
    return 0


RATE_HEADINGS = (
    "workers",
    "queue",
    "whole",
    "plain",
    "kept",
    "queue / plain",
    "queue / kept",
    "whole / plain",
)


Words = tuple[str, str, str]  # of `crowd`: what queues, what counts those that have ended, what forgets them
RUNS: Words = ("queue", "ended", "forget")
TASKS: Words = ("enqueue", "tasks_ended", "forget_tasks")
SUBJECTS: dict[str, tuple[Words, tuple[str, ...], dict[str, str]]] = {
    "queue": (RUNS, ("-m", "tests.benchmarks.bare_worker"), {"DJANGO_SETTINGS_MODULE": "halo_site.settings"}),
    "whole": (RUNS, (MANAGE, "run_worker"), {}),
    "plain": (TASKS, (MANAGE, "db_worker"), PLAIN),
    "kept": (TASKS, (MANAGE, "db_worker"), {}),
}


def _rates(site: Site, workers: int, options: argparse.Namespace) -> tuple[object, ...]:
    subjects: dict[str, Callable[[], float]] = {
        name: partial(rate_of, site, workers, options.runs, name) for name in SUBJECTS
    }
    taken = interleaved(subjects, counted=options.rounds, dropped=0)
    rate = {name: sample.median for name, sample in taken.items()}
    against = (("queue", "plain"), ("queue", "kept"), ("whole", "plain"))
    return (workers, *rate.values(), *(ratio(rate[one], rate[other]) for one, other in against))


def rate_of(
    site: Site, workers: int, number: int, subject: str, ready_seconds: float = READY_SECONDS
) -> float:
    """How many of ``number`` a second, from the first start to the last end."""
    (queue, ended, forget), command, more = SUBJECTS[subject]
    with site.processes(workers, *command, **more):
        time.sleep(ready_seconds)
        site.ask(queue, number=number)
        site.until(lambda: site.ask(ended) >= number)
    return ratio(number, float(site.ask(forget)))


IDLE_HEADINGS = (
    "start p50 ms",
    "start p95 ms",
    "% of a core",
    "write p99 ms alone",
    "write p99 ms beside them",
)


def _idle(site: Site, options: argparse.Namespace) -> tuple[object, ...]:
    clicks, seconds = (10, 3.0) if options.quick else (60, 15.0)
    alone = Sample(site.ask("write_alone", seconds=seconds, pause=0.005))
    with site.processes(IDLE_WORKERS, MANAGE, "run_worker") as pids:
        time.sleep(READY_SECONDS)
        before, began = sum(map(cpu_seconds, pids)), time.monotonic()
        time.sleep(seconds)
        share = 100 * (sum(map(cpu_seconds, pids)) - before) / (time.monotonic() - began)
        beside = Sample(site.ask("write_alone", seconds=seconds, pause=0.005))
        waits = Sample([each["wait"] for each in _clicked(site, clicks)])
    return waits.median, waits.p95, share, alone.p99, beside.p99


OVERHEAD_HEADINGS = ("whole run p50 ms", "over its engine p50 ms", "p95 ms")


def _overhead(site: Site, options: argparse.Namespace) -> tuple[object, ...]:
    clicks = 5 if options.quick else 30
    with site.processes(1, MANAGE, "run_worker", NOOP_SECONDS=str(ENGINE_SECONDS)):
        time.sleep(READY_SECONDS)
        _clicked(site, 1)  # the first one imports what the next ones have
        took = Sample([each["took"] for each in _clicked(site, clicks)])
    engine = ENGINE_SECONDS * 1000
    return took.median, took.median - engine, took.p95 - engine


def _clicked(site: Site, number: int) -> list[dict[str, float]]:
    """Runs started by hand, one after the other, at moments that fit no rhythm of the workers."""
    random = Random(number)
    for place in range(number):
        site.ask("trigger", number=place % 40)
        site.until(lambda place=place: site.ask("ended") > place)  # type: ignore[misc]
        time.sleep(random.uniform(0, 0.3))
    found: list[dict[str, float]] = site.ask("durations")
    site.ask("forget")
    return found
