"""The one way to files whose names came from outside: no symlink below a base directory is ever followed.

Every directory on the way is opened relative to the one before it (``dir_fd``) and without following links,
so a directory that is swapped for a link between two system calls leads to an error, never out of the base.
The base itself is ours, and may be a link (a data directory on another disk).
"""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from halo_site.datadir.folders import DIRECTORY_FLAGS, folder_below, parent_below
from halo_site.datadir.listing import FileInfo, info_of, list_below, names_below
from halo_site.datadir.locks import LockTimeout, locked
from halo_site.datadir.names import PathRefused, contained
from halo_site.datadir.steps import Step, moved, replaced, temporary_name, write_new

__all__ = [
    "FileInfo",
    "FileTooLarge",
    "LockTimeout",
    "PathRefused",
    "Step",
    "append_line",
    "contained",
    "info_below",
    "list_below",
    "locked",
    "move_out_below",
    "names_below",
    "read_below",
    "read_ends_below",
    "read_many_below",
    "remove_below",
    "removed_below",
    "rename_below",
    "renamed_below",
    "staged",
    "staged_below",
    "write_atomically",
    "write_below",
]

# Without O_NONBLOCK, opening a named pipe that nobody writes to would wait for ever.
FILE_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
READ_CHUNK = 1 << 20  # bytes


class FileTooLarge(ValueError):
    """A file is larger than its reader takes; ``size`` is in bytes."""

    def __init__(self, relative: str, size: int, limit: int) -> None:
        super().__init__(f"“{relative}” has {size} bytes; the limit is {limit}.")
        self.size = size
        self.limit = limit


def read_below(base: Path, relative: str, limit: int | None = None) -> bytes:
    """Return the content of a regular file below ``base``.

    Raises `PathRefused` (name, link, hard link, not a regular file), `FileNotFoundError`, `FileTooLarge` over
    ``limit`` bytes, and any other `OSError` of the disk.
    """
    with parent_below(base, relative, make=False) as (folder, name):
        return _read(folder, name, relative, limit)


