"""What `migrate` refuses, and that it changes nothing then (DESIGN §3)."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from halo_site.store.guard import DatabaseRefused, check_database, check_file
from halo_site.store.namespaces import versions_in_code
from tests.processes import everything, manage

pytestmark = pytest.mark.sqlite_only

# Every command that opens the database looks at it first
COMMANDS = [
    ["up"],
    ["namespaces"],
    ["install_app", "-"],
    ["trigger_app", "some-id"],
    ["run_worker", "--once"],
    ["run_clock", "--once"],
    ["memory_list", "--as", "user", "--scope", "user"],
]

# The shapes that the desktop program writes (halo-facts §2)
DESKTOP = """
PRAGMA journal_mode=WAL;
CREATE TABLE _migrations (
    namespace TEXT PRIMARY KEY, version INTEGER NOT NULL DEFAULT 0, applied_at INTEGER NOT NULL);
CREATE TABLE installed_apps (
    id TEXT PRIMARY KEY, spec_id TEXT NOT NULL, space_id TEXT NOT NULL, spec_json TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'active', pending_escalation_id TEXT,
    user_config_json TEXT NOT NULL DEFAULT '{}', user_overrides_json TEXT NOT NULL DEFAULT '{}',
    installed_at INTEGER NOT NULL, UNIQUE(spec_id, space_id));
INSERT INTO _migrations VALUES ('app_manager', 2, 1795435200000), ('scheduler', 1, 1795435200000);
"""


@pytest.fixture
def desktop(tmp_path: Path) -> Path:
    """A data directory of the desktop program."""
    folder = tmp_path / "desktop"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "halo.db")) as database:
        database.executescript(DESKTOP)
    return folder


def set_version(folder: Path, namespace: str, version: int) -> None:
    with closing(sqlite3.connect(folder / "halo.db")) as database, database:
        database.execute(
            "INSERT OR REPLACE INTO _migrations (namespace, version, applied_at) VALUES (?, ?, 0)",
            (namespace, version),
        )


def refused(folder: Path, *arguments: str) -> str:
    """The one line with which a command refuses this directory, which stays as it is to the last byte."""
    before = everything(folder)
    result = manage(folder, *arguments)
    assert result.returncode == 1
    assert everything(folder) == before
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.stderr


# That every command looks is told by the databases of the desktop program
@pytest.mark.parametrize("command", [["migrate"], ["run_worker", "--once"]])
def test_it_refuses_a_newer_database(copy_of_migrated: Callable[[], Path], command: list[str]) -> None:
    folder = copy_of_migrated()
    set_version(folder, "scheduler", 9999)
    message = refused(folder, *command)
    assert f"scheduler is at version 9999, this program knows {versions_in_code()['scheduler']}" in message
    assert "Install the newer Halo Site" in message


def test_it_refuses_a_namespace_that_it_does_not_know(copy_of_migrated: Callable[[], Path]) -> None:
    folder = copy_of_migrated()
    set_version(folder, "telepathy", 1)
    assert "telepathy is at version 1, this program knows no such namespace" in refused(folder, "migrate")


@pytest.mark.parametrize("command", [["migrate"], ["migrate", "--plan"], *COMMANDS])
def test_it_refuses_a_database_of_the_desktop_program(desktop: Path, command: list[str]) -> None:
    assert "was written by Halo desktop" in refused(desktop, *command)


def test_it_refuses_one_whose_tables_are_in_its_log_only(tmp_path: Path) -> None:
    running = tmp_path / "running"
    running.mkdir()
    with closing(sqlite3.connect(running / "halo.db")) as database:
        database.executescript(DESKTOP)
        left = tmp_path / "left"  # as a program that was killed leaves it
        left.mkdir()
        for name in ("halo.db", "halo.db-wal"):
            (left / name).write_bytes((running / name).read_bytes())
    assert "was written by Halo desktop" in refused(left, "migrate")


def test_it_refuses_a_newer_one_while_its_log_is_in_use(copy_of_migrated: Callable[[], Path]) -> None:
    path = copy_of_migrated() / "halo.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE _migrations SET version = 77 WHERE namespace = 'halo_site'")
        database.commit()
        with pytest.raises(DatabaseRefused, match="halo_site is at version 77"):
            check_file(path)


@pytest.mark.django_db(transaction=True)
def test_a_look_takes_no_lock_of_this_process_away() -> None:
    """Else the next process to end believes that it is the last, and deletes the log that this one uses."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE of_this_process (id)")
    check_database(connection)
    path = connection.settings_dict["NAME"]
    other = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('DROP TABLE of_this_process')"
    subprocess.run([sys.executable, "-c", other], check=True)
    assert Path(f"{path}-wal").exists()


@pytest.mark.parametrize("content", [b"hello", b"SQLite format 3\0" + b"\xff" * 5000, os.urandom(4096)])
def test_it_refuses_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "halo.db").write_bytes(content)
    assert "cannot be read as a Halo Site database" in refused(folder, "migrate")


def test_it_refuses_a_folder_in_the_place_of_the_database(tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    (folder / "halo.db").mkdir(parents=True)
    assert "halo.db cannot be read" in refused(folder, "migrate")


@pytest.mark.parametrize("modes", [[], ["PRAGMA locking_mode=EXCLUSIVE"]])
def test_it_says_that_a_database_is_locked(copy_of_migrated: Callable[[], Path], modes: list[str]) -> None:
    folder = copy_of_migrated()
    with closing(sqlite3.connect(folder / "halo.db", isolation_level=None)) as database:
        for mode in modes:
            database.execute(mode)
        database.execute("BEGIN EXCLUSIVE")
        result = manage(folder, "migrate")
        database.execute("ROLLBACK")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "has been locked by another program for over 5 s" in result.stderr


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "halo.db").touch()
    check_file(tmp_path / "halo.db")


def test_a_missing_file_is_a_new_database(tmp_path: Path) -> None:
    check_file(tmp_path / "halo.db")
    assert everything(tmp_path / "absent") == {}
    assert not (tmp_path / "halo.db").exists()
