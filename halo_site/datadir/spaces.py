"""The spaces of this installation, as everybody reads them (DESIGN §2; halo-facts §1)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from halo_site.datadir import space_index
from halo_site.datadir.locks import locked
from halo_site.datadir.names import printable
from halo_site.datadir.paths import data_dir, is_plain_path
from halo_site.datadir.space_index import TEMPORARY, holds_ours, moment_of
from halo_site.datadir.space_meta import read_meta

logger = logging.getLogger(__name__)

__all__ = [
    "TEMPORARY",
    "Space",
    "all_spaces",
    "default_space",
    "ensure_default_space",
    "fetch_back",
    "get_space",
    "holding_spaces",
    "holds_ours",
    "temporary_space",
]


@dataclass(frozen=True)
class Space:
    """A space: where its records lie, and where its user's own project lies if that is elsewhere."""

    id: str
    name: str
    icon: str
    path: Path
    working_dir: Path | None
    created_at: datetime | None
    updated_at: datetime | None
    sort_order: int | None

    @property
    def is_missing(self) -> bool:
        """Whether the folder of its records is gone, or out of reach."""
        try:
            return not self.path.is_dir()
        except OSError:
            return True

    @property
    def lacks_working_dir(self) -> bool:
        """Whether agents are to work in a folder that is gone, or out of reach."""
        try:
            return self.working_dir is not None and not self.working_dir.is_dir()
        except OSError:
            return True

    @property
    def is_our_own(self) -> bool:
        """Whether its records lie in its folder of our ``spaces/``, which can be made again."""
        return self.path == data_dir().spaces / self.id


def all_spaces() -> list[Space]:
    """The spaces of the index: by sort order if all have one, else the newest change first. Reads only.

    Of an index that is lost or older, what a scan of the folders finds.
    """
    entries = space_index.entries()
    keys = sorted(entries, key=lambda key: space_index.order_of(key, entries[key]))
    spaces = [_space(key, entries[key]) for key in keys]
    if all(space.sort_order is not None for space in spaces):
        return sorted(spaces, key=lambda space: (space.sort_order or 0, space.name))
    return spaces


def temporary_space() -> Space:
    """The reserved space for scratch; it is never written to the index."""
    return Space(TEMPORARY, "Halo", "sparkles", data_dir().temp, None, None, None, None)


def get_space(space_id: str) -> Space | None:
    """The space of that id, the reserved one included."""
    if space_id == TEMPORARY:
        return temporary_space()
    entry = space_index.entry_of(space_id)
    return None if entry is None else _space(space_id, entry)


def ensure_default_space(now: datetime) -> None:
    """Bring the index in order, and give an installation without any space the space "Default".

    A deletion that was killed half-way is taken back, and what a space says of itself is written again where
    that is lost. Raises `LockTimeout`, OSError.
    """
    space_index.mend(now)
    space_index.follow_directory()
    if any(space.is_our_own and space.is_missing for space in all_spaces()):
        with holding_spaces():
            for space in all_spaces():
                fetch_back(space)


def fetch_back(space: Space) -> bool:
    """Take the folder of a space out of the trash: one that the index names was not deleted.

    Called within `holding_spaces`. Raises OSError.
    """
    if not (space.is_our_own and space.is_missing):
        return False
    for folder in sorted(data_dir().trash.glob(f"*-{space.id[:8]}"), reverse=True):
        if read_meta(folder).get("id") == space.id:
            folder.rename(space.path)
            logger.warning("The folder of the space %s was fetched back from %s", space.id, folder.name)
            return True
    return False


def default_space() -> Space | None:
    """Where an app goes when nobody says where: the space named Default, else the first one."""
    spaces = all_spaces()
    return next((space for space in spaces if space.name == "Default"), spaces[0] if spaces else None)


@contextmanager
def holding_spaces() -> Iterator[None]:
    """Keep the spaces as they are: none goes while an app is put into one. Raises `LockTimeout`.

    Take it before a transaction begins, not within: else two processes wait for each other.
    """
    with locked(data_dir().spaces):
        yield


def _space(space_id: str, entry: dict[str, Any]) -> Space:
    working_dir, order = entry.get("workingDir"), entry.get("sortOrder")
    return Space(
        id=space_id,
        name=printable(entry["name"]).strip() or space_id,
        icon=printable(str(entry.get("icon") or "folder")),
        path=space_index.folder_of(space_id, entry),
        working_dir=Path(working_dir)
        if isinstance(working_dir, str) and is_plain_path(working_dir)
        else None,
        created_at=moment_of(entry.get("createdAt")),
        updated_at=moment_of(entry.get("lastActiveAt") or entry.get("updatedAt")),
        sort_order=order if isinstance(order, int) else None,
    )
