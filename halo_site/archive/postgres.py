"""A copy of a PostgreSQL database as it was at one moment, and its return, as the text of `COPY`."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import Error, OperationalError
from django.db.migrations.recorder import MigrationRecorder

from halo_site import append_only
from halo_site.archive.exceptions import BackupFailed, RestoreRefused, WritersBusy
from halo_site.archive.manifest import DatabaseFacts, Table
from halo_site.archive.sqlite import EMPTIED
from halo_site.store.executor import NamespaceExecutor
from halo_site.store.recorder import NamespaceVersion

# Well under PostgreSQL's deadlock_timeout of 1 s: whoever is in our way must never be ended for us
LOCK_MS = 200
WAIT_SECONDS = 5  # for whoever still has our tables when rows are replaced
CHUNK = 1 << 18  # bytes
COLUMNS = """
    SELECT a.attname FROM pg_attribute a
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ORDER BY a.attnum
"""
SEQUENCES = """
    SELECT a.attname, pg_get_serial_sequence(%s, a.attname) FROM pg_attribute a
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
    AND pg_get_serial_sequence(%s, a.attname) IS NOT NULL
"""


class PostgresSource:
    """Two connections: one that locks our tables against writers for a moment, and one with a snapshot."""

    def __init__(self, connection: Any) -> None:
        self._holder, self._reader = connection.copy(), connection.copy()
        if not own_tables(self._reader):
            self.close()
            raise BackupFailed("The database has no tables yet. Run: python3 manage.py migrate")
        self._reader.set_autocommit(False)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock all our tables at once, or none of them: waiting with some of them held could end a writer."""
        tables = ", ".join(map(self._holder.ops.quote_name, own_tables(self._holder)))
        self._holder.set_autocommit(False)
        try:
            with self._holder.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {LOCK_MS}")
                try:
                    cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")
                except OperationalError as error:
                    raise WritersBusy("others write to the database all the time") from error
            yield
        finally:
            self._holder.rollback()
            self._holder.set_autocommit(True)

    def pin(self) -> None:
        self._reader.rollback()
        with self._reader.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT 1")  # the snapshot begins with the first query

    def facts(self) -> DatabaseFacts:
        return facts_of(self._reader)

    def dump(self, folder: Path) -> None:
        with self._reader.connection.cursor() as cursor:
            for table in self.facts().tables:
                with (folder / f"{table.name}.copy").open("xb") as file:
                    if table.name not in EMPTIED:
                        with cursor.copy(copy_words(self._reader, table, "TO STDOUT")) as rows:
                            for block in rows:
                                file.write(block)

    def close(self) -> None:
        for own in (self._holder, self._reader):
            with suppress(Error):
                own.close()


def own_tables(connection: Any) -> list[str]:
    """The tables of this program that exist, Django's and the records of migrations included."""
    names = set(connection.introspection.django_table_names(only_existing=True))
    records = {MigrationRecorder.Migration._meta.db_table, NamespaceVersion._meta.db_table}
    return sorted(names | (records & set(connection.introspection.table_names())))


def facts_of(connection: Any) -> DatabaseFacts:
    """Versions and tables. Raises Django's Error where they cannot be read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT namespace, version FROM _migrations")
        namespaces = dict(cursor.fetchall())
        migrations = applied(cursor)
        tables = []
        for name in own_tables(connection):
            cursor.execute(COLUMNS, [connection.ops.quote_name(name)])
            tables.append(Table(name=name, columns=tuple(row[0] for row in cursor.fetchall())))
    return DatabaseFacts(
        vendor="postgresql", namespaces=namespaces, migrations=migrations, tables=tuple(tables)
    )


def applied(cursor: Any) -> tuple[tuple[str, str], ...]:
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return tuple(cursor.fetchall())


def copy_words(connection: Any, table: Table, direction: str) -> str:
    quote = connection.ops.quote_name
    return f"COPY {quote(table.name)} ({', '.join(map(quote, table.columns))}) {direction}"


def load(connection: Any, folder: Path, facts: DatabaseFacts) -> None:
    """Replace all our rows by those in ``folder``; the caller's transaction makes it all or nothing.

    Tables of other versions are made anew at the versions of the backup. Raises `RestoreRefused` for tables
    that this program does not make, and Django's Error.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
        present = own_tables(connection)
        if "django_migrations" not in present or applied(cursor) != facts.migrations:
            rebuild(connection, cursor, facts)
        if facts_of(connection).tables != facts.tables:
            raise RestoreRefused("The backup has other tables than this program at the backup's versions.")
        names = [connection.ops.quote_name(table.name) for table in facts.tables]
        with append_only.emptied_by_restore(cursor):
            cursor.execute(f"TRUNCATE {', '.join(names)}")
        for table in facts.tables:
            fill(connection, folder / f"{table.name}.copy", table)
        for table in facts.tables:
            set_sequences(connection, cursor, table.name)


def rebuild(connection: Any, cursor: Any, facts: DatabaseFacts) -> None:
    """Drop our tables and make those of the backup's versions."""
    drop(connection)
    executor = NamespaceExecutor(connection)
    unknown = set(facts.migrations) - set(executor.loader.disk_migrations)
    if unknown:
        names = ", ".join(".".join(name) for name in sorted(unknown)[:5])
        raise RestoreRefused(f"The backup has migrations that this program does not know: {names}.")
    executor.recorder.ensure_schema()
    graph = executor.loader.graph
    # In order and once each: Django's own plan for many targets would take some of them back
    order = dict.fromkeys(key for name in facts.migrations for key in graph.forwards_plan(name))
    executor.migrate(list(order), plan=[(graph.nodes[key], False) for key in order])
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the tables could not be emptied
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def drop(connection: Any) -> None:
    """Drop our tables, and nobody else's."""
    present = own_tables(connection)
    if present:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {', '.join(map(connection.ops.quote_name, present))}")


def fill(connection: Any, file: Path, table: Table) -> None:
    words = copy_words(connection, table, "FROM STDIN")
    with file.open("rb") as rows, connection.connection.cursor() as cursor, cursor.copy(words) as copy:
        while block := rows.read(CHUNK):
            copy.write(block)


def set_sequences(connection: Any, cursor: Any, name: str) -> None:
    """Let numbers go on after the highest one."""
    quoted = connection.ops.quote_name(name)
    cursor.execute(SEQUENCES, [quoted, quoted, quoted])
    for column, sequence in cursor.fetchall():
        highest = f"SELECT max({connection.ops.quote_name(column)}) FROM {quoted}"  # noqa: S608 - names of ours
        cursor.execute(f"SELECT setval(%s, coalesce(({highest}), 1), ({highest}) IS NOT NULL)", [sequence])
