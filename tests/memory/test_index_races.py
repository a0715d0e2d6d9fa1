"""The index beside several writers, and after one is killed: it says what the newest revision says."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from memory import documents
from memory.index import IndexedDocument
from memory.models import Revision
from memory.places import user_place
from memory.search import search
from tests.conftest import BEGINNING

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
LINES = 20


def start(letter, directory, lines=LINES):
    database = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.memory.appender", database, str(directory), letter, str(lines)]
    return subprocess.Popen(command, cwd=ROOT)


def is_true():
    """Whether the one row is that of the newest revision, and is found by every line of it."""
    [row] = IndexedDocument.objects.all()
    newest = Revision.objects.for_document("user", "user-memory.md").newest()
    words = [line.removeprefix("line ") for line in newest.text().split("\n") if line.startswith("line ")]
    place = user_place()
    return row.pk == newest.pk and all(search(word, {"user": place}).hits for word in words)


def test_two_writers_leave_one_row_that_finds_every_line(data_directory):
    writers = [start(letter, data_directory.root) for letter in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert Revision.objects.count() == 2 * LINES
    assert is_true()


@pytest.mark.parametrize("written", [1, 5])
def test_a_writer_that_is_killed_leaves_a_true_index(data_directory, user, own_place, written):
    writer = start("a", data_directory.root, lines=10_000)
    while Revision.objects.count() < written:
        assert writer.poll() is None
    writer.kill()
    writer.wait()
    # What it wrote last may have no row yet: the next reader records it, and the index follows
    documents.read(user, own_place, now=BEGINNING)
    assert is_true()


def test_a_row_is_found_by_what_it_says_now_only(own_place, user):
    documents.replace(user, own_place, "kettle", now=BEGINNING)
    documents.replace(user, own_place, "lamp", now=BEGINNING)
    IndexedDocument.objects.update(words="teapot")
    found = {word: bool(search(word, {"user": own_place}).hits) for word in ("kettle", "lamp", "teapot")}
    assert found == {"kettle": False, "lamp": False, "teapot": True}
