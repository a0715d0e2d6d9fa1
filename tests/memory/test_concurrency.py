"""Several processes at one file: nothing lost, nothing half written, nothing unrecorded."""

import json
import re
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from halo_site.datadir.paths import DataDir
from memory import documents
from memory.models import AuthorKind, Revision, digest
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import put

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, LINES = "abcd", 50


def start(letter: str, directory: Path) -> subprocess.Popen[bytes]:
    database = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.memory.appender", database, str(directory), letter, str(LINES)]
    return subprocess.Popen(command, cwd=ROOT)  # DJANGO_SETTINGS_MODULE is in the environment


def test_four_processes_lose_nothing_and_a_reader_never_misses_the_file(
    data_directory: DataDir, user: Caller, own_place: Place
) -> None:
    put(own_place, "# now\n")
    documents.read(user, own_place, now=BEGINNING)
    processes = [start(letter, data_directory.root) for letter in PROCESSES]
    while any(process.poll() is None for process in processes):
        with suppress(subprocess.TimeoutExpired):  # leaves the cores to the writers
            processes[-1].wait(timeout=0.005)
        text = documents.read(user, own_place, now=BEGINNING)
        assert text
        assert text.startswith("# now\n")
        assert text.endswith("\n")
    assert [process.wait() for process in processes] == [0, 0, 0, 0]

    data = documents.on_disk(own_place, "")
    assert data
    found = re.findall(r"line ([a-d]\d+)\n", data.decode())
    assert sorted(found) == sorted(f"{letter}{number}" for letter in PROCESSES for number in range(LINES))
    revisions = list(Revision.objects.for_document("user", "user-memory.md").order_by("id"))
    assert [revision.author_kind for revision in revisions] == [AuthorKind.OUTSIDE] + [AuthorKind.USER] * 200
    assert revisions[-1].sha256 == digest(data)
    assert all(a.sha256 == b.parent_sha256 for a, b in pairwise(revisions))


def storm(directory: Path, seconds: float) -> dict[str, Any]:
    """What `tests.memory.storm` tells."""
    command = [sys.executable, "-m", "tests.memory.storm", str(connection.settings_dict["NAME"])]
    done = subprocess.run(
        [*command, str(directory), str(seconds)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def assert_nothing_is_lost_by_a_storm(directory: Path, place: Place, seconds: float) -> dict[str, Any]:
    put(place, "# now\n")
    told = storm(directory, seconds)
    documents.read(Caller("user"), place, now=BEGINNING)  # a kill between file and row is a change outside
    rows = list(Revision.objects.for_document("user", "user-memory.md").order_by("id"))
    known = {row.sha256 for row in rows}
    assert told["missing"] == 0
    assert set(told["saved"]) <= known
    assert set(told["seen"]) <= known
    assert all(digest(row.data()) == row.sha256 for row in rows)
    assert all(a.sha256 == b.parent_sha256 for a, b in pairwise(rows))
    assert rows[-1].sha256 == digest(documents.on_disk(place, ""))
    assert sum(row.author_kind == AuthorKind.OUTSIDE for row in rows) <= told["killed"] + 2
    return told


def test_eight_writers_and_kills_lose_nothing(data_directory: DataDir, own_place: Place) -> None:
    told = assert_nothing_is_lost_by_a_storm(data_directory.root, own_place, 2)
    assert told["killed"] >= 5
    assert len(told["saved"]) >= 20


@pytest.mark.chaos
def test_eight_writers_and_kills_lose_nothing_for_thirty_seconds(
    data_directory: DataDir, own_place: Place
) -> None:
    told = assert_nothing_is_lost_by_a_storm(data_directory.root, own_place, 30)
    assert told["killed"] >= 50  # a busy machine is slow to start writers anew


def test_a_write_inside_a_transaction_is_an_error(user: Caller, own_place: Place) -> None:
    """Its row would become visible only after the lock of the file is free."""
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        documents.append(user, own_place, "x", now=BEGINNING)
    assert documents.on_disk(own_place, "") is None
