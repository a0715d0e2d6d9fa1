"""The write-ahead log of a process whose main thread leaves writing it back to another one."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from halo_site.models import Heartbeat
from halo_site.store import write_ahead_log
from halo_site.store.fields import EPOCH

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = 1_500  # more than SQLite leaves in the log


@pytest.fixture
def growing() -> Iterator[None]:
    write_ahead_log.let_grow()
    yield
    write_ahead_log._growing.clear()
    connection_created.disconnect(dispatch_uid="write-ahead log")
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
    write_ahead_log.write_back()
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
@pytest.mark.usefixtures("growing")
def test_a_commit_of_another_thread_writes_it_back() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(commit_many_pages).result()
        pool.submit(lambda: connection.close()).result()
    assert not writes_back()


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("growing")
def test_what_a_reader_still_needs_stays() -> None:
    commit_many_pages()
    reader = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM halo_heartbeats").fetchone()
    Heartbeat.objects.update(pid=2)
    assert not write_ahead_log.write_back()
    reader.close()
    assert write_ahead_log.write_back()


@pytest.mark.usefixtures("growing")
def test_where_nothing_is_left_all_is_written_back() -> None:
    assert write_ahead_log.write_back()
