"""Whether the database is there, is ours, is whole and is of this version."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from halo_site.disk_trouble import trouble_of
from halo_site.doctor.findings import Finding, Looked, Result, shell
from halo_site.doctor.read_only import how_to_read
from halo_site.quantities import size
from halo_site.store.guard import DatabaseRefused, check_database, check_file, read_only
from halo_site.store.namespaces import NAMESPACES, number_of
from halo_site.store.recorder import NamespaceRecorder

WHOLE_CHECK_BYTES = 256 * 1024 * 1024  # above, a check of everything takes longer than anybody waits
CHECK_SECONDS = 2.0
SMALL_ROWS = 100_000
NEWEST_ROWS = 5_000
SHOWN = 5
# A full text index has tables of its own, some without row numbers; it can be made anew at any time
TABLES = r"""
    SELECT name FROM sqlite_master AS own WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND NOT EXISTS (
        SELECT 1 FROM sqlite_master AS index_ WHERE index_.sql LIKE 'CREATE VIRTUAL TABLE %'
        AND (own.name = index_.name OR substr(own.name, 1, length(index_.name) + 1) = index_.name || '_')
    )
"""
RESTORE = "Stop Halo Site, then: python3 manage.py restore BACKUP --replace"


def look(now: datetime) -> Iterator[Result]:
    """Everything about the database and its versions."""
    path = database_file()
    if path is not None and not path.exists():
        yield Finding(str(path), "there is no database", "python3 manage.py migrate, or restore a backup.")
        return
    try:
        _refuse(path)
        if path is not None:
            yield from _damage(path)
        yield from _versions()
    except (DatabaseRefused, DatabaseError, sqlite3.Error) as error:
        yield _unusable(error, path)


def _unusable(error: Exception, path: Path | None) -> Finding:
    """Why it cannot be asked; a full disk is no damage of the database's own."""
    trouble = trouble_of(error)
    if trouble is not None:
        return Finding("database", f"it cannot be used: {trouble.what}", trouble.advice)
    if isinstance(error, DatabaseRefused):
        words, _stop, advice = str(error).removesuffix(".").rpartition(". ")
        return Finding("database", words, f"{advice}.")
    words = f"it cannot be read: {' '.join(str(error).split())}"
    return Finding(_name(), words, RESTORE if path else "Start it, or mend DATABASE_URL.")


def is_usable() -> bool:
    """Whether the other checks can ask it: it is ours, and at this program's version."""
    path = database_file()
    try:
        if path is not None and not path.exists():
            return False
        _refuse(path)
        return not _pending()
    except (DatabaseRefused, DatabaseError, sqlite3.Error):
        return False


def database_file() -> Path | None:
    """The file of an SQLite database; None for another one."""
    return Path(settings.DATABASES["default"]["NAME"]) if connection.vendor == "sqlite" else None


def _refuse(path: Path | None) -> None:
    """Raise `DatabaseRefused` for one that is not ours, or newer."""
    if path is None or connection.connection is not None:
        check_database(connection, _name())
    else:
        check_file(path)


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def _damage(path: Path) -> Iterator[Result]:
    """What SQLite itself says of its file; PostgreSQL looks after its own."""
    with read_only(path, how_to_read(path)) as cursor:
        bytes_ = path.stat().st_size
        if bytes_ <= WHOLE_CHECK_BYTES:
            yield from _words(path, cursor, f"PRAGMA integrity_check({SHOWN})")
            yield from _orphans(path, cursor, "PRAGMA foreign_key_check")
            yield Looked(f"the database ({size(bytes_)})")
        else:
            yield from _in_part(path, cursor)


def _in_part(path: Path, cursor: sqlite3.Cursor) -> Iterator[Result]:
    """Of a large file: its small tables whole, of the others what was written last.

    SQLite cannot be stopped in the middle of a table's check, which may take minutes where the disk is slow.
    """
    deadline = time.monotonic() + CHECK_SECONDS
    long = []
    for table, rows in _tables(cursor):
        if rows > SMALL_ROWS or time.monotonic() > deadline:
            long.append(table)
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY rowid DESC LIMIT {NEWEST_ROWS}')  # noqa: S608
            for _row in cursor:
                pass
        else:
            yield from _words(path, cursor, f'PRAGMA quick_check("{table}")')
            yield from _orphans(path, cursor, f'PRAGMA foreign_key_check("{table}")')
    part = f"of {', '.join(long)} the newest {NEWEST_ROWS:,} rows"
    whole = f"{shell('sqlite3', path, 'PRAGMA quick_check')} checks all of it"
    yield Looked(f"the database ({size(path.stat().st_size)}; {part}; {whole})")


def _tables(cursor: sqlite3.Cursor) -> list[tuple[str, int]]:
    """Name and highest row number of each table, the small ones first."""
    cursor.execute(TABLES)
    names = [name for (name,) in cursor.fetchall()]
    rows = {name: cursor.execute(f'SELECT max(rowid) FROM "{name}"').fetchone()[0] or 0 for name in names}  # noqa: S608
    return sorted(rows.items(), key=lambda item: item[1])


def _words(path: Path, cursor: sqlite3.Cursor, pragma: str) -> Iterator[Finding]:
    for (words,) in cursor.execute(pragma).fetchmany(SHOWN):
        if words != "ok":
            yield Finding(str(path), f"it is damaged: {' '.join(words.split())}", RESTORE)


def _orphans(path: Path, cursor: sqlite3.Cursor, pragma: str) -> Iterator[Finding]:
    found = cursor.execute(pragma)
    for table, row, parent, _number in found.fetchmany(SHOWN):
        words = f"row {row} of {table} belongs to a row of {parent} that is not there"
        delete = shell("sqlite3", path, f"DELETE FROM {table} WHERE rowid = {row}")  # noqa: S608
        yield Finding(str(path), words, f"Restore a backup, or: {delete}")
    more = sum(1 for _row in found)
    if more:
        words = f"{more:,} more rows belong to rows that are not there"
        yield Finding(str(path), words, f"{shell('sqlite3', path, pragma)} lists them.")


def _pending() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label} {migration.name}" for migration, _back in plan]


def _versions() -> Iterator[Finding]:
    pending = _pending()
    if pending:
        more = f" and {len(pending) - SHOWN} more" if len(pending) > SHOWN else ""
        words = f"migrations are pending: {', '.join(pending[:SHOWN])}{more}"
        yield Finding(_name(), words, "python3 manage.py migrate")
    yield from _untrue_records()


def _untrue_records() -> Iterator[Finding]:
    """Namespaces whose version is another one than that of their newest applied migration."""
    recorder = NamespaceRecorder(connection)
    newest: dict[str, int] = dict.fromkeys(NAMESPACES, 0)
    for namespace, name in recorder.applied_migrations():
        if namespace in newest:
            newest[namespace] = max(newest[namespace], number_of(name))
    stored = recorder.versions()
    for namespace, version in newest.items():
        said = stored.get(namespace, (0, 0))[0]
        if said != version:
            words = f"_migrations says that {namespace} is at {said}, its history that it is at {version}"
            sql = f"UPDATE _migrations SET version = {version} WHERE namespace = '{namespace}'"  # noqa: S608
            yield Finding(_name(), words, f'Restore a backup, or, if nobody works on it: "{sql}"')
