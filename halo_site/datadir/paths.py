"""Where things lie in the data directory (DESIGN §2)."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings


class DataDirRefused(Exception):
    """The data directory cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class DataDir:
    """The paths of one data directory. Nothing is touched before `prepare`."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def spaces_index(self) -> Path:
        return self.root / "spaces-index.json"

    @property
    def database(self) -> Path:
        return self.root / "halo.db"

    @property
    def temp(self) -> Path:
        return self.root / "temp"

    @property
    def spaces(self) -> Path:
        return self.root / "spaces"

    @property
    def user_memory_file(self) -> Path:
        return self.root / "user-memory.md"

    @property
    def user_memory_folder(self) -> Path:
        return self.root / "user-memory"

    @property
    def secret_key(self) -> Path:
        return self.root / "secret_key"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def trash(self) -> Path:
        return self.root / "trash"

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.temp, self.spaces, self.user_memory_folder, self.backups, self.trash)

    def prepare(self) -> None:
        """Create the directory and its folders, 0700, and refuse a place that is not ours to use.

        Raises `DataDirRefused` when the path is a file, belongs to another user, is open to other users and
        cannot be closed, is not writable, or holds files that are not Halo Site's.
        """
        try:
            self._create_root()
            for folder in self.folders:
                folder.mkdir(mode=0o700, exist_ok=True)
            self._close_to_others()
            probe = self.temp / f".write-test-{os.getpid()}"
            probe.touch(mode=0o600)
            probe.unlink()
        except OSError as error:
            reason = error.strerror or str(error)
            raise DataDirRefused(
                f"The data directory {self.root} cannot be used: {reason}. "
                "Make it writable for this user, or name another one in HALO_DATA_DIR."
            ) from error

    def _create_root(self) -> None:
        if not self.root.exists():
            self.root.mkdir(mode=0o700, parents=True)
        if not self.root.is_dir():
            raise DataDirRefused(
                f"HALO_DATA_DIR names {self.root}, which is not a directory. Name another one."
            )
        facts = self.root.stat()
        if facts.st_uid != os.geteuid():
            raise DataDirRefused(
                f"The data directory {self.root} belongs to another user (id {facts.st_uid}). "
                "Start Halo Site as that user, or name another directory in HALO_DATA_DIR."
            )
        if not self.is_ours():
            raise DataDirRefused(
                f"{self.root} holds files that are not Halo Site's. "
                "Name an empty or new directory in HALO_DATA_DIR."
            )
        if stat.S_IMODE(facts.st_mode) & 0o077:
            self.root.chmod(0o700)

    def _close_to_others(self) -> None:
        """Take from other users what a copy or a restore under another umask gave them (abuse case S18)."""
        for path in self.root.iterdir():
            with suppress(FileNotFoundError):  # a temporary file of another process
                mode = stat.S_IMODE(path.lstat().st_mode)
                if mode & 0o077 and not path.is_symlink() and path.name != "lost+found":
                    path.chmod(mode & 0o700)

    def is_ours(self) -> bool:
        """Whether it is empty, holds only what a first start makes, or bears one of the files that we write.

        A first start that was killed may have left temporary files, and a disk of its own has ``lost+found``.
        """
        names = {entry.name for entry in self.root.iterdir()}
        made_at_once = {folder.name for folder in self.folders} | {"lost+found"}
        rest = {name for name in names - made_at_once if not name.startswith(".halo-")}
        return not rest or bool(rest & {"halo.db", "spaces-index.json", "secret_key", "config.json"})


def data_dir() -> DataDir:
    """The data directory of this process's settings."""
    return DataDir(settings.HALO_DATA_DIR)


def is_plain_path(text: str) -> bool:
    """Whether a stored path is absolute and says where it leads: no ``..``, no control characters."""
    return text.startswith("/") and os.path.normpath(text) == text and text.isprintable()
