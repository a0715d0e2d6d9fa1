"""Modes, owners, links and left-over files anywhere in the data directory (abuse case S18)."""

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from halo_site.archive import staging
from halo_site.datadir import leftovers
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import all_spaces
from halo_site.doctor.findings import Finding, Result, counted, shell

MOST_ENTRIES = 200_000
FRESH = timedelta(minutes=1)  # a write that is still going on changes its file more often
NOT_OURS = "lost+found"
RECORDS = (".halo", "apps")  # in the folder of a space; the rest there is a person's project
LEFT_BEHIND = "a write that was broken off left it behind"
# Of first starts and copies that were broken off
BROKEN_OFF = re.compile(r"temp/(secret_key-\d+|\.write-test-\d+)|backups/[^/]+\.part")


def look(now: datetime) -> Iterator[Result]:
    """Every entry below the data directory, and the records of spaces that lie elsewhere."""
    root = data_dir().root
    owner = root.stat().st_uid
    if owner != os.geteuid():
        words = f"it belongs to another user (id {owner}) than the one who asks (id {os.geteuid()})"
        yield Finding(str(root), words, "Run Halo Site and the doctor as the user that it belongs to.")
    seen = 0
    for path, status in _entries():
        if seen == MOST_ENTRIES:
            yield counted(seen, "file", "first")
            return
        seen += 1
        if isinstance(status, OSError):
            yield Finding(
                str(path), f"it cannot be looked into: {status.strerror}", shell("chmod", "u+rwx", path)
            )
        else:
            yield from _judged(path, status, owner, now)
    yield counted(seen, "file")


def _entries() -> Iterator[tuple[Path, os.stat_result | OSError]]:
    root = data_dir().root
    yield root, root.stat()
    yield from _below(root)
    for space in all_spaces():
        if not space.path.is_relative_to(root):
            for name in RECORDS:
                yield from _below(space.path / name)


def _below(top: Path) -> Iterator[tuple[Path, os.stat_result | OSError]]:
    """Everything below a folder with its status, or with why nobody can look into it."""
    closed: list[OSError] = []
    for folder, folders, names in os.walk(top, onerror=closed.append):
        if Path(folder) == data_dir().root:
            folders[:] = [name for name in folders if name != NOT_OURS]
        for name in (*folders, *names):
            path = Path(folder, name)
            try:
                yield path, path.lstat()
            except FileNotFoundError:  # a temporary file of a process at work
                continue
    yield from ((Path(error.filename), error) for error in closed if not isinstance(error, FileNotFoundError))


def _judged(path: Path, status: os.stat_result, owner: int, now: datetime) -> Iterator[Finding]:
    kind, mode = stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode)
    if kind not in (stat.S_IFDIR, stat.S_IFREG):
        if not _is_a_persons(path):
            what = "a link" if kind == stat.S_IFLNK else "neither a file nor a folder"
            yield Finding(
                str(path), f"it is {what}, which is never followed", f"Look at it, then: {shell('rm', path)}"
            )
        return
    if mode & 0o077:
        words = f"other users of this machine can reach it (mode {mode:04o})"
        yield Finding(str(path), words, shell("chmod", "-R", "go-rwx", path))
    needed = 0o700 if kind == stat.S_IFDIR else 0o400
    if mode & needed != needed:
        yield Finding(
            str(path), f"its own user cannot use it (mode {mode:04o})", shell("chmod", "u+rwX", path)
        )
    if status.st_uid != owner:
        words = f"it belongs to another user (id {status.st_uid}) than the data directory (id {owner})"
        yield Finding(str(path), words, shell("chown", owner, path))
    if kind == stat.S_IFREG:
        yield from _judged_file(path, status, now)
    elif path.name.startswith(staging.PREFIX) and not _is_held(path):
        yield Finding(
            str(path), LEFT_BEHIND, f"The next backup takes it away; now: {shell('rm', '-r', path)}"
        )


def _judged_file(path: Path, status: os.stat_result, now: datetime) -> Iterator[Finding]:
    if status.st_nlink > 1 and not _is_a_persons(path):
        copy = path.with_name(f"{path.name}.copy")
        words = "it has a second name (a hard link), so it is neither read nor written"
        yield Finding(str(path), words, f"{shell('cp', path, copy)} && {shell('mv', copy, path)}")
    is_old = status.st_mtime < (now - FRESH).timestamp()
    if is_old and (leftovers.NAME.fullmatch(path.name) or BROKEN_OFF.fullmatch(_inside(path))):
        yield Finding(str(path), LEFT_BEHIND, shell("rm", path))


def _is_held(folder: Path) -> bool:
    """Whether a backup or a restore works in that folder at this moment."""
    try:
        with (folder / staging.LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _inside(path: Path) -> str:
    """The name below the data directory; empty for what lies elsewhere."""
    root = data_dir().root
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else ""


def _is_a_persons(path: Path) -> bool:
    """Whether it lies where people and agents keep what they like: links are their business there."""
    parts = _inside(path).split("/")
    in_project = parts[0] == "spaces" and len(parts) > 2 and parts[2] not in RECORDS
    return in_project or (parts[0] in ("temp", "trash") and len(parts) > 1)
