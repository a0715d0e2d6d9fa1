"""Disks in trouble, simulated where the process meets the system: calls that write below a folder fail."""

import builtins
import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from halo_site.datadir import swapping

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
Real = Callable[..., Any]
Judge = Callable[..., bool]


@dataclass(frozen=True)
class Disk:
    """The calls that fail, and with which error."""

    name: str
    error: int
    calls: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


FULL_WRITE = Disk("full when bytes are written", errno.ENOSPC, ("write", "pwrite"))
FULL_SYNC = Disk("full when bytes reach the disk", errno.ENOSPC, ("fsync",))
FULL_FOLDER = Disk("full when a folder is made", errno.ENOSPC, ("mkdir",))
FULL_RENAME = Disk("full when a file is renamed", errno.ENOSPC, ("rename", "replace", "link"))
FULL_OPEN = Disk("full when a file is made", errno.ENOSPC, ("open",))
QUOTA = Disk("over the user's quota", errno.EDQUOT, ("write", "mkdir"))
READ_ONLY = Disk(
    "mounted read-only",
    errno.EROFS,
    ("open", "mkdir", "rename", "replace", "link", "unlink", "rmdir", "chmod"),
)
FAILING = Disk("failing", errno.EIO, ("write", "fsync"))
DISKS = (FULL_WRITE, FULL_SYNC, FULL_FOLDER, FULL_RENAME, FULL_OPEN, QUOTA, READ_ONLY, FAILING)


@contextmanager
def trouble(root: Path, disk: Disk) -> Iterator[None]:
    """While this lasts, the disk below ``root`` refuses its calls. Others, and SQLite's own, go on."""
    with pytest.MonkeyPatch.context() as patch:
        for call in disk.calls:
            judge = _judge(call, root, disk)
            patch.setattr(os, call, _refusing(getattr(os, call), judge, disk.error))
            if call == "rename":  # two names exchanged are two renames in one
                refused = _refusing(swapping.swap, _is_swapped_below(root), disk.error)
                patch.setattr(swapping, "swap", refused)
        if "open" in disk.calls:
            for module in (builtins, io):
                patch.setattr(module, "open", _refusing(io.open, _is_written_text(root), disk.error))
        yield


def _refusing(real: Real, judge: Judge, number: int) -> Real:
    def call(*args: Any, **more: Any) -> Any:
        if judge(*args, **more):
            raise OSError(number, os.strerror(number), str(args[0]))
        return real(*args, **more)

    return call


def _judge(call: str, root: Path, disk: Disk) -> Judge:
    """Whether a call is one that the disk refuses."""
    if call in ("write", "pwrite", "fsync"):
        return lambda file, *_more: _is_file_below(root, file)
    if call == "open":
        return lambda path, flags, *_more, dir_fd=None, **_named: (
            _is_below(root, path, dir_fd) and _is_refused(_whole(path, dir_fd), flags, disk)
        )
    if call == "mkdir":  # one that is there already is told first
        return lambda path, *_more, dir_fd=None, **_named: (
            _is_below(root, path, dir_fd) and not os.path.lexists(_whole(path, dir_fd))
        )
    if call in ("rename", "replace", "link"):
        return lambda _source, target, *_more, dst_dir_fd=None, **_named: _is_below(root, target, dst_dir_fd)
    return lambda path, *_more, dir_fd=None, **_named: _is_below(root, path, dir_fd)


def _is_swapped_below(root: Path) -> Judge:
    return lambda folder, one, _other: _is_below(root, one, folder)


def _is_refused(path: str, flags: int, disk: Disk) -> bool:
    """A full disk makes no new file; one that is mounted read-only opens none for writing."""
    if disk.error == errno.EROFS:
        return bool(flags & WRITING)
    return bool(flags & os.O_CREAT) and not os.path.lexists(path)


def _is_file_below(root: Path, file: int) -> bool:
    """A regular file: what a folder's own sync could not keep, its file has kept already."""
    return stat.S_ISREG(os.fstat(file).st_mode) and _path_of(file).startswith(f"{root}/")


def _is_below(root: Path, path: Any, folder: int | None) -> bool:
    return _whole(path, folder).startswith(f"{root}/")


def _whole(path: Any, folder: int | None) -> str:
    return str(Path("" if folder is None else _path_of(folder), path))


def _path_of(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def _is_written_text(root: Path) -> Judge:
    def judge(path: Any, mode: str = "r", *_more: Any, **_named: Any) -> bool:
        if isinstance(path, int) or not set(mode) & set("wax+"):
            return False
        return _is_below(root, path, None)

    return judge
