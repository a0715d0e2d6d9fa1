"""Restoring: verify, exchange, and the way back."""

from datetime import datetime
from pathlib import Path
from typing import Any

from halo_site.archive import plans, records
from halo_site.archive.exceptions import RestoreRefused
from halo_site.archive.exchange import finish, revert
from halo_site.archive.journal import Exchange, refuse_unfinished_restore, unfinished
from halo_site.archive.manifest import Manifest
from halo_site.archive.occupancy import nothing_runs, refuse_unless_empty
from halo_site.archive.staging import staging
from halo_site.archive.verification import verify
from halo_site.datadir.paths import data_dir


def check(archive: Path, connection: Any, now: datetime) -> Manifest:
    """Verify a backup and change nothing but the note of it."""
    with staging(data_dir().backups) as folder:
        manifest = verify(archive, folder, connection.vendor, keep_files=False)
    records.note(records.VERIFIED, archive.absolute(), manifest, now)
    return manifest


def restore(archive: Path, connection: Any, *, replace: bool, now: datetime) -> tuple[Manifest, Path | None]:
    """Put the state of a backup in the place of what is there, which moves to ``backups/before-restore-…``.

    Returns the manifest and that folder (None: nothing was there). Raises `RestoreRefused` and
    `DatabaseRefused`, and `OSError` or Django's Error; in every case the former state is in place.
    """
    refuse_unfinished_restore()
    with nothing_runs(connection, now) as claim:
        if not replace:
            refuse_unless_empty(connection)
        plans.refuse_odd_place(connection)
        with staging(data_dir().backups) as folder:
            manifest = verify(archive, folder, connection.vendor, keep_files=True)
            claim()
            exchange = plans.restoring(archive, manifest, folder, connection, now)
            carry_out(exchange, connection)
    data_dir().prepare()
    for what in (records.VERIFIED, records.RESTORED):
        records.note(what, archive.absolute(), manifest, now)
    return manifest, plans.keep_former(exchange)


def undo(connection: Any, now: datetime) -> tuple[str, Path | None]:
    """Go back to the state before the newest restore, or out of an interrupted one.

    Returns what was undone, and where the state lies that was there until now (None: nothing was).
    """
    with nothing_runs(connection, now) as claim:
        claim()
        half_way = unfinished()
        if half_way is not None:
            revert(half_way, connection)
            data_dir().prepare()
            return half_way.words, None
        exchange = plans.undoing(plans.newest_former(), connection, now)
        carry_out(exchange, connection)
    data_dir().prepare()
    return f"the restore of {exchange.summary}", Path(exchange.folder)


def resume(connection: Any, now: datetime) -> Exchange:
    """Finish the restore that was interrupted."""
    with nothing_runs(connection, now) as claim:
        claim()
        exchange = unfinished()
        if exchange is None:
            raise RestoreRefused("No restore was interrupted; there is nothing to resume.")
        finish(exchange, connection)
    data_dir().prepare()
    return exchange


def carry_out(exchange: Exchange, connection: Any) -> None:
    """Do it, or take it back where disk or database refuse."""
    connection.close()
    try:
        finish(exchange, connection)
    except Exception:  # whatever it is: nothing must stay half-way
        half_way = unfinished()
        if half_way is not None:
            revert(half_way, connection)
        raise
