"""The files of one moment: copied in rounds while others write, the last round while nobody does."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from halo_site.archive.listing import CHANGED, GROWING, RECENT_NS, Look, Seen, seen_of
from halo_site.archive.spool import Extent, Spool
from halo_site.datadir.files import FILE_FLAGS
from halo_site.datadir.folders import DIRECTORY_FLAGS

MOST_ROUNDS = 8
QUICK = 0.05  # seconds: a round that short leaves little to the last one
MOST_OPEN = 200  # files that the last round leaves for later, as open descriptors
BACKWARDS = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class Copy:
    """The bytes of a file that looked like ``seen``; None where it may have changed in the same instant."""

    seen: Seen | None
    extent: Extent
    mtime: int


@dataclass(frozen=True, slots=True)
class Pending:
    """An open file whose first ``size`` bytes are those of the moment, whatever happens to its name."""

    descriptor: int
    size: int
    mtime: int


class Collection:
    """Copies what is below ``root`` into a spool. First `rounds`, then `settle` at the moment, then `finish`.

    Hard links into a folder of our own would be quicker, but every reader and writer here refuses files with
    a second name, so the site would stand still. Instead everything is copied beforehand; what changed
    between the last round and the moment is only opened at the moment: files are replaced by renaming, so
    an open one keeps the moment's bytes, and a transcript is only appended to, so its first bytes stay.
    """

    def __init__(self, root: Path, spool: Spool, skips: Callable[[str], bool]) -> None:
        self.root, self.spool, self.skips = root, spool, skips
        self.copies: dict[str, Copy] = {}
        self.pending: dict[str, Pending] = {}
        self.look: Look | None = None
        self._open = ExitStack()

    def rounds(self) -> None:
        """Copy everything, then what changed meanwhile, until a round is quick."""
        for _round in range(MOST_ROUNDS):
            began = time.monotonic()
            for path in self._stale():
                self._copy(path)
            if time.monotonic() - began < QUICK:
                return

    def settle(self) -> None:
        """Note the state of this moment; the caller keeps writers away. Quick after `rounds`."""
        self.release()
        for path in self._stale(is_quick=True):
            if len(self.pending) < MOST_OPEN:
                self._keep_open(path)
            else:
                self._copy(path)

    def finish(self) -> dict[str, Copy]:
        """Copy what the moment left open, and return the files of the moment by their names."""
        try:
            for path, kept in self.pending.items():
                size = whole_lines(kept.descriptor, kept.size) if path.endswith(GROWING) else kept.size
                self.copies[path] = Copy(None, self.spool.take(kept.descriptor, size), kept.mtime)
        finally:
            self.release()
        files = self.look.files if self.look else {}
        return {path: self.copies[path] for path in sorted(files) if path in self.copies}

    @property
    def folders(self) -> list[str]:
        """The folders of the moment, by their names."""
        return sorted(name.rstrip("/") for name in self.look.folders if name) if self.look else []

    @property
    def odd(self) -> dict[str, str]:
        """What was not taken, by name, with the reason."""
        return self.look.odd if self.look else {}

    def release(self) -> None:
        """Close what is open."""
        self._open.close()
        self.pending = {}

    def _stale(self, *, is_quick: bool = False) -> list[str]:
        """Look again; the files whose copies are not those of now."""
        self.look = Look(str(self.root), self.skips, time.time_ns(), self.look, is_quick=is_quick)
        copies = self.copies
        return [
            path for path, seen in self.look.files.items() if path not in copies or copies[path].seen != seen
        ]

    def _copy(self, path: str) -> None:
        with ExitStack() as stack:
            kept = self._opened(path, stack)
            if kept is None:
                self.copies.pop(path, None)
                return
            began, seen = time.time_ns(), seen_of(os.fstat(kept.descriptor))
            size = whole_lines(kept.descriptor, kept.size) if path.endswith(GROWING) else kept.size
            extent = self.spool.take(kept.descriptor, size)
            is_sure = seen[CHANGED] < began - RECENT_NS and seen == seen_of(os.fstat(kept.descriptor))
            self.copies[path] = Copy(seen if is_sure else None, extent, kept.mtime)

    def _keep_open(self, path: str) -> None:
        kept = self._opened(path, self._open)
        if kept is None:
            self.copies.pop(path, None)
        else:
            self.pending[path] = kept

    def _opened(self, path: str, stack: ExitStack) -> Pending | None:
        """Open a file, following no link on the way; None where it is gone by now."""
        try:
            descriptor = open_below(self.root, path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        stack.callback(os.close, descriptor)
        facts = os.fstat(descriptor)
        return Pending(descriptor, facts.st_size, min(max(0, int(facts.st_mtime)), (1 << 33) - 1))


def open_below(root: Path, path: str) -> int:
    """Open a file below ``root`` for reading; no link below ``root`` is followed. Raises `OSError`."""
    *folders, name = path.split("/")
    current = os.open(root, DIRECTORY_FLAGS)
    try:
        for folder in folders:
            below = os.open(folder, DIRECTORY_FLAGS | os.O_NOFOLLOW, dir_fd=current)
            os.close(current)
            current = below
        return os.open(name, os.O_RDONLY | FILE_FLAGS, dir_fd=current)
    finally:
        os.close(current)


def whole_lines(descriptor: int, size: int) -> int:
    """``size``, or less where it ends in the middle of a line that was being appended: then to its beginning.

    A last line that a crash cut short is left as it is: nobody goes on with it.
    """
    if not size or os.pread(descriptor, 1, size - 1) == b"\n" or os.fstat(descriptor).st_size <= size:
        return size
    end = size
    while end:
        start = max(0, end - BACKWARDS)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
