"""A consistent copy of database and files of one moment, made while web, clock and workers go on.

Files belong to rows in one of two ways, and the moment is chosen so that both are whole: a memory file is
renamed into place inside the transaction of its revision, and a step is counted in its row before it writes
to its transcript. So while the database's write lock is held, files and rows agree; a transcript holds at
least every step but the last one that the row counts.
"""

import os
import random
import re
import shutil
import sqlite3
import time
import tomllib
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from halo_site.archive.collection import Collection
from halo_site.archive.container import Writer
from halo_site.archive.exceptions import BackupFailed, WritersBusy
from halo_site.archive.manifest import (
    DATABASE,
    FILES,
    FORMAT,
    MOST_MEMBERS,
    SECRETS,
    STAYING,
    LeftOut,
    Manifest,
    Member,
    SpaceFact,
    is_database,
)
from halo_site.archive.sources import Source, source_of
from halo_site.archive.spool import Extent, Spool, whole
from halo_site.archive.staging import staging
from halo_site.datadir.locks import LockTimeout, locked
from halo_site.datadir.paths import DataDir, data_dir
from halo_site.datadir.secrets import secret_names
from halo_site.datadir.spaces import Space, all_spaces

PATTERN = re.compile(r"halo-\d{8}T\d{12}Z\.tar\.gz")
LONGEST_WAIT = 60.0  # seconds for a moment in which nobody writes
LOCK_WAIT = 0.1  # seconds for one file's lock within that moment
ROOM = 1.5  # times the data: the copy, and the archive, which is smaller


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: where it is, its bytes on disk, and what it says of itself."""

    path: Path
    size: int
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Moment:
    """When nobody wrote, and for how many milliseconds writers had to wait for that."""

    at: datetime
    held_ms: float
    spaces: tuple[SpaceFact, ...]
    secrets: tuple[str, ...]


def make_backup(
    connection: Any, target: Path | None, *, with_secrets: bool, clock: Callable[[], datetime]
) -> Backup:
    """Write a backup to ``target``: a new file, or a folder for one with our own name; None is ``backups/``.

    Raises `BackupFailed`, and `OSError` for what disk and rights refuse; then nothing is left behind.
    """
    path = chosen_path(target, clock())
    try:
        return _made(connection, path, with_secrets=with_secrets, clock=clock)
    except sqlite3.Error as error:
        raise BackupFailed(f"The database could not be copied: {error}. No backup was made.") from error


def _made(connection: Any, path: Path, *, with_secrets: bool, clock: Callable[[], datetime]) -> Backup:
    with ExitStack() as stack:
        folder = stack.enter_context(staging(path.parent))
        source = stack.enter_context(closing(source_of(connection)))
        spool = stack.enter_context(closing(Spool(folder / "spool")))
        collection = Collection(data_dir().root, spool, skips(connection, with_secrets=with_secrets))
        stack.callback(collection.release)
        refuse_without_room(folder, connection)
        collection.rounds()
        moment = hold(source, collection, clock)
        manifest, extents = gather(folder, source, collection, moment, with_secrets=with_secrets)
        part = folder / "archive.part"
        write(part, manifest, extents)
        put(part, path)
    return Backup(path, path.stat().st_size, manifest)


def chosen_path(target: Path | None, now: datetime) -> Path:
    """Where the backup goes. Raises `BackupFailed` for a file that exists or a name we would not read."""
    own_name = f"halo-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z.tar.gz"
    path = (target or data_dir().backups).absolute()
    if path.is_dir() or target is None:
        path = path / own_name
    if not path.name.endswith((".tar.gz", ".tgz")):
        raise BackupFailed(f"{path} cannot be used: a backup's name ends in .tar.gz.")
    if os.path.lexists(path):
        raise BackupFailed(
            f"{path} exists already, and a backup never overwrites a file. Choose another name."
        )
    root, place = data_dir().root.resolve(), path.parent.resolve()
    if place.is_relative_to(root) and not place.is_relative_to(data_dir().backups.resolve()):
        raise BackupFailed(f"{path} lies among the files to copy. Within the data directory use backups/.")
    if target is not None and not path.parent.is_dir():
        raise BackupFailed(f"There is no folder {path.parent}. Make it first, or name another one.")
    return path


def skips(connection: Any, *, with_secrets: bool) -> Callable[[str], bool]:
    """Which names of the data directory's top level are no files to copy."""
    own = database_file(connection)
    databases = {own.name + ending for ending in ("", "-wal", "-shm", "-journal")} if own else set()
    left = STAYING | databases | (frozenset() if with_secrets else SECRETS)
    return lambda name: name in left or is_database(name)


def database_file(connection: Any) -> Path | None:
    """The SQLite file, if it lies in the data directory itself."""
    path = Path(str(connection.settings_dict["NAME"]))
    return path if connection.vendor == "sqlite" and path.parent == data_dir().root else None


