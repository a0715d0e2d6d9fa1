"""Workers as real processes, some of which are killed."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app_runtime.installation import Installation
from tests.forking import Forked
from tests.processes import PATIENCE, eventually, start

pytestmark = pytest.mark.sqlite_only
SLOW = {"DJANGO_SETTINGS_MODULE": "tests.slow_settings", "SLOW_SECONDS": "0.1", "SLOW_TURNS": "5"}


@pytest.fixture
def installation(copy_of_migrated: Callable[[], Path]) -> Installation:
    return Installation(copy_of_migrated())


def ended_after(process: Forked) -> float:
    began = time.monotonic()
    process.communicate(timeout=PATIENCE)
    return time.monotonic() - began


def test_a_worker_process_works_on_a_queued_run(installation: Installation) -> None:
    installation.run("trigger_app", installation.app_id)
    process = start(installation.folder, "run_worker")
    eventually(lambda: installation.row["status"] == "ok")
    process.terminate()
    assert ended_after(process) < 15
    assert process.returncode == 0
    assert installation.ask("SELECT * FROM halo_heartbeats") == []


def test_trigger_with_wait_runs_without_a_worker_and_prints_one_record(installation: Installation) -> None:
    printed = json.loads(installation.run("trigger_app", installation.app_id, "--wait"))
    assert (printed["status"], printed["engine"]) == ("ok", "rehearsal")
    assert {
        name: installation.row[name] for name in ("run_id", "started_at", "finished_at", "duration_ms")
    } == {name: printed[name] for name in ("run_id", "started_at", "finished_at", "duration_ms")}


def test_a_worker_that_is_told_to_end_finishes_a_short_run(installation: Installation) -> None:
    installation.run("trigger_app", installation.app_id)
    process = start(installation.folder, "run_worker", **SLOW)
    eventually(lambda: installation.row["status"] == "running")
    process.terminate()
    assert ended_after(process) < 20
    assert process.returncode == 0
    assert installation.row["status"] == "ok"
    assert installation.told == [f"news {number}" for number in range(6)]


@pytest.mark.parametrize("seconds", ["0.4", "60"], ids=["between two turns", "within a turn"])
def test_a_worker_that_is_told_to_end_records_a_long_run_as_interrupted(
    installation: Installation, seconds: str
) -> None:
    installation.configure(drain_seconds=1)
    installation.run("trigger_app", installation.app_id)
    process = start(
        installation.folder, "run_worker", **{**SLOW, "SLOW_SECONDS": seconds, "SLOW_TURNS": "99"}
    )
    eventually(lambda: installation.row["step_count"] >= 1)
    process.terminate()
    assert ended_after(process) < 15
    row = installation.row
    assert row["status"] == "error"
    assert row["error_message"].startswith("interrupted: its worker was stopped ")
    assert installation.transcript[-1]["type"] == "end"
    assert installation.ask("SELECT * FROM halo_heartbeats") == []


def kill_a_worker(installation: Installation, moment: Callable[[], object], pause: float) -> None:
    """kill -9 a worker in the middle of a run, then let another one look after it."""
    installation.run("trigger_app", installation.app_id)
    process = start(installation.folder, "run_worker", **SLOW)
    eventually(moment)
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before, told = installation.transcript, installation.told
    lost = installation.row
    installation.run("run_worker", "--once", **SLOW)  # within the lease: it must leave the run alone
    if lost["status"] == "running" and lost["lease_until"] > time.time() * 1000:
        assert installation.row["status"] == "running"
    time.sleep(max(0, lost["lease_until"] / 1000 - time.time()) if lost["lease_until"] else 0)
    installation.run("run_worker", "--once", **SLOW)
    assert installation.transcript[: len(before)] == before
    assert installation.told[: len(told)] == told


def check_the_truth(installation: Installation) -> None:
    """It has ended; every report is there once, in order; the transcript is a prefix of what happened."""
    row, told = installation.row, installation.told
    wanted = [f"news {number}" for number in range(6)]
    assert row["status"] in {"ok", "error"}
    assert told == wanted[: len(told)]
    if row["status"] == "ok":
        assert told == wanted
    steps = [line for line in installation.transcript if line["type"] in ("model", "tool")]
    assert [line["step"] for line in steps] == list(range(1, len(steps) + 1))
    assert row["step_count"] - len(steps) in (0, 1)  # at most the one that was under way has no line
    written = [line["arguments"]["message"] for line in steps if line["type"] == "tool"]
    assert written == told[: len(written)]
    assert len(told) - len(written) in (0, 1)  # its line was still to come
    errors = installation.ask("SELECT * FROM activity_entries WHERE type = 'run_error'")
    assert len(errors) == (1 if row["status"] == "error" else 0)


@pytest.mark.parametrize("steps", [0, 1, 6])
def test_a_killed_worker_loses_and_doubles_nothing(installation: Installation, steps: int) -> None:
    kill_a_worker(
        installation,
        lambda: installation.row["status"] != "queued" and installation.row["step_count"] >= steps,
        0.0,
    )
    check_the_truth(installation)


@pytest.mark.chaos
@pytest.mark.parametrize("number", range(50))
def test_a_worker_killed_at_any_moment_loses_and_doubles_nothing(
    installation: Installation, number: int
) -> None:
    kill_a_worker(installation, lambda: installation.row["status"] != "queued", number * 0.02)
    if installation.row["status"] == "running":  # it had just begun when the second worker looked
        installation.run("run_worker", "--once", **SLOW)
    check_the_truth(installation)
