"""A copy of an SQLite database as it was at one moment."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from halo_site.archive.exceptions import BackupFailed, RestoreRefused, WritersBusy
from halo_site.archive.manifest import DatabaseFacts
from halo_site.store.guard import read_only, sqlite_tables

FILE = "halo.db"
BUSY_SECONDS = 5.0
# Sessions: whoever holds a backup could use them to come in. Heartbeats: of processes that run elsewhere.
EMPTIED = ("django_session", "halo_heartbeats")


class SqliteSource:
    """Two connections: one that keeps writers out for a moment, and one that reads that moment on and on."""

    def __init__(self, connection: Any) -> None:
        self.path = Path(connection.settings_dict["NAME"])
        if not self.path.is_file():
            raise BackupFailed(f"There is no database {self.path} yet. Run: python3 manage.py migrate")
        self._reader = self._connected()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold SQLite's one write lock."""
        with closing(self._connected()) as holder:
            try:
                holder.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                raise WritersBusy("another program holds the database") from error
            try:
                yield
            finally:
                holder.execute("ROLLBACK")

    def pin(self) -> None:
        if self._reader.in_transaction:
            self._reader.execute("ROLLBACK")
        self._reader.execute("BEGIN")
        # The snapshot begins with the first read
        self._reader.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def facts(self) -> DatabaseFacts:
        return facts_of(self._reader.cursor())

    def dump(self, folder: Path) -> None:
        copy = folder / FILE
        copy.touch(mode=0o600)
        with closing(sqlite3.connect(copy, isolation_level=None)) as target:
            self._reader.backup(target)
            empty(target)
        try:
            check(copy, self.facts())
        except RestoreRefused as error:  # better known now than on the day when it is needed
            raise BackupFailed(f"{error} A backup of {self.path} could not be restored.") from error

    def close(self) -> None:
        self._reader.close()

    def _connected(self) -> sqlite3.Connection:
        name = f"file:{quote(str(self.path))}?mode=rw"
        return sqlite3.connect(name, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def facts_of(cursor: sqlite3.Cursor) -> DatabaseFacts:
    """The versions of an open database. Raises sqlite3.Error where it is none of ours."""
    cursor.execute("SELECT namespace, version FROM _migrations")
    namespaces = dict(cursor.fetchall())
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return DatabaseFacts(vendor="sqlite", namespaces=namespaces, migrations=tuple(cursor.fetchall()))


def empty(database: sqlite3.Connection) -> None:
    """Take the rows out that no backup holds, and their bytes from the file."""
    database.execute("PRAGMA secure_delete=ON")
    present = sqlite_tables(database.cursor())
    for table in EMPTIED:
        if table in present:
            database.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name of ours


def check(path: Path, stated: DatabaseFacts) -> None:
    """Raise `RestoreRefused` unless the file is a sound database of the stated versions."""
    try:
        with read_only(path, "immutable=1") as cursor:
            cursor.execute("PRAGMA integrity_check(5)")
            found = [str(row[0]) for row in cursor.fetchall()]
            cursor.execute("PRAGMA foreign_key_check")
            strays = {str(row[0]) for row in cursor.fetchmany(1000)}
            facts = facts_of(cursor)
    except sqlite3.Error as error:
        raise RestoreRefused(
            f"The copy of the database cannot be read ({error}). Nothing was changed."
        ) from error
    if found != ["ok"]:
        raise RestoreRefused(f"The copy of the database is damaged: {found[0]}. Nothing was changed.")
    if strays:
        names = ", ".join(sorted(strays))
        raise RestoreRefused(
            f"The copy of the database has rows in {names} that point to nothing. Nothing was changed."
        )
    if facts != stated:
        raise RestoreRefused("The database in the backup is not the one that its manifest describes.")
