"""Rows in bulk, past the ORM: COPY on PostgreSQL, one prepared statement elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

CACHE_KIB = 400_000  # of SQLite while it writes: ids are random, so every index is written all over
CHECKPOINT_PAGES = 50_000  # a page that many batches touch goes from the log to the file once, not each time


@dataclass
class Table:
    """Rows of one table that wait to be written. Values are those of the columns, not of the fields."""

    name: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def write(self) -> None:
        """Insert what waits, and forget it. Call it in a transaction."""
        if not self.rows:
            return
        columns = ", ".join(connection.ops.quote_name(column) for column in self.columns)
        target = f"{connection.ops.quote_name(self.name)} ({columns})"
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                    for row in self.rows:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(self.columns))
                cursor.executemany(f"INSERT INTO {target} VALUES ({places})", self.rows)  # noqa: S608
        self.rows = []


def write_all(tables: Sequence[Table]) -> None:
    """Write what waits in each of the tables, in one transaction."""
    with transaction.atomic():
        for table in tables:
            table.write()


@contextmanager
def many_writes() -> Iterator[None]:
    """SQLite with room for much random writing; elsewhere nothing is different."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = {name: _pragma(cursor, name) for name in ("cache_size", "wal_autocheckpoint")}
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name, value in before.items():
                cursor.execute(f"PRAGMA {name} = {value}")
            if not connection.in_atomic_block:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def analyze(tables: Sequence[Table]) -> None:
    """Have PostgreSQL know its tables, as its own autovacuum would in a minute or two.

    SQLite has no such thing at work, and no statistics in a real installation: so none here.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(table.name)}")


def _pragma(cursor: Any, name: str) -> int:
    return int(cursor.execute(f"PRAGMA {name}").fetchone()[0])
