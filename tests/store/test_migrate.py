"""The `migrate` command on files of its own, as a person starts it (DESIGN §3)."""

import random
import signal
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from halo_site.store.namespaces import NAMESPACES, number_of, versions_in_code
from tests.processes import everything, manage, start

pytestmark = pytest.mark.sqlite_only


def rows(folder: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(folder / "halo.db")) as database:
        return database.execute(query).fetchall()


def versions(folder: Path) -> dict[str, int]:
    return dict(rows(folder, "SELECT namespace, version FROM _migrations"))


def assert_records_agree(folder: Path) -> None:
    """The namespace rows equal what the history says, and the file is sound."""
    newest: dict[str, int] = {}
    for app, name in rows(folder, "SELECT app, name FROM django_migrations"):
        if app in NAMESPACES:
            newest[app] = max(newest.get(app, 0), number_of(name))
    assert versions(folder) == newest
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    assert rows(folder, "PRAGMA foreign_key_check") == []


def test_a_new_database_is_at_the_versions_of_the_code(migrated: Path) -> None:
    assert versions(migrated) == versions_in_code()
    assert_records_agree(migrated)


def test_the_table_has_its_documented_columns(migrated: Path) -> None:
    columns = [
        (name, kind, bool(key))
        for _i, name, kind, _n, _d, key in rows(migrated, "PRAGMA table_info(_migrations)")
    ]
    assert [name for name, _kind, _key in columns] == ["namespace", "version", "applied_at"]
    assert [key for _name, _kind, key in columns] == [True, False, False]


def test_a_new_database_writes_ahead(migrated: Path) -> None:
    assert rows(migrated, "PRAGMA journal_mode") == [("wal",)]


def test_a_second_migrate_changes_no_row_and_makes_no_copy(copy_of_migrated: Callable[[], Path]) -> None:
    folder = copy_of_migrated()
    before = rows(folder, "SELECT * FROM _migrations ORDER BY 1")
    assert manage(folder, "migrate").returncode == 0
    assert rows(folder, "SELECT * FROM _migrations ORDER BY 1") == before
    assert list((folder / "backups").iterdir()) == []


def test_going_back_and_forth_keeps_the_rows_true(copy_of_migrated: Callable[[], Path]) -> None:
    folder = copy_of_migrated()
    assert manage(folder, "migrate", "memory", "zero").returncode == 0
    assert versions(folder)["memory"] == 0
    assert manage(folder, "migrate", "memory", "0001").returncode == 0
    assert versions(folder)["memory"] == 1
    assert manage(folder, "migrate", "memory").returncode == 0
    assert_records_agree_but_for_zero(folder)


def assert_records_agree_but_for_zero(folder: Path) -> None:
    assert {name: row for name, row in versions(folder).items() if row} == versions_in_code()


def test_faked_migrations_keep_the_rows_true(copy_of_migrated: Callable[[], Path]) -> None:
    folder = copy_of_migrated()
    assert manage(folder, "migrate", "memory", "zero", "--fake").returncode == 0
    assert versions(folder)["memory"] == 0
    assert manage(folder, "migrate", "memory", "--fake").returncode == 0
    assert versions(folder)["memory"] == versions_in_code()["memory"]


def test_a_copy_is_made_before_data_changes(copy_of_migrated: Callable[[], Path]) -> None:
    folder = copy_of_migrated()
    manage(folder, "migrate", "memory", "zero")
    [copy] = (folder / "backups").iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as database:
        row = database.execute("SELECT version FROM _migrations WHERE namespace = 'memory'").fetchone()
    assert row == (versions_in_code()["memory"],)


def test_no_copy_is_made_of_nothing(migrated: Path) -> None:
    assert list((migrated / "backups").iterdir()) == []


def test_the_newest_five_copies_stay(copy_of_migrated: Callable[[], Path]) -> None:
    folder = copy_of_migrated()
    for day in range(1, 8):
        (folder / "backups" / f"before-migrate-2026010{day}T000000000000Z.db").touch()
    (folder / "backups" / "mine.db").touch()
    (folder / "backups" / "before-migrate-20260101T000000000000Z.part").touch()
    manage(folder, "migrate", "memory", "zero")
    names = sorted(path.name for path in (folder / "backups").iterdir())
    assert len(names) == 6
    assert names[0] == "before-migrate-20260104T000000000000Z.db"
    assert names[-1] == "mine.db"


@pytest.mark.parametrize("question", ["--plan", "--check"])
def test_a_question_changes_nothing(copy_of_migrated: Callable[[], Path], question: str) -> None:
    folder = copy_of_migrated()
    before = everything(folder)
    assert manage(folder, "migrate", question).returncode == 0
    assert everything(folder) == before


def test_check_fails_while_something_is_pending(copy_of_migrated: Callable[[], Path]) -> None:
    folder = copy_of_migrated()
    manage(folder, "migrate", "memory", "zero")
    assert manage(folder, "migrate", "--check").returncode == 1


@pytest.mark.parametrize("question", ["--plan", "--check"])
def test_a_question_makes_no_directory(tmp_path: Path, question: str) -> None:
    result = manage(tmp_path / "absent", "migrate", question)
    assert result.returncode == 1
    assert "Run: python3 manage.py migrate" in result.stderr
    assert not (tmp_path / "absent").exists()


def test_of_two_at_once_both_succeed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    both = [start(folder, "migrate"), start(folder, "migrate")]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert_records_agree(folder)


def test_the_system_checks_pass_and_no_migration_is_missing(migrated: Path) -> None:
    assert manage(migrated, "check").returncode == 0
    assert manage(migrated, "makemigrations", "--check", "--dry-run").returncode == 0


def kill_and_complete(folder: Path, rounds: int) -> None:
    """Kill `migrate` at a random moment each time; the next one completes it."""
    dice = random.Random(rounds)
    for number in range(rounds):
        data = folder / f"round-{number}"
        process = start(data, "migrate")
        time.sleep(dice.uniform(0.4, 1.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        result = manage(data, "migrate")
        assert result.returncode == 0, result.stderr
        assert versions(data) == versions_in_code()
        assert_records_agree(data)


def test_a_killed_migrate_is_completed_by_the_next(tmp_path: Path) -> None:
    kill_and_complete(tmp_path, rounds=3)


@pytest.mark.chaos
def test_a_migrate_killed_many_times_is_completed_by_the_next(tmp_path: Path) -> None:
    kill_and_complete(tmp_path, rounds=20)
