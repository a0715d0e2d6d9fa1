"""Changes of one file that can be taken back, for whoever has something else to settle that may yet fail.

Taking back needs no room on the disk, unless its file system cannot exchange two names.
"""

import errno
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress

from halo_site.datadir import swapping


class Step:
    """A change that is not done yet; calling it does it, whole or not at all. Both raise `OSError`."""

    def __init__(self, do: Callable[[], Callable[[], None]]) -> None:
        """``do`` returns what takes it back."""
        self._do = do
        self._undo: Callable[[], None] | None = None

    @property
    def is_done(self) -> bool:
        return self._undo is not None

    def __call__(self) -> None:
        self._undo = self._do()

    def undo(self) -> None:
        """Take back what was done; where that is refused, `is_done` stays true."""
        if self._undo is not None:
            self._undo()
            self._undo = None


def temporary_name() -> str:
    """A name that nobody takes for a file's; `halo_site.datadir.leftovers` knows how it looks."""
    return f".halo-{secrets.token_hex(8)}.tmp"


def moved(source: int, name: str, target: int, to: str) -> Callable[[], None]:
    """Rename between open folders, and wait for the disk; back again where that refuses.

    Returns what renames it back; the disk need not be waited for then, since it may be what failed.
    """

    def back() -> None:
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=source, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
        os.rename(to, name, src_dir_fd=target, dst_dir_fd=source)

    os.rename(name, to, src_dir_fd=source, dst_dir_fd=target)
    _synced([target, source], back)
    return back


def replaced(folder: int, temporary: str, name: str) -> Callable[[], None]:
    """Put ``temporary`` in the place of ``name``; returns what makes ``name`` the old file again.

    The old file, if there is one, has the temporary name until whoever made that one removes it.
    """
    put = os.stat(temporary, dir_fd=folder).st_ino
    undo = _put(folder, temporary, name)

    def back() -> None:
        # What another program has put there meanwhile is not ours to take away
        with suppress(FileNotFoundError):
            if os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino == put:
                undo()

    _synced([folder], back)
    return back


def write_new(folder: int, name: str, data: bytes) -> None:
    """Create a file (0600) that did not exist, and wait for the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)


def _put(folder: int, temporary: str, name: str) -> Callable[[], None]:
    try:
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        swapping.swap(folder, temporary, name)
    except FileNotFoundError:  # there is no old file
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        return lambda: os.rename(name, temporary, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        if error.errno not in swapping.UNKNOWN:
            raise
        return _put_over(folder, temporary, name)
    return lambda: swapping.swap(folder, temporary, name)


def _put_over(folder: int, temporary: str, name: str) -> Callable[[], None]:
    """The same where names cannot be exchanged: the old bytes are remembered, to be written again."""
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(file, "rb") as old:
        data = old.read()
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)

    def back() -> None:
        write_new(folder, temporary, data)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)

    return back


def _synced(folders: list[int], back: Callable[[], None]) -> None:
    try:
        for folder in folders:
            os.fsync(folder)
    except OSError:
        back()
        raise
