"""`spaces-index.json` version 3: the spaces of this installation (DESIGN §2; halo-facts §1)."""

import logging
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from halo_site.datadir.json_file import JsonFile
from halo_site.datadir.paths import data_dir, is_plain_path

logger = logging.getLogger(__name__)

VERSION = 3
TEMPORARY = "halo-temp"
PLAIN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


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
        """Whether the folder of its records is gone."""
        return not self.path.is_dir()


def all_spaces() -> list[Space]:
    """The spaces of the index: by sort order if all have one, else the newest change first. Reads only."""
    entries = _file(data_dir().spaces_index).read().get("spaces", {})
    spaces = [
        _space(space_id, entry)
        for space_id, entry in (entries.items() if isinstance(entries, dict) else ())
        if _is_complete(entry) and space_id != TEMPORARY and PLAIN_ID.fullmatch(space_id)
    ]
    if all(space.sort_order is not None for space in spaces):
        return sorted(spaces, key=lambda space: (space.sort_order or 0, space.name))
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(spaces, key=lambda space: space.updated_at or oldest, reverse=True)


def temporary_space() -> Space:
    """The reserved space for scratch; it is never written to the index."""
    return Space(TEMPORARY, "Halo", "sparkles", data_dir().temp, None, None, None, None)


def get_space(space_id: str) -> Space | None:
    """The space of that id, the reserved one included."""
    if space_id == TEMPORARY:
        return temporary_space()
    return next((space for space in all_spaces() if space.id == space_id), None)


def ensure_default_space(now: datetime) -> None:
    """Give an installation without any space the space "Default"."""
    if not all_spaces():
        _file(data_dir().spaces_index).update(lambda content: _with_default(content, now))
    for space in all_spaces():
        if space.path.parent == data_dir().spaces:
            (space.path / ".halo").mkdir(mode=0o700, parents=True, exist_ok=True)


def default_space() -> Space | None:
    """Where an app goes when nobody says where: the space named Default, else the first one."""
    spaces = all_spaces()
    return next((space for space in spaces if space.name == "Default"), spaces[0] if spaces else None)


def _with_default(content: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The index with the space Default, or, where one was lost, with the folders that it must have had."""
    if content.get("spaces"):  # another process was first
        return content
    folders = data_dir().spaces.glob("*")  # none where the folder itself is gone
    found = sorted(folder.name for folder in folders if PLAIN_ID.fullmatch(folder.name))
    if found:
        logger.warning("The spaces index was lost; %d spaces were found again by their folders", len(found))
    ids = found or [str(uuid.uuid4())]
    names = ["Default", *(f"Recovered {number}" for number in range(2, len(ids) + 1))]
    spaces = {
        space_id: _entry(space_id, name, order, now)
        for order, (space_id, name) in enumerate(zip(ids, names, strict=True))
    }
    return {**content, "version": VERSION, "spaces": spaces}


def _entry(space_id: str, name: str, order: int, now: datetime) -> dict[str, Any]:
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "path": str(data_dir().spaces / space_id),
        "name": name,
        "icon": "folder",
        "createdAt": moment,
        "updatedAt": moment,
        "sortOrder": order,
    }


def _is_complete(entry: Any) -> bool:
    if not (isinstance(entry, dict) and isinstance(entry.get("name"), str)):
        return False
    path = entry.get("path")
    return isinstance(path, str) and is_plain_path(path) and not holds_ours(Path(path))


def holds_ours(path: Path) -> bool:
    """Whether a space there would lie over our own files: the data directory, or its other folders."""
    root = data_dir().root
    if root.is_relative_to(path):
        return True
    inside = path != data_dir().spaces and path.is_relative_to(data_dir().spaces)
    return path.is_relative_to(root) and not inside


def _space(space_id: str, entry: dict[str, Any]) -> Space:
    working_dir, order = entry.get("workingDir"), entry.get("sortOrder")
    return Space(
        id=space_id,
        name=entry["name"],
        icon=str(entry.get("icon") or "folder"),
        path=_folder(space_id, Path(entry["path"])),
        working_dir=Path(working_dir) if isinstance(working_dir, str) and working_dir else None,
        created_at=_moment(entry.get("createdAt")),
        updated_at=_moment(entry.get("lastActiveAt") or entry.get("updatedAt")),
        sort_order=order if isinstance(order, int) else None,
    )


def _folder(space_id: str, stored: Path) -> Path:
    """Where the records lie: a folder of our own ``spaces/`` moves and is copied with its data directory."""
    is_our_own = (stored.parent.name, stored.name) == ("spaces", space_id)
    return data_dir().spaces / space_id if is_our_own else stored


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@cache
def _file(path: Path) -> JsonFile:
    return JsonFile(path)
