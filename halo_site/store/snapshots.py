"""A copy of the database file before migrations change it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from halo_site.datadir.paths import data_dir

KEPT = 5


def take_snapshot(connection: Any, now: datetime) -> Path | None:
    """Copy a file database that holds tables to ``backups/before-migrate-<UTC time>.db`` (0600).

    Returns the copy's path, or None where there is nothing to copy (PostgreSQL, an empty file). The newest
    `KEPT` copies stay. Must be called in autocommit: SQLite cannot VACUUM inside a transaction.
    """
    if connection.vendor != "sqlite" or not Path(connection.settings_dict["NAME"]).is_file():
        return None
    if not connection.introspection.table_names():
        return None
    folder = data_dir().backups
    folder.mkdir(mode=0o700, exist_ok=True, parents=True)
    copy = folder / f"before-migrate-{now:%Y%m%dT%H%M%S%f}Z.db"
    for leftover in folder.glob("before-migrate-*.part"):
        leftover.unlink(missing_ok=True)
    unfinished = copy.with_suffix(".part")
    try:
        unfinished.touch(mode=0o600)  # VACUUM INTO takes an empty file, and nobody else can ever read it
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(unfinished)])
        unfinished.rename(copy)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in sorted(folder.glob("before-migrate-*.db"))[:-KEPT]:
        old.unlink()
    return copy
