"""Folders of work in progress: hidden, held by a lock while somebody works there, swept when nobody does."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".halo-archive-"
LOCK = "lock"


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A new folder (0700) in ``parent`` for the time of the block, after those that a kill left there.

    Missing folders above it are made, and taken away again where they stay empty.
    """
    made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    for missing in reversed(made):
        missing.mkdir(mode=0o700)
    sweep(parent)
    folder = parent / f"{PREFIX}{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        for empty in made:
            with suppress(OSError):
                empty.rmdir()


def sweep(parent: Path) -> None:
    """Remove the folders that nobody works in any more."""
    for folder in parent.glob(f"{PREFIX}*"):
        if not _is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(folder: Path) -> bool:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:  # killed before it had one
        return False
    except OSError:  # a link, or not ours
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
