"""SQLite's write-ahead log, in a process whose main thread must not wait for the disk while it works.

From 1,000 pages on, whoever commits also copies the log into the database file and has the disk confirm
that, twice (sqlite.org/wal.html, 3.2). The thread that calls `let_grow` leaves it to the process's other
threads, and to those of other processes.
"""

from threading import get_ident
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created

MOST_PAGES = 16_384  # 64 MiB; from then on that thread copies it too
_growing: set[int] = set()  # threads


def let_grow() -> None:
    """Have the commits of this thread leave a log of up to `MOST_PAGES` as it is, on new connections too."""
    _growing.add(get_ident())
    connection_created.connect(_set_up, dispatch_uid="write-ahead log")
    if connection.connection is not None:
        _set_up(connection=connection)


def write_back() -> bool:
    """Copy the log into the database file, waiting for nobody; False where something of it had to stay."""
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        busy, pages, copied = cursor.fetchone()
    return not busy and pages == copied


def _set_up(*, connection: Any, **_signal: Any) -> None:
    if connection.vendor == "sqlite" and get_ident() in _growing:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA wal_autocheckpoint = {MOST_PAGES}")
