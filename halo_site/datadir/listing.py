"""What lies in a folder below a base directory: plain files with accepted names, no link followed."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from halo_site.datadir.folders import folder_below, open_folder
from halo_site.datadir.names import PathRefused, contained

ANYWHERE = Path()
MAX_DEPTH = 8  # folders below the one that is listed


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A regular file below a base: its relative name, its size in bytes, its last change in epoch seconds.

    ``stamp`` is another one whenever the file was written or replaced, even with its old time put back.
    """

    name: str
    size: int
    changed_at: float
    stamp: tuple[int, ...] = ()


def list_below(base: Path, relative: str, suffix: str = ".md") -> list[FileInfo]:
    """Return the regular files in the folder ``relative`` and its subfolders, sorted by name.

    Names are relative to that folder. What could not be opened (links, hard links, refused names) and
    hidden names are left out. A missing folder is an empty list; raises `PathRefused` if the folder itself
    is a link.
    """
    with suppress(FileNotFoundError), folder_below(base, contained(base, relative), make=False) as folder:
        return sorted(_files(folder, "", suffix, MAX_DEPTH), key=lambda info: info.name)
    return []


def names_below(base: Path, relative: str) -> list[str]:
    """Return every name in one folder, accepted or not, unsorted; a missing folder has none.

    Raises `PathRefused` for a link and `OSError`.
    """
    with suppress(FileNotFoundError), folder_below(base, contained(base, relative), make=False) as folder:
        return os.listdir(folder)  # noqa: PTH208 - of a descriptor
    return []


def info_of(name: str, status: os.stat_result) -> FileInfo:
    """What ``stat`` says of a file, under that name."""
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return FileInfo(name, status.st_size, status.st_mtime, stamp)


def _files(folder: int, prefix: str, suffix: str, depth: int) -> Iterator[FileInfo]:
    """Yield the plain files with ``suffix`` in an open folder and, ``depth`` levels deep, below it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not _is_accepted(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False) and depth:
                yield from _files_in_subfolder(folder, entry.name, prefix, suffix, depth - 1)
            elif entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink == 1:
                        yield info_of(prefix + entry.name, status)


def _files_in_subfolder(folder: int, name: str, prefix: str, suffix: str, depth: int) -> Iterator[FileInfo]:
    try:
        below = open_folder(folder, name, name)
    except (FileNotFoundError, PathRefused):
        return
    try:
        yield from _files(below, f"{prefix}{name}/", suffix, depth)
    finally:
        os.close(below)


def _is_accepted(name: str) -> bool:
    try:
        contained(ANYWHERE, name)
    except PathRefused:
        return False
    return True
