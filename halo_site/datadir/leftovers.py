"""Temporary files that killed writers left behind: nobody renames them into place any more."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import all_spaces

logger = logging.getLogger(__name__)

AGE = timedelta(days=1)  # no write takes this long
NAME = re.compile(r"\.halo-[0-9a-f]{16}\.tmp")  # as halo_site.datadir.files names them
LEFT_ALONE = {"backups", "trash", "lost+found"}  # what lies there is as it was put there


def remove_leftovers(now: datetime) -> int:
    """Delete such files that nobody touched for a day, in the data directory and in the records of spaces
    elsewhere; returns how many. What the disk refuses stays for the next time.
    """
    removed = sum(_removed_below(folder, (now - AGE).timestamp()) for folder in _folders())
    if removed:
        logger.info("%d temporary files of killed writers were removed", removed)
    return removed


def _folders() -> Iterator[Path]:
    yield data_dir().root
    for space in all_spaces():
        if not space.path.is_relative_to(data_dir().root):
            yield from (space.path / ".halo", space.path / "apps")  # the rest is not ours


def _removed_below(top: Path, before: float) -> int:
    """``before`` is in epoch seconds. Links are not followed, not even one that appears on the way."""
    removed = 0
    with suppress(OSError):
        for place, folders, names, descriptor in os.fwalk(top):
            if place == str(data_dir().root):
                folders[:] = [name for name in folders if name not in LEFT_ALONE]
            removed += sum(_is_removed(name, descriptor, before) for name in names if NAME.fullmatch(name))
    return removed


def _is_removed(name: str, folder: int, before: float) -> bool:
    with suppress(OSError):
        # Not the time of its content: a writer or a copy can set that to any moment
        if os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime < before:
            os.unlink(name, dir_fd=folder)
            return True
    return False
