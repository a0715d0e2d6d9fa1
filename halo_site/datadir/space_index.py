"""The file `spaces-index.json`: version 3, older ones, and how a lost one is found again (halo-facts §1)."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from halo_site.datadir.files import write_atomically
from halo_site.datadir.json_file import JsonFile
from halo_site.datadir.names import printable
from halo_site.datadir.paths import data_dir, is_plain_path
from halo_site.datadir.space_meta import PLAIN_ID, make_folder, read_meta, write_meta
from halo_site.datadir.space_search import found_again

logger = logging.getLogger(__name__)

VERSION = 3
TEMPORARY = "halo-temp"
FIRST_YEAR, LAST_YEAR = 1970, 9998
Entries = dict[str, Any]


@dataclass(frozen=True)
class Recovery:
    """That the index was made again: when, how many spaces were found, what became of the file before."""

    at: datetime | None
    found: int
    reason: str
    kept_as: str


def entries() -> Entries:
    """Space id → entry, incomplete ones left out; of a lost or older index what a scan finds. Reads only."""
    return {key: entry for key, entry in _found().items() if _is_usable(key, entry)}


def entry_of(space_id: str) -> dict[str, Any] | None:
    """The one entry, None where there is none that can be used: lists of apps ask for each row's."""
    entry = _found().get(space_id)
    return entry if _is_usable(space_id, entry) else None


def _found() -> Entries:
    content = _file(data_dir().spaces_index).read()
    found: Entries = content["spaces"] if _is_current(content) else found_again(content)
    return found


def current() -> dict[str, Any]:
    """The whole file as it is; not to be changed."""
    return _file(data_dir().spaces_index).read()


def ignored() -> list[str]:
    """The keys of entries that stand in the file and cannot be used; they stay there."""
    content = _file(data_dir().spaces_index).read()
    if not _is_current(content):
        return []
    return [printable(key) for key, entry in content["spaces"].items() if not _is_usable(key, entry)]


def problem() -> str:
    """What is wrong with the file as it lies there, in a sentence; empty where it is in order."""
    file = _file(data_dir().spaces_index)
    content = file.read()
    if _is_current(content):
        return ""
    if not file.path.exists():
        return _("spaces-index.json is missing. The next start makes it again from the folders.")
    if content:
        return _("spaces-index.json is of an older version. The next start brings it up to date.")
    return _("spaces-index.json cannot be read. The next start sets it aside and finds the spaces again.")


def recovery() -> Recovery | None:
    """That the index was made again, until somebody has seen it (`forget_recovery`)."""
    told = _file(data_dir().spaces_index).read().get("recovered")
    if not isinstance(told, dict):
        return None
    found = told.get("found")
    return Recovery(
        at=moment_of(told.get("at")),
        found=found if isinstance(found, int) else 0,
        reason=printable(str(told.get("reason") or "")),
        kept_as=printable(str(told.get("keptAs") or "")),
    )


def forget_recovery() -> bool:
    """Somebody has seen it; False where there is nothing to forget."""
    if recovery() is None:
        return False
    update(lambda content: {key: content[key] for key in content if key != "recovered"})
    return True


