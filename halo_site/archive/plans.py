"""Plans of exchanges: which file goes where, for a restore and for its undoing."""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from halo_site.archive.exceptions import RestoreRefused
from halo_site.archive.exchange import adjust, remove_if_ours
from halo_site.archive.journal import FACTS, INCOMING, RECORD, ROWS, Exchange, Move, Rows
from halo_site.archive.manifest import DATABASE, FILES, SECRETS, STAYING, DatabaseFacts, Manifest, is_database
from halo_site.archive.postgres import own_tables
from halo_site.archive.sources import source_of
from halo_site.archive.sqlite import FILE
from halo_site.datadir.paths import data_dir
from halo_site.store.fields import to_ms

FORMER, UNDONE = "before-restore", "undone"  # folders in backups/, with a time behind
COMPANIONS = ("", "-wal", "-shm", "-journal")  # files of one SQLite database


def restoring(archive: Path, manifest: Manifest, folder: Path, connection: Any, now: datetime) -> Exchange:
    """The plan for a verified backup that was unpacked into ``folder``, which is emptied."""
    remove_strays()
    kept = new_folder(FORMER, now)
    source = kept / INCOMING
    source.mkdir(mode=0o700)
    for part in (FILES, DATABASE):
        (folder / part).rename(source / part)
    incoming = {path.name: path for path in (source / FILES).iterdir()}
    exchange = Exchange(
        id=str(uuid.uuid4()),
        verb="restore",
        summary=f"{archive.name}, as of {manifest.moment}",
        at_ms=to_ms(now),
        folder=str(kept),
        source=str(source),
        stays=tuple(sorted(SECRETS - set(incoming))),
        moves=(),
        before_directory=manifest.data_directory,
    )
    moves = list(moves_of(incoming, kept, exchange.stays, connection))
    if connection.vendor != "sqlite":
        note_facts(source / DATABASE, manifest.database)
        rows = Rows(kept=keep_rows(connection, kept), incoming=str(source / DATABASE))
        return exchange.model_copy(update={"moves": tuple(moves), "rows": rows})
    mark(source / DATABASE / FILE, exchange)
    moves += database_moves(connection, kept, beside(connection, source / DATABASE / FILE, exchange.id))
    return exchange.model_copy(update={"moves": tuple(moves)})


def undoing(former: Path, connection: Any, now: datetime) -> Exchange:
    """The plan for the way back to the state in ``former``; what is there until now is kept as well."""
    done = Exchange.model_validate_json((former / RECORD).read_bytes())
    kept = new_folder(UNDONE, now)
    incoming = {path.name: path for path in former.iterdir() if not path.name.startswith(".halo-")}
    exchange = Exchange(
        id=str(uuid.uuid4()),
        verb="undo_restore",
        summary=done.summary,
        at_ms=to_ms(now),
        folder=str(kept),
        source=str(former),
        stays=done.stays,
        moves=(),
        before_directory=str(data_dir().root),
    )
    moves = list(moves_of(incoming, kept, done.stays, connection))
    if connection.vendor != "sqlite":
        rows = Rows(kept=keep_rows(connection, kept), incoming=done.rows.kept if done.rows else None)
        return exchange.model_copy(update={"moves": tuple(moves), "rows": rows})
    database = database_place(connection, former)
    with suppress(sqlite3.Error):  # it may have been damaged, which is why it was replaced
        mark(database, exchange)
    moves += database_moves(connection, kept, database)
    return exchange.model_copy(update={"moves": tuple(moves)})


def newest_former() -> Path:
    """The folder of the state before the newest restore. Raises `RestoreRefused` where there is none."""
    found = [folder for folder in former_folders() if (folder / RECORD).exists()]
    if not found:
        raise RestoreRefused("No restore can be undone: there is no former state in backups/.")
    return found[-1]


