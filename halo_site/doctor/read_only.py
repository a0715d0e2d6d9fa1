"""The database as the doctor reads it: nothing that a check does can change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import DatabaseError, connection


@contextmanager
def reading_only(path: Path | None) -> Iterator[None]:
    """While this lasts, Django's connection cannot write. ``path`` is the file of an SQLite database.

    The database is not opened by this alone. Not to be called inside a transaction.
    """
    if path is None:
        with _read_only_session():
            yield
        return
    before = connection.settings_dict
    connection.close()
    name = f"file:{quote(str(path))}?{how_to_read(path)}"
    connection.settings_dict = {**before, "NAME": name}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = before


def how_to_read(path: Path) -> str:
    """The query of SQLite's URI that leaves no trace.

    Without a write-ahead log nobody has the file open, and to open it as usual would make one beside it.
    """
    return "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"


@contextmanager
def _read_only_session() -> Iterator[None]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    except DatabaseError:  # the first check says that it cannot be reached
        pass
    try:
        yield
    finally:
        connection.close()
