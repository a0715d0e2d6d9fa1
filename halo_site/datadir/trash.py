"""The trash: folders that were taken away and can be fetched back by hand until somebody empties it."""

import errno
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from halo_site.datadir.paths import data_dir

LONGEST_LABEL = 60  # characters


def move_to_trash(folder: Path, label: str, now: datetime) -> Path:
    """Move a folder to ``trash/<UTC time>-<label>``; returns where it is now.

    One rename where trash and folder are on one disk; else a copy, and the folder goes after it. Raises
    OSError; the folder is then where it was.
    """
    plain = re.sub(r"[^\w-]+", "-", label)[:LONGEST_LABEL].strip("-") or "folder"
    trash = data_dir().trash
    trash.mkdir(mode=0o700, exist_ok=True)
    target = trash / f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-{plain}"
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(folder, target)
    return target
