"""Walking down from a base directory to a folder below it, without following a link on the way."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from halo_site.datadir.names import PathRefused, contained

DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@contextmanager
def parent_below(base: Path, relative: str, *, make: bool) -> Iterator[tuple[int, str]]:
    """Walk to the folder of ``relative``; yield its descriptor and the last component."""
    *folders, name = contained(base, relative)
    with folder_below(base, folders, make=make) as folder:
        yield folder, name


@contextmanager
def folder_below(base: Path, parts: Sequence[str], *, make: bool) -> Iterator[int]:
    """Walk down from ``base`` and yield the descriptor of the last folder; ``make`` makes missing ones."""
    if make and not base.is_dir():
        _make_base(base)
    current = os.open(base, DIRECTORY_FLAGS)
    try:
        for part in parts:
            if make:
                _make_folder(current, part)
            below = open_folder(current, part, "/".join(parts))
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


def _make_base(base: Path) -> None:
    """Make the base and what is missing above it, each 0700 (`Path.mkdir` gives parents the default)."""
    for folder in reversed((base, *base.parents)):
        folder.mkdir(mode=0o700, exist_ok=True)


def _make_folder(parent: int, name: str) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        os.fsync(parent)


def open_folder(parent: int, name: str, relative: str) -> int:
    """Open one folder on the way; raise `PathRefused` if it is a link or no folder."""
    try:
        return os.open(name, DIRECTORY_FLAGS | os.O_NOFOLLOW, dir_fd=parent)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise PathRefused(f"“{relative}” is refused: “{name}” is a link or not a folder.") from error
        raise
