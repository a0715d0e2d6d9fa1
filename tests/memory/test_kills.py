"""A kill at any point of a change: nothing lost, nothing half done that the next step does not make whole."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from halo_site.datadir.paths import DataDir

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
OLD = {"memory.md": "old", "memory/a.md": "old"}
RENAMED = {"memory.md": "old", "memory/b/c.md": "old"}


def killed(data_directory: DataDir, verb: str) -> list[dict[str, Any]]:
    """What `tests.memory.killed` tells of each point; the last one is that of a verb that went through."""
    command = [sys.executable, "-m", "tests.memory.killed", str(connection.settings_dict["NAME"])]
    done = subprocess.run(
        [*command, str(data_directory.root), verb], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    points: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [point["killed"] for point in points] == [True] * (len(points) - 1) + [False]
    assert [point["after"]["unrecorded"] for point in points] == [0] * len(points)
    return points


def test_a_shortening_that_is_killed_leaves_the_old_text_in_the_file_or_in_the_archive(
    data_directory: DataDir,
) -> None:
    points = killed(data_directory, "compact")
    (archive,) = points[-1]["files"].keys() - OLD.keys()
    whole = {**OLD, "memory.md": "shorter", archive: "old"}
    states = [point["files"] for point in points]
    assert [state for state in states if state not in (OLD, {**OLD, archive: "old"}, whole)] == []
    assert {len(state) for state in states} == {2, 3}
    assert [point["after"]["files"] for point in points] == [whole] * len(points)


@pytest.mark.parametrize(
    ("verb", "done"),
    [("save", {**OLD, "memory/a.md": "new"}), ("rename", RENAMED), ("remove", {"memory.md": "old"})],
)
def test_what_is_killed_was_done_or_was_not(data_directory: DataDir, verb: str, done: dict[str, str]) -> None:
    points = killed(data_directory, verb)
    states = [point["files"] for point in points]
    assert states[0] == OLD
    assert states[-1] == done
    assert [state for state in states if state not in (OLD, done)] == []
    assert [point["after"]["files"] for point in points] == states