def refuse_without_room(folder: Path, connection: Any) -> None:
    """A backup that fills the disk would stop the site it is made for."""
    size = 0 if connection.vendor != "sqlite" else Path(connection.settings_dict["NAME"]).stat().st_size
    for top, folders, names in os.walk(data_dir().root):
        if Path(top) == data_dir().root:
            folders[:] = [name for name in folders if name not in STAYING]
            names = [name for name in names if not is_database(name)]
        for name in names:
            with suppress(OSError):
                size += os.lstat(f"{top}/{name}").st_size
    free, wanted = shutil.disk_usage(folder).free, int(size * ROOM)
    if free < wanted:
        raise BackupFailed(
            f"There is too little room in {folder.parent}: {free:,} bytes are free, {wanted:,} may be "
            "needed. Free some, or name a folder on another disk."
        )


def hold(source: Source, collection: Collection, clock: Callable[[], datetime]) -> Moment:
    """Wait for a moment in which nobody writes, and note database and files as they are in it."""
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            with source.held():
                began = time.monotonic()
                with ExitStack() as files:
                    for path in json_files(data_dir()):
                        files.enter_context(locked(path, LOCK_WAIT))
                    source.pin()
                    collection.settle()
                    spaces, secrets = tuple(map(space_fact, all_spaces())), tuple(secret_names())
                    return Moment(clock(), (time.monotonic() - began) * 1000, spaces, secrets)
        except (WritersBusy, LockTimeout) as error:
            if time.monotonic() > deadline:
                raise BackupFailed(
                    f"No moment without writing was found within {LONGEST_WAIT:g} s: {error}. Try later."
                ) from error
            time.sleep(random.uniform(0.01, 0.2))  # noqa: S311 - only so that two do not meet again


def json_files(data: DataDir) -> tuple[Path, ...]:
    """The files that are written under a lock of their own, some of them together with others."""
    return (data.config, data.secrets, data.spaces_index)


def gather(
    folder: Path, source: Source, collection: Collection, moment: Moment, *, with_secrets: bool
) -> tuple[Manifest, list[Extent]]:
    """Everything of the moment, copied, and the manifest that lists it in the same order."""
    copies = collection.finish()
    collection.spool.close()
    if len(copies) > MOST_MEMBERS:
        raise BackupFailed(f"There are more than {MOST_MEMBERS:,} files; a backup takes no more.")
    database = folder / DATABASE
    database.mkdir(mode=0o700)
    source.dump(database)
    at = int(moment.at.timestamp())
    listed = [(f"{DATABASE}/{path.name}", whole(path), at) for path in sorted(database.iterdir())]
    listed += [(f"{FILES}/{name}", copy.extent, copy.mtime) for name, copy in copies.items()]
    members = tuple(
        Member(name=name, size=extent.size, sha256=extent.sha256, mtime=mtime)
        for name, extent, mtime in listed
    )
    manifest = described(source, collection, moment, members, with_secrets=with_secrets)
    return manifest, [extent for _name, extent, _mtime in listed]


def described(
    source: Source,
    collection: Collection,
    moment: Moment,
    members: tuple[Member, ...],
    *,
    with_secrets: bool,
) -> Manifest:
    """The manifest of what was gathered."""
    return Manifest(
        format=FORMAT,
        program=program_version(),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        moment=moment.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        held_ms=round(moment.held_ms, 1),
        data_directory=str(data_dir().root),
        database=source.facts(),
        spaces=moment.spaces,
        with_secrets=with_secrets,
        secrets_left_out=() if with_secrets else moment.secrets,
        left_out=tuple(left_out(collection)),
        folders=tuple(collection.folders),
        members=members,
    )


def space_fact(space: Space) -> SpaceFact:
    included = space.path.is_relative_to(data_dir().root)
    return SpaceFact(id=space.id, name=space.name, path=str(space.path), included=included)


def left_out(collection: Collection) -> list[LeftOut]:
    return [
        LeftOut(path=os.fsencode(path).decode("utf-8", "backslashreplace"), why=why)
        for path, why in sorted(collection.odd.items())
    ]


def program_version() -> str:
    """The version in pyproject.toml, the one place that has it."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def write(part: Path, manifest: Manifest, extents: list[Extent]) -> None:
    """Write the archive and wait for the disk."""
    with part.open("xb") as file:
        writer = Writer(file, manifest)
        for member, extent in zip(manifest.members, extents, strict=True):
            writer.add(member.name, member.size, member.mtime, extent.chunks())
        writer.close()
        file.flush()
        os.fsync(file.fileno())


def put(part: Path, path: Path) -> None:
    """Give the finished archive its name, never in the place of another file."""
    try:
        os.link(part, path)
        part.unlink()
    except FileExistsError as error:
        raise BackupFailed(f"{path} was made by somebody else meanwhile. Choose another name.") from error
    except OSError:  # a file system without links, such as a USB stick's
        if os.path.lexists(path):
            raise
        part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def prune(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest ``keep`` backups that bear our own name; returns those removed."""
    own = sorted(path for path in folder.iterdir() if PATTERN.fullmatch(path.name) and path.is_file())
    removed = own[:-keep] if keep else []
    for path in removed:
        path.unlink()
    return removed
