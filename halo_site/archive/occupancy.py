"""Whether a data directory is in use, or has anything in it."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from halo_site.archive.exceptions import RestoreRefused
from halo_site.archive.journal import unfinished
from halo_site.archive.manifest import SECRETS, STAYING
from halo_site.archive.postgres import own_tables
from halo_site.datadir.instance import AlreadyRunning, claim
from halo_site.datadir.paths import data_dir
from halo_site.store.fields import to_ms
from halo_site.store.guard import read_only, sqlite_tables

ALIVE = timedelta(seconds=10)  # a younger heartbeat is of a process that runs


@contextmanager
def nothing_runs(connection: Any, now: datetime) -> Iterator[Callable[[], None]]:
    """Raise `RestoreRefused` while Halo Site runs here. Yields what keeps it from starting until the end.

    That is not done at once where it would make files: a backup that is refused changes nothing at all.
    """
    with ExitStack() as stack:
        held: list[int] = []

        def hold() -> None:
            if held:
                return
            if unfinished() is None:
                data_dir().prepare()
            try:
                held.append(claim(data_dir()))
            except AlreadyRunning as error:
                raise RestoreRefused(str(error)) from error
            stack.callback(os.close, held[0])
            refuse_open_database(connection)

        if (data_dir().temp / "up.lock").exists():
            hold()
        living = beating(connection, now - ALIVE)
        if living:
            raise RestoreRefused(
                f"Halo Site runs on {data_dir().root}: {', '.join(living[:5])} gave a sign of life within "
                f"{ALIVE.seconds} s. End it first; nothing was changed."
            )
        yield hold


def beating(connection: Any, since: datetime) -> list[str]:
    """The processes with a heartbeat after ``since``; a database that cannot be read has none."""
    words = "SELECT name FROM halo_heartbeats WHERE beat_at >= "
    if connection.vendor != "sqlite":
        if "halo_heartbeats" not in own_tables(connection):
            return []
        with connection.cursor() as cursor:
            cursor.execute(words + "%s", [to_ms(since)])
            return [row[0] for row in cursor.fetchall()]
    path = Path(connection.settings_dict["NAME"])
    if not path.exists():  # SQLite would make an empty file of that name
        return []
    how = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    try:
        with read_only(path, how) as reader:
            reader.execute(words + "?", [to_ms(since)])
            return [row[0] for row in reader.fetchall()]
    except sqlite3.Error:
        return []


def refuse_open_database(connection: Any) -> None:
    """Raise `RestoreRefused` where another process has the SQLite file open, the web server for one."""
    path = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor != "sqlite" or not path.exists():
        return
    name = f"file:{quote(str(path))}?mode=rw"
    try:
        with closing(sqlite3.connect(name, uri=True, timeout=0.5, isolation_level=None)) as database:
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
            database.execute("BEGIN EXCLUSIVE")
            database.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise RestoreRefused(
                f"Another process has {path} open. End what runs on it first; nothing was changed."
            ) from error
    except sqlite3.Error:  # damaged: nobody can use it
        return


def refuse_unless_empty(connection: Any) -> None:
    """Raise `RestoreRefused` where a restore would put something aside."""
    root = data_dir().root
    allowed = STAYING | SECRETS | {"spaces", "user-memory"}
    names = [] if not root.is_dir() else [path.name for path in root.iterdir() if path.name not in allowed]
    names = [name for name in names if not name.startswith(".halo-")]
    names += [
        name for name in ("spaces", "user-memory") if (root / name).is_dir() and any((root / name).iterdir())
    ]
    if names or has_database(connection):
        raise RestoreRefused(
            f"{root} is in use already. With --replace what is there moves to backups/before-restore-…, and "
            "restore --undo brings it back. Or name an empty directory in HALO_DATA_DIR."
        )


def has_database(connection: Any) -> bool:
    if connection.vendor == "sqlite":
        return Path(connection.settings_dict["NAME"]).exists()
    return bool(own_tables(connection))


def refuse_foreign_database(connection: Any) -> None:
    """Raise `RestoreRefused` for a readable SQLite database of another program: it is not ours to move."""
    path = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor != "sqlite" or not path.exists():
        return
    try:
        with read_only(path, "immutable=1") as reader:
            tables = sqlite_tables(reader)
    except sqlite3.Error:
        return
    if tables and "django_migrations" not in tables and not path.with_name(path.name + "-wal").exists():
        raise RestoreRefused(
            f"{path} is not a database of Halo Site, and is left alone. "
            "Name another directory in HALO_DATA_DIR."
        )
