"""Reads a whole backup and believes nothing of it, before anything is touched (abuse case S16)."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from halo_site.archive import sqlite
from halo_site.archive.container import Reader
from halo_site.archive.exceptions import RestoreRefused
from halo_site.archive.manifest import DATABASE, FILES, Manifest, Member
from halo_site.store.guard import refuse_newer

SPARE = 64 << 20  # bytes that stay free on the disk
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def verify(archive: Path, folder: Path, vendor: str, *, keep_files: bool) -> Manifest:
    """Unpack a backup into the empty ``folder`` and return its manifest; every byte has been checked then.

    Without ``keep_files`` only the database is unpacked, which is looked at from within. ``vendor`` is that
    of this installation's database. Raises `RestoreRefused`, `DatabaseRefused` for a newer one, `OSError`.
    """
    with opened(archive) as file:
        reader = Reader(file)
        manifest = reader.manifest()
        refuse_foreign(manifest, archive, vendor)
        refuse_without_room(manifest, folder, keep_files=keep_files)
        (folder / FILES).mkdir(mode=0o700)
        (folder / DATABASE).mkdir(mode=0o700)
        for name in manifest.folders if keep_files else ():
            make_folder(folder / FILES, name)
        for member in manifest.members:
            if keep_files or member.name.startswith(f"{DATABASE}/"):
                unpack(reader, member, folder)
            else:
                for _chunk in reader.contents(member):
                    pass
        reader.finish()
    if manifest.database.vendor == "sqlite":
        sqlite.check(folder / DATABASE / sqlite.FILE, manifest.database)
    return manifest


@contextmanager
def opened(archive: Path) -> Iterator[BinaryIO]:
    """The archive, if it is a file at all."""
    try:
        descriptor = os.open(archive, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise RestoreRefused(f"{archive} cannot be opened: {error.strerror}. Nothing was changed.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RestoreRefused(f"{archive} is not a file. Nothing was changed.")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def refuse_foreign(manifest: Manifest, archive: Path, vendor: str) -> None:
    """Refuse another kind of database, and one of a newer program."""
    if manifest.database.vendor != vendor:
        theirs = NAMES.get(manifest.database.vendor, "another kind of")
        raise RestoreRefused(
            f"This backup is of a {theirs} database, and this installation uses {NAMES[vendor]}. "
            "Set DATABASE_URL accordingly; nothing was changed."
        )
    refuse_newer(manifest.database.namespaces, str(archive))


def refuse_without_room(manifest: Manifest, folder: Path, *, keep_files: bool) -> None:
    """What the manifest declares must fit: nothing is written before that is known."""
    members = [m for m in manifest.members if keep_files or m.name.startswith(f"{DATABASE}/")]
    wanted = sum(member.size for member in members) + SPARE
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise RestoreRefused(
            f"There is too little room for this backup: it needs {wanted:,} bytes, {free:,} are free. "
            "Nothing was changed."
        )


def unpack(reader: Reader, member: Member, folder: Path) -> None:
    """Write one member below ``folder``, which is ours alone."""
    path = folder / member.name
    if "/" in member.name:
        make_folder(folder, member.name.rpartition("/")[0])
    with path.open("xb") as file:
        for chunk in reader.contents(member):
            file.write(chunk)
    path.chmod(0o600)
    os.utime(path, (member.mtime, member.mtime))


def make_folder(base: Path, name: str) -> None:
    """Make a folder below ``base``, each missing one 0700 (`Path.mkdir` gives parents the default)."""
    path = base / name
    if not path.is_dir():
        for missing in (*reversed([p for p in path.parents if p.is_relative_to(base)]), path):
            missing.mkdir(mode=0o700, exist_ok=True)
