"""The clock: jobs that are all due at one instant, and a look at nothing due, beside APScheduler 3.

Each figure comes from a process of its own with a fresh database file. Ours is the loop of `run_clock`, its
sweeps included, with real apps and real admission. APScheduler has its SQLAlchemyJobStore on SQLite with the
same journal (WAL, NORMAL), no limit for misfires and a pool that takes every job; its job writes one row, the
queued run. With both a job counts as dispatched when its queued run is committed.
Lateness is the time from the due instant to that moment; CPU is that of the whole process for each job, which
says the same on a machine that does other things too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import machine
from tests.benchmarks.measuring import ratio
from tests.benchmarks.tables import text_table
from tests.processes import ROOT, environment, manage

SIZES = (10, 1_000, 10_000)
IDLE_JOBS = 10_000
OURS, PEER = "tests.benchmarks.schedule_ours", "tests.benchmarks.schedule_peer"
HEADINGS = ("jobs", "ours /s", "APScheduler /s", "times", "p50 ms", "its p50", "p99 ms", "its p99", "share",
            "dropped", "its", "cpu µs", "its cpu")  # fmt: skip
IDLE_HEADINGS = ("jobs", "idle tick ms", "% of a core", "its ms")
GOALS = """goals: 5 times its rate, a fifth (0.20) of its p99, nothing dropped;
ours p99 under 300 ms with 1,000 jobs and under 2,500 ms with 10,000 (DESIGN §8)"""
Figures = dict[str, float]


def add_to(benchmarks: Any) -> None:
    """The benchmark's options."""
    parser = benchmarks.add_parser(
        "schedule", help="jobs due together, and an idle clock; beside APScheduler 3"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are shown (default: 3)")
    parser.add_argument("--quick", action="store_true", help="one round, at most 1,000 jobs")
    parser.add_argument("--alone", action="store_true", help="without APScheduler")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure both in turn and print the tables. A goal that is missed is no failure."""
    if not options.alone and (lack := missing()):
        print(lack, file=sys.stderr)
        return 1
    rounds = 1 if options.quick else options.rounds
    sizes = [size for size in SIZES if not options.quick or size <= 1_000]
    subjects = [OURS] if options.alone else [OURS, PEER]
    for name, value in machine.facts().items():
        print(f"{name}: {value}")
    print(f"\nJobs due at one instant (medians of {rounds} rounds)")
    print(text_table(HEADINGS, [_row(size, measured(subjects, rounds, "burst", size)) for size in sizes]))
    jobs = sizes[-1] if options.quick else IDLE_JOBS
    print("\nNothing due")
    print(text_table(IDLE_HEADINGS, [_idle_row(jobs, measured(subjects, rounds, "idle", jobs))]))
    print(GOALS)
    print(f"load at the end: {machine.facts()['load']}")
    return 0


def missing() -> str:
    """What this interpreter lacks and how to get it, in one sentence; empty where nothing is missing."""
    lacks = [
        name for name, module in (("APScheduler", "apscheduler"), ("SQLAlchemy", "sqlalchemy"))
        if find_spec(module) is None
    ]  # fmt: skip
    if not lacks:
        return ""
    how = f"{sys.executable} -m pip install -e '.[benchmarks]'"
    return f"{' and '.join(lacks)}, beside which the clock is measured, cannot be imported; install: {how}"


def measured(subjects: list[str], rounds: int, what: str, jobs: int) -> dict[str, Figures]:
    """Subject → the medians of its figures; in each round every subject once."""
    taken: dict[str, list[Figures]] = {subject: [] for subject in subjects}
    for _round in range(rounds):
        for subject in subjects:
            taken[subject].append(figures(subject, what, jobs))
    return {
        subject: {name: median(each[name] for each in found) for name in found[0]}
        for subject, found in taken.items()
    }


def figures(subject: str, what: str, jobs: int) -> Figures:
    """What one fresh process measures."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        if subject == OURS:
            migrated = manage(folder, "migrate", "--verbosity", "0")
            assert migrated.returncode == 0, migrated.stderr
        done = subprocess.run(
            [sys.executable, "-m", subject, what, str(jobs)],
            env=environment(folder, PYTHONPATH=":".join(filter(None, sys.path))),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def _row(size: int, found: dict[str, Figures]) -> tuple[object, ...]:
    ours, peer = found[OURS], found.get(PEER)
    if peer is None:
        return (
            size,
            ours["rate"],
            "",
            "",
            ours["p50"],
            "",
            ours["p99"],
            "",
            "",
            int(ours["dropped"]),
            "",
            ours["cpu"],
            "",
        )
    return (
        size, ours["rate"], peer["rate"], ratio(ours["rate"], peer["rate"]), ours["p50"], peer["p50"],
        ours["p99"], peer["p99"], ratio(ours["p99"], peer["p99"]), int(ours["dropped"]), int(peer["dropped"]),
        ours["cpu"], peer["cpu"],
    )  # fmt: skip


def _idle_row(jobs: int, found: dict[str, Figures]) -> tuple[object, ...]:
    ours, peer = found[OURS], found.get(PEER)
    return jobs, ours["tick"], ours["share"], peer["tick"] if peer else ""