def keep_former(exchange: Exchange) -> Path | None:
    """The folder of the state before a restore; where nothing was, it is removed again (None)."""
    kept = [Path(move.kept) for move in exchange.moves]
    held = any(path.is_symlink() or path.is_file() or any(path.rglob("*")) for path in kept)
    if held or (exchange.rows is not None and exchange.rows.kept is not None):
        return Path(exchange.folder)
    shutil.rmtree(exchange.folder, ignore_errors=True)
    return None


def former_folders() -> list[Path]:
    """Oldest first."""
    return sorted(path for path in data_dir().backups.glob(f"{FORMER}-*") if path.is_dir())


def remove_strays() -> None:
    """Remove what a kill left before there was a journal, or after there was none any more: only our own."""
    for folder in former_folders():
        if not (folder / RECORD).exists():
            remove_if_ours(folder)


def new_folder(name: str, now: datetime) -> Path:
    folder = data_dir().backups / f"{name}-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z"
    folder.mkdir(mode=0o700)
    return folder


def moves_of(
    incoming: dict[str, Path], kept: Path, stays: tuple[str, ...], connection: Any
) -> Iterator[Move]:
    """Moves of everything at the data directory's top level but what stays there, and the database."""
    root = data_dir().root
    present = {name for name in os.listdir(root) if not name.startswith(".halo-")}  # noqa: PTH208
    own = {database_path(connection).name + ending for ending in COMPANIONS} if in_root(connection) else set()
    for name in sorted((present | set(incoming)) - STAYING - set(stays) - own):
        if not is_database(name):
            coming = str(incoming[name]) if name in incoming else None
            yield Move(target=str(root / name), kept=str(kept / name), incoming=coming)


def database_moves(connection: Any, kept: Path, incoming: Path) -> Iterator[Move]:
    """Moves of the SQLite database with its companions."""
    target, place = database_path(connection), database_place(connection, kept)
    for ending in COMPANIONS:
        coming = incoming.with_name(incoming.name + ending)
        yield Move(
            target=f"{target}{ending}",
            kept=f"{place}{ending}",
            incoming=str(coming) if coming.exists() else None,
        )


def database_path(connection: Any) -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def in_root(connection: Any) -> bool:
    return connection.vendor == "sqlite" and database_path(connection).parent == data_dir().root


def database_place(connection: Any, folder: Path) -> Path:
    """Where a database lies that belongs to the state in ``folder``: there, or beside the one in use."""
    path = database_path(connection)
    return folder / path.name if in_root(connection) else path.with_name(f"{path.name}.{folder.name}")


def beside(connection: Any, database: Path, name: str) -> Path:
    """The unpacked database on the disk of the one in use: a rename is possible there only."""
    path = database_path(connection)
    if in_root(connection):
        return database
    return Path(shutil.copy2(database, path.with_name(f"{path.name}.incoming-{name}")))


def refuse_odd_place(connection: Any) -> None:
    """A database within a folder that is exchanged would have to go two ways at once."""
    path = database_path(connection)
    if connection.vendor == "sqlite" and not in_root(connection) and path.is_relative_to(data_dir().root):
        raise RestoreRefused(
            f"The database {path} lies in a folder of the data directory. Move it to the directory itself or "
            "out of it, and change DATABASE_URL; nothing was changed."
        )


def mark(database: Path, exchange: Exchange) -> None:
    """Adjust an SQLite database that is not in use; nothing where there is none."""
    if database.exists():
        with closing(sqlite3.connect(database)) as opened, opened:
            adjust(opened.cursor(), exchange, "?")


def keep_rows(connection: Any, kept: Path) -> str | None:
    """Write the rows of the database in use to the folder of its state; None where it has no tables."""
    if not own_tables(connection):
        return None
    folder = kept / ROWS
    folder.mkdir(mode=0o700)
    with closing(source_of(connection)) as source:
        source.pin()
        source.dump(folder)
        note_facts(folder, source.facts())
    return str(folder)


def note_facts(folder: Path, facts: DatabaseFacts) -> None:
    (folder / FACTS).write_text(facts.model_dump_json())
