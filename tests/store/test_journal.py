"""The write-ahead log of a process that leaves writing it back to a thread."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from halo_site.models import Heartbeat
from halo_site.store import journal
from halo_site.store.fields import EPOCH

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = 1_500  # more than SQLite leaves in the log


@pytest.fixture
def growing() -> Iterator[None]:
    journal.let_grow()
    yield
    connection_created.disconnect(dispatch_uid="journal")
    connection.close()


def commit_many_pages() -> bool:
    """Whether the commit itself wrote into the database file."""
    file = Path(connection.settings_dict["NAME"])
    before = file.stat().st_mtime_ns
    text = "x" * PAGES * 4_096
    Heartbeat.objects.create(name="test", kind="test", host=text, pid=1, started_at=EPOCH, beat_at=EPOCH)
    return file.stat().st_mtime_ns != before


def writes_back() -> bool:
    """Whether there was something left to write."""
    file = Path(connection.settings_dict["NAME"])
    before = file.stat().st_mtime_ns
    journal.write_back()
    return file.stat().st_mtime_ns != before


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("growing")
@pytest.mark.parametrize("is_new", [False, True], ids=["the open connection", "a new connection"])
def test_a_commit_leaves_the_log_to_the_one_who_writes_it_back(is_new: bool) -> None:
    if is_new:
        connection.close()
    assert not commit_many_pages()
    assert writes_back()


@pytest.mark.sqlite_only
def test_a_commit_of_any_other_process_writes_it_back() -> None:
    connection.close()
    assert commit_many_pages()
    assert not writes_back()


@pytest.mark.usefixtures("growing")
def test_another_database_keeps_its_log_itself() -> None:
    journal.write_back()
    assert Heartbeat.objects.count() == 0
