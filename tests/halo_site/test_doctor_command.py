"""The doctor as a process, where other commands refuse to work at all."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from halo_site.doctor import database
from halo_site.store.namespaces import versions_in_code
from tests.processes import everything, manage

pytestmark = pytest.mark.sqlite_only
Copy = Callable[[], Path]


def test_a_fresh_installation_has_no_problem(copy_of_migrated: Copy) -> None:
    result = manage(copy_of_migrated(), "doctor")
    assert result.returncode == 0, result.stdout
    assert "No problem." in result.stdout


@pytest.mark.parametrize("begin", [8192, -65536], ids=["its tables", "its content"])
def test_a_damaged_database_is_named_with_the_way_out(copy_of_migrated: Copy, begin: int) -> None:
    folder = copy_of_migrated()
    path = folder / "halo.db"
    data = bytearray(path.read_bytes())
    data[begin : begin + 16384] = b"\xff" * 16384
    path.write_bytes(data)
    result = manage(folder, "doctor")
    assert result.returncode == 1
    assert "estore" in result.stdout  # "restore BACKUP", or "Restore it from backups/"
    assert "Traceback" not in result.stderr


def test_a_database_of_a_newer_program_is_named(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    with sqlite3.connect(folder / "halo.db") as connection:
        connection.execute("UPDATE _migrations SET version = 99 WHERE namespace = 'memory'")
    result = manage(folder, "doctor")
    assert result.returncode == 1
    assert "memory is at version 99" in result.stdout
    assert "Not looked at before that is mended" in result.stdout


def test_pending_migrations_are_named(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    with sqlite3.connect(folder / "halo.db") as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'memory'")
        connection.execute("UPDATE _migrations SET version = 0 WHERE namespace = 'memory'")
    result = manage(folder, "doctor")
    assert "migrations are pending: memory 0001" in result.stdout


def test_a_version_that_its_history_denies_is_named(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    with sqlite3.connect(folder / "halo.db") as connection:
        connection.execute("UPDATE _migrations SET version = 0 WHERE namespace = 'memory'")
    result = manage(folder, "doctor")
    there = versions_in_code()["memory"]
    assert f"_migrations says that memory is at 0, its history that it is at {there}" in result.stdout


def test_a_row_without_its_parent_is_named(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    with sqlite3.connect(folder / "halo.db") as connection:
        connection.executemany(
            "INSERT INTO activity_entries (id, app_id, run_id, type, ts, content_json) "
            "VALUES (?, 'gone', 'r', 'output', 1, '{}')",
            [(number,) for number in range(7)],
        )
    result = manage(folder, "doctor")
    assert "of activity_entries belongs to a row of installed_apps that is not there" in result.stdout
    assert "2 more rows belong to rows that are not there" in result.stdout


def test_a_lost_database_is_named(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    (folder / "halo.db").unlink()
    before = everything(folder)
    result = manage(folder, "doctor")
    assert result.returncode == 1
    assert "there is no database" in result.stdout
    assert everything(folder) == before


@pytest.mark.parametrize("kind", ["missing", "foreign", "a file"])
def test_what_is_no_data_directory_of_ours_is_said_and_left_alone(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "place"
    if kind == "foreign":
        folder.mkdir()
        (folder / "holiday.jpg").write_bytes(b"x")
    elif kind == "a file":
        folder.write_text("x")
    before = everything(tmp_path)
    result = manage(folder, "doctor")
    assert result.returncode == 1
    assert "HALO_DATA_DIR" in result.stdout + result.stderr
    assert everything(tmp_path) == before


def test_it_leaves_no_trace_in_a_directory_that_nobody_uses(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    before = everything(folder)
    assert manage(folder, "doctor").returncode == 0
    assert everything(folder) == before


def test_it_reads_what_is_in_the_log_of_a_database_in_use(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    with closing(sqlite3.connect(folder / "halo.db")) as user:
        user.execute("PRAGMA foreign_keys = 0")
        user.execute(
            "INSERT INTO activity_entries (id, app_id, run_id, type, ts, content_json) "
            "VALUES ('e', 'gone', 'r', 'output', 1, '{}')"
        )
        user.commit()
        assert (folder / "halo.db-wal").exists()
        result = manage(folder, "doctor")
    assert "app gone: there are entries of this app, and no such app" in result.stdout


def test_a_database_that_is_no_database_is_named_and_left_alone(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    (folder / "halo.db").write_bytes(b"not a database at all" * 500)
    before = everything(folder)
    result = manage(folder, "doctor")
    assert result.returncode == 1
    assert "cannot be read as a Halo Site database" in result.stdout
    assert everything(folder) == before


def test_a_restore_that_was_interrupted_is_the_only_finding(copy_of_migrated: Copy) -> None:
    folder = copy_of_migrated()
    (folder / "backups" / "restore.json").write_text("{")
    result = manage(folder, "doctor")
    assert result.returncode == 1
    assert "1 problem." in result.stdout
    assert "The former state lies in" in result.stdout


def test_a_large_database_is_looked_at_in_part_and_that_is_said(
    copy_of_migrated: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copy_of_migrated() / "halo.db"
    for name in ("WHOLE_CHECK_BYTES", "SMALL_ROWS"):
        monkeypatch.setattr(database, name, 10)
    words = " ".join(str(result) for result in database._damage(path))
    assert "the newest 5,000 rows" in words
    assert "PRAGMA quick_check" in words