def read_many_below(base: Path, relatives: Iterable[str], limit: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file that `read_below` would return, folder by folder.

    Each folder is walked to once, which takes longer than to read a small file.
    """
    together: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for relative in relatives:
        with suppress(PathRefused):
            *folders, name = contained(base, relative)
            together.setdefault(tuple(folders), []).append((name, relative))
    for parts, names in together.items():
        with suppress(PathRefused, OSError), folder_below(base, parts, make=False) as folder:
            for name, relative in names:
                with suppress(FileTooLarge, PathRefused, OSError):
                    yield relative, _read(folder, name, relative, limit)


def read_ends_below(base: Path, relative: str, head: int, tail: int) -> tuple[bytes, bytes]:
    """Return the first ``head`` and the last ``tail`` bytes of a file, or all of it and nothing.

    Raises as `read_below` does.
    """
    with (
        parent_below(base, relative, make=False) as (folder, name),
        _opened(folder, name, relative, os.O_RDONLY) as file,
    ):
        size = os.fstat(file).st_size
        if size <= head + tail:
            return _read_all(file, None, size), b""
        return os.pread(file, head, 0), os.pread(file, tail, size - tail)


def info_below(base: Path, relative: str) -> FileInfo:
    """Return size and time of a regular file below ``base``; raises as `read_below` does."""
    with (
        parent_below(base, relative, make=False) as (folder, name),
        _opened(folder, name, relative, os.O_RDONLY) as file,
    ):
        status = os.fstat(file)
        return info_of(relative, status)


def write_below(base: Path, relative: str, data: bytes) -> None:
    """Replace or create a file (0600) below ``base`` in one step; its folders are made (0700).

    When it fails (full disk, read-only disk, refused name), the old file is untouched and nothing is left
    behind. Raises `PathRefused` and `OSError`. Concurrent readers see the old content or the new, never a
    part.
    """
    with staged_below(base, relative, data) as put_in_place:
        put_in_place()


@contextmanager
def staged_below(base: Path, relative: str, data: bytes) -> Iterator[Step]:
    """Do what `write_below` does in two steps: the bytes are on the disk first, beside their file.

    Yields the step that puts them in place; without it nothing changes, and until the end it can be taken
    back. For callers with something to do between the slow and the quick half, such as holding a database
    transaction only for the quick one.
    """
    with parent_below(base, relative, make=True) as (folder, name):
        _refuse_all_but_plain_file(folder, name, relative, missing_is_fine=True)
        with _staged(folder, name, data) as put_in_place:
            yield put_in_place


def append_line(base: Path, relative: str, line: bytes, holds: Callable[[], bool] | None = None) -> bool:
    """Append ``line`` and a newline to a file (0600) below ``base``, in one write, and wait for the disk.

    A last line that a crash cut short is ended first, so that it spoils itself only. Raises `ValueError`
    for a line that contains a newline, `PathRefused`, and `OSError` (a full disk), with the file as before.

    ``holds`` is asked once no other writer can come between: where it answers no, nothing is written, and
    False is returned.
    """
    if b"\n" in line:
        raise ValueError("A line of a transcript cannot contain a newline.")
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    with (
        parent_below(base, relative, make=True) as (folder, name),
        _opened(folder, name, relative, flags) as file,
    ):
        # The file is only ever appended to, never replaced, so its own lock keeps writers apart.
        fcntl.flock(file, fcntl.LOCK_EX)
        if holds is not None and not holds():
            return False
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        data = (b"\n" if torn else b"") + line + b"\n"
        try:
            if os.write(file, data) != len(data):
                raise OSError(errno.ENOSPC, "The disk is full", relative)
            os.fsync(file)
        except OSError:
            # A disk that refuses this as well keeps half a line, which spoils itself only.
            with suppress(OSError):
                os.ftruncate(file, size)
            raise
    return True


def rename_below(base: Path, old: str, new: str) -> None:
    """Rename a plain file below ``base``, in one step; the folders of ``new`` are made.

    Raises `PathRefused`, `FileExistsError` where ``new`` is anything already, `OSError`.
    """
    with renamed_below(base, old, new) as rename:
        rename()


@contextmanager
def renamed_below(base: Path, old: str, new: str) -> Iterator[Step]:
    """Yield the step of `rename_below`, which can be taken back until the end."""
    with (
        parent_below(base, old, make=False) as (source, name),
        parent_below(base, new, make=True) as (target, to),
    ):
        _refuse_all_but_plain_file(source, name, old, missing_is_fine=False)
        with suppress(FileNotFoundError):
            os.stat(to, dir_fd=target, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
        yield Step(lambda: moved(source, name, target, to))


def remove_below(base: Path, relative: str) -> None:
    """Remove a plain file below ``base``; when that fails, it is still there. Raises as `read_below` does."""
    with removed_below(base, relative) as remove:
        remove()


@contextmanager
def removed_below(base: Path, relative: str) -> Iterator[Step]:
    """Yield the step of `remove_below`, which can be taken back until the end."""
    with parent_below(base, relative, make=False) as (folder, name):
        _refuse_all_but_plain_file(folder, name, relative, missing_is_fine=False)
        temporary = temporary_name()
        step = Step(lambda: moved(folder, name, folder, temporary))
        try:
            yield step
        finally:
            if step.is_done:
                with suppress(OSError):  # the file is gone by its name; leftovers goes after the rest
                    os.unlink(temporary, dir_fd=folder)


def move_out_below(base: Path, relative: str, target: Path) -> None:
    """Move a plain file below ``base`` to ``target``, a path of ours where nothing is yet.

    When that fails, the file is still there; on another disk it does. Raises as `read_below` does.
    """
    with parent_below(base, relative, make=False) as (folder, name):
        _refuse_all_but_plain_file(folder, name, relative, missing_is_fine=False)
        parent = os.open(target.parent, DIRECTORY_FLAGS)
        try:
            moved(folder, name, parent, target.name)
        finally:
            os.close(parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace or create a file (0600) whose path is ours, in one step; its folder must exist.

    When it fails, the old file is untouched and nothing is left behind. Raises `OSError`.
    """
    with staged(path, data) as put_in_place:
        put_in_place()


@contextmanager
def staged(path: Path, data: bytes) -> Iterator[Step]:
    """Do what `write_atomically` does in two steps, as `staged_below` does."""
    folder = os.open(path.parent, DIRECTORY_FLAGS)
    try:
        with _staged(folder, path.name, data) as put_in_place:
            yield put_in_place
    finally:
        os.close(folder)


@contextmanager
def _opened(folder: int, name: str, relative: str, flags: int) -> Iterator[int]:
    """Open a plain file and yield its descriptor; raise `PathRefused` if it is anything else."""
    _refuse_all_but_plain_file(folder, name, relative, missing_is_fine=bool(flags & os.O_CREAT))
    try:
        file = os.open(name, flags | FILE_FLAGS, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refusal(relative, "it is a link") from error
        raise
    try:
        # Once more on what was really opened: the name may stand for something else by now.
        _refuse_unless_plain(os.fstat(file), relative)
        yield file
    finally:
        os.close(file)


def _refuse_all_but_plain_file(folder: int, name: str, relative: str, *, missing_is_fine: bool) -> None:
    """Look before opening: opening alone can have an effect on a device or a named pipe."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        if missing_is_fine:
            return
        raise
    _refuse_unless_plain(status, relative)


def _refuse_unless_plain(status: os.stat_result, relative: str) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _refusal(relative, "it is a link")
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(relative, "it is not a regular file")
    if status.st_nlink > 1:
        raise _refusal(relative, "it is hard-linked, so the same file has another name somewhere else")


def _refusal(relative: str, reason: str) -> PathRefused:
    return PathRefused(f"“{relative}” is refused: {reason}.")


def _read(folder: int, name: str, relative: str, limit: int | None) -> bytes:
    with _opened(folder, name, relative, os.O_RDONLY) as file:
        size = os.fstat(file).st_size
        if limit is not None and size > limit:
            raise FileTooLarge(relative, size, limit)
        data = _read_all(file, limit, size)
        if limit is not None and len(data) > limit:
            raise FileTooLarge(relative, len(data), limit)
        return data


def _read_all(file: int, limit: int | None, size: int) -> bytes:
    """Read to the end, or past ``limit``: the file, of ``size`` bytes just now, may grow while it is read."""
    at_once = min(size + 1, READ_CHUNK)  # to make room for much more takes longer than to read a small file
    chunks: list[bytes] = []
    total = 0
    while chunk := os.read(file, at_once):
        chunks.append(chunk)
        total += len(chunk)
        if limit is not None and total > limit:
            break
    return b"".join(chunks)


@contextmanager
def _staged(folder: int, name: str, data: bytes) -> Iterator[Step]:
    """Write a temporary file in the same folder; yield the step that makes it ``name``; leave none behind."""
    temporary = temporary_name()
    try:
        write_new(folder, temporary, data)
        yield Step(lambda: replaced(folder, temporary, name))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
