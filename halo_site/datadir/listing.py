"""What lies in a folder below a base directory: plain files with accepted names, no link followed."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from halo_site.datadir.folders import folder_below, open_folder
from halo_site.datadir.names import PathRefused, contained, printable, problem_of

MAX_DEPTH = 8  # folders below the one that is listed
MOST_LEFT_OUT = 1_000


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A regular file below a base: its relative name, its size in bytes, its last change in epoch seconds.

    ``stamp`` is another one whenever the file was written or replaced, even with its old time put back.
    """

    name: str
    size: int
    changed_at: float
    stamp: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is not opened, with a name that can be shown, and why, in words."""

    name: str
    why: str


def list_below(
    base: Path, relative: str, suffix: str = ".md", left_out: list[LeftOut] | None = None
) -> list[FileInfo]:
    """Return the regular files in the folder ``relative`` and its subfolders, sorted by name.

    Names are relative to that folder. What could not be opened (links, hard links, refused names) and
    hidden names are left out; ``left_out`` gets the first `MOST_LEFT_OUT` of the former that might be taken
    for files with ``suffix``. A missing folder is an empty list; raises `PathRefused` if the folder itself
    is a link.
    """
    search = _Search(suffix, [] if left_out is None else left_out)
    with suppress(FileNotFoundError), folder_below(base, contained(base, relative), make=False) as folder:
        return sorted(search.files(folder, "", MAX_DEPTH), key=lambda info: info.name)
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


@dataclass(frozen=True, slots=True)
class _Search:
    suffix: str
    left_out: list[LeftOut]

    def files(self, folder: int, prefix: str, depth: int) -> Iterator[FileInfo]:
        """Yield the plain files with the suffix in an open folder and, ``depth`` levels deep, below it."""
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                is_folder = entry.is_dir(follow_symlinks=False)
                if not (is_folder or entry.is_symlink() or entry.name.lower().endswith(self.suffix)):
                    continue
                why = self._objection(entry, is_folder, depth)
                if why:
                    self._leave_out(prefix + entry.name, why)
                elif is_folder:
                    yield from self._below(folder, entry.name, prefix, depth - 1)
                else:
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        if status.st_nlink == 1:
                            yield info_of(prefix + entry.name, status)
                        else:
                            self._leave_out(prefix + entry.name, _("it is hard-linked: it has another name"))

    def _below(self, folder: int, name: str, prefix: str, depth: int) -> Iterator[FileInfo]:
        try:
            below = open_folder(folder, name, name)
        except (FileNotFoundError, PathRefused):
            return
        try:
            yield from self.files(below, f"{prefix}{name}/", depth)
        finally:
            os.close(below)

    def _objection(self, entry: os.DirEntry[str], is_folder: bool, depth: int) -> str:
        """Why it is not opened; empty: it is, if nothing else is in the way."""
        problem = problem_of(entry.name)
        if problem:
            return problem
        if entry.is_symlink():
            return _("it is a link")
        if is_folder:
            return "" if depth else _("it lies too many folders deep")
        if not entry.name.endswith(self.suffix):
            return _("its name does not end in %(suffix)s") % {"suffix": self.suffix}
        return "" if entry.is_file(follow_symlinks=False) else _("it is not a regular file")

    def _leave_out(self, name: str, why: str) -> None:
        if len(self.left_out) < MOST_LEFT_OUT:
            self.left_out.append(LeftOut(printable(name)[:120], why))
