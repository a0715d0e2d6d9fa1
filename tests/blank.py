"""A data directory as a start of Halo Site prepares it: made once, then again and again by copying it."""

from datetime import datetime
from pathlib import Path

from django.test import override_settings

from halo_site.datadir.paths import DataDir
from halo_site.datadir.spaces import ensure_default_space


class Blank:
    """What the product makes of an empty folder: the space "Default", and nothing in it."""

    def __init__(self, folder: Path, now: datetime) -> None:
        with override_settings(HALO_DATA_DIR=folder):
            DataDir(folder).prepare()
            ensure_default_space(now)
        self._root = str(folder)
        inside = [path.relative_to(folder) for path in sorted(folder.rglob("*"))]
        inside = [name for name in inside if "locks" not in name.parts]
        self._folders = [name for name in inside if (folder / name).is_dir()]
        self._files = {name: (folder / name).read_text() for name in inside if (folder / name).is_file()}

    def copy_to(self, folder: Path) -> None:
        """The same in a folder that is not there yet; files that say where they lie, say it of the copy."""
        folder.mkdir(mode=0o700)
        for name in self._folders:
            (folder / name).mkdir(mode=0o700)
        for name, text in self._files.items():
            (folder / name).write_text(text.replace(self._root, str(folder)))
