"""The trash: what was taken away and can be fetched back by hand until somebody empties it."""

import errno
import re
import secrets
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from halo_site.datadir.files import Step, move_out_below, read_below, remove_below, write_atomically
from halo_site.datadir.paths import data_dir

LONGEST_LABEL = 60  # characters


def move_to_trash(folder: Path, label: str, now: datetime) -> Path:
    """Move a folder to ``trash/<UTC time>-<label>``; returns where it is now.

    One rename where trash and folder are on one disk; else a copy, and the folder goes after it. Raises
    OSError; the folder is then where it was.
    """
    target = _target(label, now)
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(folder, target)
    return target


def move_file_to_trash(base: Path, relative: str, now: datetime) -> Path:
    """Move a file below ``base`` to ``trash/<UTC time>-<6 characters>-<its name>``; returns where it is now.

    One rename, or a copy where the trash is on another disk. Raises as `move_out_below` does; the file is
    then where it was.
    """
    name = Path(relative)
    target = _target(f"{secrets.token_hex(3)}-{name.stem}", now)
    target = target.with_name(target.name + name.suffix)
    try:
        move_out_below(base, relative, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_atomically(target, read_below(base, relative))
        remove_below(base, relative)
    return target


def file_to_trash(base: Path, relative: str, now: datetime) -> Step:
    """The step of `move_file_to_trash`; a file that had to be copied is not brought back (`OSError`)."""

    def do() -> Callable[[], None]:
        target = move_file_to_trash(base, relative, now)

        def back() -> None:
            target.rename(base / relative)

        return back

    return Step(do)


def _target(label: str, now: datetime) -> Path:
    plain = re.sub(r"[^\w-]+", "-", label)[:LONGEST_LABEL].strip("-") or "folder"
    trash = data_dir().trash
    trash.mkdir(mode=0o700, exist_ok=True)
    return trash / f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-{plain}"
