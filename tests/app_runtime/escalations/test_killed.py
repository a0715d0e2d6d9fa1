"""kill -9 of whoever answers, at any moment: never an answer without its run, or a run without its answer."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app_runtime.installation import WITH_KEY, Installation
from tests.factories import ASKING
from tests.processes import ROOT, environment

pytestmark = pytest.mark.sqlite_only
STATEMENTS = 30  # an answer has fewer: the last points lie after its end
FOLLOWED = "SELECT * FROM automation_runs WHERE trigger_type = 'escalation_followup'"


@pytest.fixture
def installation(copy_of_migrated: Callable[[], Path]) -> Installation:
    """One whose app has asked its question."""
    made = Installation(copy_of_migrated(), **ASKING)
    made.run("trigger_app", made.app_id, "--wait")
    return made


def question(installation: Installation) -> dict[str, object]:
    (found,) = installation.ask("SELECT * FROM activity_entries WHERE type = 'escalation'")
    return found


def kill(installation: Installation, statement: int, pause: float) -> None:
    """Answer in another process, which ends at that statement or so many seconds after it began."""
    program = [sys.executable, "-m", "tests.app_runtime.escalations.killed"]
    process = subprocess.Popen(
        [*program, str(question(installation)["id"]), str(statement)],
        cwd=ROOT,
        env=environment(installation.folder, DJANGO_SETTINGS_MODULE="halo_site.settings", **WITH_KEY),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()
    if statement == 0:
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
    _out, errors = process.communicate(timeout=60)
    assert process.returncode in {0, -signal.SIGKILL}, errors


def check(installation: Installation) -> str:
    """Both are there or neither; and then the same answer again makes exactly one run."""
    entry, runs = question(installation), installation.ask(FOLLOWED)
    answered = entry["user_response_json"] is not None
    assert len(runs) == answered
    assert [run["run_id"] for run in runs] == ([entry["followup_run_id"]] if answered else [])
    told = [json.loads(run["trigger_data_json"])["escalation"]["entryId"] for run in runs]
    assert told == [entry["id"]] * answered
    (app,) = installation.ask("SELECT status, pending_escalation_id FROM installed_apps")
    assert app["status"] == ("active" if answered else "waiting_user")
    (asking,) = installation.ask("SELECT status FROM automation_runs WHERE trigger_type = 'manual'")
    assert asking["status"] == ("ok" if answered else "waiting_user")
    lines = installation.ask("SELECT * FROM halo_audit_log WHERE verb = 'question.answer'")
    assert len(lines) == answered
    again = installation.run("answer", str(entry["id"]), "--choice", "Yes")
    assert [run["run_id"] for run in installation.ask(FOLLOWED)] == [again]
    return "answered before it was killed" if answered else "killed before it had answered"


@pytest.mark.parametrize("statement", [4, 9, 14])
def test_an_answer_whose_process_is_killed_is_whole_or_not_there(
    installation: Installation, statement: int
) -> None:
    kill(installation, statement, 0)
    check(installation)


@pytest.mark.chaos
@pytest.mark.parametrize("number", range(50))
def test_an_answer_whose_process_is_killed_at_any_moment_is_whole_or_not_there(
    installation: Installation, number: int
) -> None:
    seed = int(os.environ.get("HALO_CHAOS_SEED") or random.randrange(10**6))
    chance = random.Random(f"{seed} {number}")
    statement = chance.randint(1, STATEMENTS) if number % 2 else 0
    pause = chance.uniform(0, 0.15)
    print(f"seed {seed}, point {number}: statement {statement}, or {pause:.3f} s: ", end="")
    kill(installation, statement, pause)
    print(check(installation))
