"""SQLite's write-ahead log in a process that must not wait for the disk while it works.

From 1,000 pages on, whoever commits also copies the log into the database file and has the disk confirm
that, twice (sqlite.org/wal.html, 3.2). A process that calls `let_grow` leaves it to `write_back`, which
another thread of it calls.
"""

from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created

MOST_PAGES = 16_384  # 64 MiB; whoever commits more writes it back after all


def let_grow() -> None:
    """Have no commit of this process write the log back, on the connection that is open and on new ones."""
    connection_created.connect(_set_up, dispatch_uid="journal")
    if connection.connection is not None:
        _set_up(connection=connection)


def write_back() -> None:
    """Copy what is committed into the database file, as far as no reader needs the log. Nobody waits."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _set_up(*, connection: Any, **_signal: Any) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA wal_autocheckpoint = {MOST_PAGES}")