def update(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Replace the index, which is made again first where it was lost. Raises `LockTimeout`, OSError."""
    mend(datetime.now(UTC))
    _file(data_dir().spaces_index).update(change)


def mend(now: datetime) -> None:
    """Bring an older index up to date, and make a lost one again; one in order is left alone.

    The file before is kept: set aside where it cannot be parsed, copied where it is of an older version. An
    installation without any space gets the space "Default". Raises `LockTimeout`, OSError.
    """
    file = _file(data_dir().spaces_index)
    content = file.read()
    if _is_current(content) and content["spaces"] and not _lacks_order(content["spaces"]):
        return
    aside = _set_aside()
    file.update(lambda content: _mended(content, now, aside))
    for space_id, entry in entries().items():
        _remember(space_id, entry)


def follow_directory() -> None:
    """Write down where our own folders are since the data directory was moved, and what they lost of it.

    Raises `LockTimeout`, OSError.
    """
    found = entries()
    paths = {key: str(folder_of(key, entry)) for key, entry in found.items()}
    if any(found[key]["path"] != path for key, path in paths.items()):
        update(lambda content: _with_paths(content, paths))
    for key, path in paths.items():
        if path == str(data_dir().spaces / key):
            _remember(key, found[key])


def _with_paths(content: dict[str, Any], paths: dict[str, str]) -> dict[str, Any]:
    spaces = content["spaces"]
    moved = {key: {**spaces[key], "path": path} for key, path in paths.items() if key in spaces}
    return {**content, "spaces": {**spaces, **moved}}


def written(moment: datetime) -> str:
    """A moment as the index has it: ISO, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(value: Any) -> datetime | None:
    """The moment that is written there; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:  # others cannot be told in every zone
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def new_entry(space_id: str, name: str, order: int, now: datetime, icon: str = "folder") -> dict[str, Any]:
    """The entry of a space whose records lie in our own ``spaces/``."""
    moment = written(now)
    return {
        "path": str(data_dir().spaces / space_id),
        "name": name,
        "icon": icon,
        "createdAt": moment,
        "updatedAt": moment,
        "sortOrder": order,
    }


def folder_of(space_id: str, entry: dict[str, Any]) -> Path:
    """Where the records lie: a folder of our own ``spaces/`` moves and is copied with its data directory."""
    stored = Path(entry["path"])
    is_our_own = (stored.parent.name, stored.name) == ("spaces", space_id)
    return data_dir().spaces / space_id if is_our_own else stored


def holds_ours(path: Path) -> bool:
    """Whether a space there would lie over our own files: the data directory, or its other folders."""
    root = data_dir().root
    if root.is_relative_to(path):
        return True
    inside = path != data_dir().spaces and path.is_relative_to(data_dir().spaces)
    return path.is_relative_to(root) and not inside


def order_of(space_id: str, entry: dict[str, Any]) -> tuple[Any, ...]:
    """What spaces without a full order are sorted by: the newest change first."""
    changed = moment_of(entry.get("lastActiveAt") or entry.get("updatedAt"))
    return (-(changed.timestamp() if changed else 0), entry["name"], space_id)


def _mended(content: dict[str, Any], now: datetime, aside: set[str]) -> dict[str, Any]:
    """The index as it should be. Called under the file's lock, with ``{}`` for a lost one."""
    if _is_current(content):
        spaces, told, version = content["spaces"], {}, content["version"]
    else:
        spaces = {key: entry for key, entry in found_again(content).items() if _is_usable(key, entry)}
        told, version = _told(content, len(spaces), now, aside), VERSION
    usable = {key: entry for key, entry in spaces.items() if _is_usable(key, entry)}
    if not usable:
        spaces = {**spaces, **_default(now)}
    elif _lacks_order(usable):
        ordered = sorted(usable, key=lambda key: order_of(key, usable[key]))
        places = {key: {**usable[key], "sortOrder": place} for place, key in enumerate(ordered)}
        spaces = {**spaces, **places}
    rest = {key: value for key, value in content.items() if key not in ("version", "spaces", "customPaths")}
    return {"version": version, **rest, "spaces": spaces, **told}


def _default(now: datetime) -> Entries:
    """The entry of a new space "Default". Its folder is made first: an index names what is there."""
    space_id = str(uuid.uuid4())
    entry = new_entry(space_id, "Default", 0, now)
    make_folder(space_id, entry)
    return {space_id: entry}


def _told(content: dict[str, Any], found: int, now: datetime, aside: set[str]) -> dict[str, Any]:
    """What the pages say of a recovery; nothing of a first start."""
    unreadable = _set_aside() - aside
    if content:
        reason, kept = "older", _copied(data_dir().spaces_index, now)
    elif unreadable:
        reason, kept = "unreadable", max(unreadable)
    else:
        reason, kept = "missing", ""
    if reason == "missing" and not found:
        return {}
    logger.warning("The spaces index was %s; %d spaces were found again by their folders", reason, found)
    told = {"at": written(now), "found": found, "reason": reason}
    return {"recovered": {**told, "keptAs": kept} if kept else told}


def _set_aside() -> set[str]:
    """The names of indexes that could not be parsed."""
    path = data_dir().spaces_index
    return {each.name for each in path.parent.glob(f"{path.name}.corrupt-*")}


def _copied(path: Path, now: datetime) -> str:
    """Keep the file as it is beside itself; returns the name of the copy."""
    copy = path.with_name(f"{path.name}.before-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z")
    write_atomically(copy, path.read_bytes())
    return copy.name


def _remember(space_id: str, entry: dict[str, Any]) -> None:
    """Have the folder say the same of itself, where it is there and says something else.

    An empty one is left so: it may be where a disk is mounted that is not there yet.
    """
    folder = folder_of(space_id, entry)
    told = read_meta(folder)
    if (
        folder.is_dir()
        and any(folder.iterdir())
        and (told.get("id"), told.get("name")) != (space_id, entry["name"])
    ):
        try:
            write_meta(folder, space_id, entry)
        except (OSError, ValueError):
            logger.exception("The space %s could not write down its name", space_id)


def _is_current(content: dict[str, Any]) -> bool:
    version, spaces = content.get("version"), content.get("spaces")
    return isinstance(spaces, dict) and isinstance(version, int) and version >= VERSION


def _lacks_order(spaces: Entries) -> bool:
    usable = [entry for key, entry in spaces.items() if _is_usable(key, entry)]
    return not usable or not all(isinstance(entry.get("sortOrder"), int) for entry in usable)


def _is_usable(space_id: Any, entry: Any) -> bool:
    """Whether an entry has the strings that it must have, and a path that lies over nothing of ours."""
    if not (isinstance(entry, dict) and isinstance(entry.get("name"), str)):
        return False
    if space_id == TEMPORARY or not PLAIN_ID.fullmatch(space_id):
        return False
    path = entry.get("path")
    return isinstance(path, str) and is_plain_path(path) and not holds_ours(folder_of(space_id, entry))


@cache
def _file(path: Path) -> JsonFile:
    return JsonFile(path)
