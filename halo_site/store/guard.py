"""Looks at a database before anything touches it, and refuses what is not ours to change (DESIGN §3)."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.parse import quote

from halo_site.store.namespaces import versions_in_code


class DatabaseRefused(Exception):
    """The database is not one that this program may change; the message says what it is and what to do."""


class Reader(Protocol):
    def execute(self, sql: str, /) -> Any: ...

    def fetchall(self) -> list[Any]: ...


def check_database(connection: Any, name: str = "") -> None:
    """Raise `DatabaseRefused` for a foreign, unreadable or newer database; change nothing at all.

    Its sentence calls it by `name`, where it was opened by another. One that is open already and cannot be
    read raises DatabaseError.

    A file that does not exist yet is fine. An SQLite file is opened read-only for this, unless this
    connection has it open: to close a second handle of it takes the locks of the first away, and another
    process may then delete the log that this one writes (sqlite.org/howtocorrupt.html, 2.2).
    """
    if connection.vendor == "sqlite" and connection.connection is None:
        check_file(Path(connection.settings_dict["NAME"]))
    else:
        with connection.cursor() as cursor:
            tables = set(connection.introspection.table_names(cursor))
            check_tables(cursor, tables, name or connection.settings_dict["NAME"])


def check_file(path: Path) -> None:
    """Judge an SQLite file without leaving a trace beside it.

    Opening a file together with its write-ahead log makes SQLite create files. So the log is left out until
    the tables in the file itself say that it is ours; else what both say together is read from a copy.
    """
    try:
        if not path.exists():
            return
        log = path.with_name(path.name + "-wal")
        with read_only(path, "immutable=1") as cursor:
            tables = sqlite_tables(cursor)
            if not log.exists():
                check_tables(cursor, tables, str(path))
                return
        if "django_migrations" in tables:
            with read_only(path, "mode=ro") as cursor:
                check_tables(cursor, sqlite_tables(cursor), str(path))
        else:
            check_copy(path, log)
    except (sqlite3.Error, OSError) as error:
        if "locked" in str(error):
            raise DatabaseRefused(
                f"{path} has been locked by another program for over 5 s. Try again, or end that program."
            ) from error
        raise DatabaseRefused(
            f"{path} cannot be read as a Halo Site database ({error}). Nothing was changed. "
            "Restore it from backups/, or move it away to start with an empty one."
        ) from error


def check_copy(path: Path, log: Path) -> None:
    with TemporaryDirectory(prefix="halo-site-") as folder:
        copy = Path(shutil.copy(path, Path(folder, "copy.db")))
        shutil.copy(log, Path(folder, "copy.db-wal"))
        with read_only(copy, "mode=rw") as cursor:
            check_tables(cursor, sqlite_tables(cursor), str(path))


@contextmanager
def read_only(path: Path, how: str) -> Iterator[sqlite3.Cursor]:
    """A cursor for reading; ``how`` is the query of SQLite's URI."""
    with closing(sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, timeout=5)) as connection:
        yield connection.cursor()


def sqlite_tables(cursor: sqlite3.Cursor) -> set[str]:
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in cursor.fetchall()}


def check_tables(cursor: Reader, tables: set[str], where: str) -> None:
    """Judge a database by its tables and its `_migrations` rows."""
    if {"_migrations", "installed_apps"} <= tables and "django_migrations" not in tables:
        raise DatabaseRefused(
            f"{where} was written by Halo desktop. Halo Site does not change it. "
            "Name another directory in HALO_DATA_DIR."
        )
    if "_migrations" in tables:
        cursor.execute("SELECT namespace, version FROM _migrations")
        refuse_newer(dict(cursor.fetchall()), where)


def refuse_newer(stored: dict[str, int], where: str) -> None:
    """Raise for namespaces whose stored version is above the code's; unknown ones count as newer."""
    known = versions_in_code()
    newer = [
        f"{namespace} is at version {version}, this program knows {known.get(namespace, 'no such namespace')}"
        for namespace, version in sorted(stored.items())
        if version > known.get(namespace, 0)
    ]
    if newer:
        raise DatabaseRefused(
            f"{where} is newer than this program: {'; '.join(newer)}. Nothing was changed. "
            "Install the newer Halo Site, or restore a backup made before its upgrade."
        )
