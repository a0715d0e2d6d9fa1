"""One exclusive lock per file, between processes and between threads."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from halo_site.datadir.paths import data_dir

FIRST_WAIT = 0.001  # seconds
LONGEST_WAIT = 0.05  # seconds


class LockTimeout(TimeoutError):
    """Another process or thread held a file's lock for too long; the message is a sentence."""


@contextmanager
def locked(path: Path, timeout: float = 10.0) -> Iterator[None]:
    """Hold the exclusive lock of ``path``; raise `LockTimeout` when it is not free within ``timeout``
    seconds.

    The lock is not re-entrant. It is a `flock` on a file of its own, never on ``path`` itself: atomic writing
    replaces ``path``, and with it whatever was locked. The kernel frees the lock when its holder dies.
    """
    deadline = time.monotonic() + timeout
    descriptor = _acquired(_lock_file(path), deadline)
    if descriptor is None:
        raise LockTimeout(
            f"“{path}” is being written by someone else and was not free within {timeout:g} s. "
            "Nothing was changed; try again in a moment."
        )
    try:
        yield
    finally:
        os.close(descriptor)


def _lock_file(path: Path) -> Path:
    """Return the lock file of ``path``: the same one for every spelling of its directory."""
    place = path.parent.resolve() / path.name
    folder = data_dir().temp / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(os.fsencode(place)).hexdigest()}.lock"


def _acquired(lock_file: Path, deadline: float) -> int | None:
    """Return the descriptor that holds the lock, or None after the deadline (`time.monotonic` seconds)."""
    wait = FIRST_WAIT
    while True:
        descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            if _is_still(lock_file, descriptor):
                return descriptor
            os.close(descriptor)
        if time.monotonic() >= deadline:
            return None
        time.sleep(min(wait, max(0.0, deadline - time.monotonic())))
        wait = min(wait * 2, LONGEST_WAIT)


def _is_still(lock_file: Path, descriptor: int) -> bool:
    """Tell whether the locked file is the one that others would open now (someone may have emptied temp/)."""
    try:
        return os.path.samestat(os.fstat(descriptor), lock_file.stat())
    except FileNotFoundError:
        return False
