"""The folders of a new app, made below its space; what a failed install made goes again."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.utils.translation import gettext as _

from app_manager.exceptions import FoldersRefused
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import Space


class NewFolders:
    """Makes folders (0700) and remembers which ones were not there before."""

    def __init__(self) -> None:
        self.made: list[Path] = []

    def make(self, folder: Path, *, below: Path) -> None:
        """Make ``folder`` and what is missing between it and ``below``, which must be there.

        Raises `FoldersRefused` when the disk refuses, or when a file or a link stands in the way.
        """
        current = below
        for name in folder.relative_to(below).parts:
            current = current / name
            self._make_one(current)

    def make_base(self, space: Space) -> None:
        """Make the folder of a space if it is ours to make: elsewhere a disk may be missing.

        Raises `FoldersRefused`.
        """
        if not space.is_missing:
            return
        if space.path.parent != data_dir().spaces:
            raise _refusal(space.path, _("the folder of this space is missing; bring it back first"))
        self._make_one(space.path)

    def remove(self) -> None:
        """Take away what was made, as far as it is still empty."""
        for folder in reversed(self.made):
            with suppress(OSError):
                folder.rmdir()

    def _make_one(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700)
            self.made.append(folder)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                raise _refusal(folder, _("something else of this name is in the way")) from None
        except OSError as error:
            raise _refusal(folder, error.strerror or str(error)) from error


@contextmanager
def new_folders() -> Iterator[NewFolders]:
    """Folders that stay only if the block succeeds."""
    folders = NewFolders()
    try:
        yield folders
    except BaseException:
        folders.remove()
        raise


def _refusal(folder: Path, reason: str) -> FoldersRefused:
    sentence = _("The folder %(path)s cannot be made: %(reason)s. Nothing was installed.")
    return FoldersRefused(sentence % {"path": folder, "reason": reason})
