"""The base of our commands: whatever fails, one clear line and a non-zero exit."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, OperationalError, connection

from halo_site.archive.exceptions import RestoreUnfinished
from halo_site.archive.journal import refuse_unfinished_restore
from halo_site.datadir.locks import LockTimeout
from halo_site.datadir.paths import DataDirRefused, data_dir
from halo_site.disk_trouble import trouble_of
from halo_site.store.guard import DatabaseRefused, check_database

# Their messages say what to do
REFUSALS = (DataDirRefused, DatabaseRefused, LockTimeout, RestoreUnfinished)


class HaloCommand(BaseCommand):
    """Turns the failures that every command can meet into `CommandError`s with advice."""

    # They are about code and settings, load every page, and take a quarter of a command's time: `up`,
    # `migrate` and `check` run them.
    requires_system_checks: list[str] = []
    is_for_half_restored = False  # whether it may work on a data directory between two states

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            if not self.is_for_half_restored:
                refuse_unfinished_restore()
            self.before_checks(options)
            return super().execute(*args, **options)
        except (*REFUSALS, DatabaseError, OSError) as error:
            words = in_one_line(error)
            if not words:
                raise
            raise CommandError(words) from error

    def before_checks(self, options: dict[str, Any]) -> None:
        """Refuse a newer or foreign database, before anything is written or Django's checks open it."""
        check_database(connection)


def in_one_line(error: Exception) -> str:
    """What happened and what to do; empty for a failure of ours, which needs its traceback."""
    trouble = trouble_of(error)
    if trouble is not None:
        return f"{trouble} The data directory is {data_dir().root}."
    if isinstance(error, REFUSALS):
        return str(error)
    return advice(error) if isinstance(error, DatabaseError) else ""


def advice(error: DatabaseError) -> str:
    """What happened to the database and what to do, in one line."""
    text = " ".join(str(error).split())
    if "no such table" in text or ("relation" in text and "does not exist" in text):
        return "The database has no tables of this version yet. Run: python3 manage.py migrate"
    if "locked" in text:
        return "The database has been locked by another program for over 5 s. Try again, or end that program."
    if "unable to open" in text:
        return _cannot_open(Path(str(connection.settings_dict["NAME"])))
    kind = "The database cannot be reached" if isinstance(error, OperationalError) else "The database refused"
    return f"{kind}: {text}"


def _cannot_open(path: Path) -> str:
    if path.exists():
        return f"{path} cannot be opened. Make it a file that this user can read and write."
    return f"There is no database {path} yet. Run: python3 manage.py migrate"
