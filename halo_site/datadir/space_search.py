"""How the spaces of an older or lost index are found again: by their folders (halo-facts §1)."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from halo_site.datadir.names import printable
from halo_site.datadir.paths import data_dir, is_plain_path
from halo_site.datadir.space_meta import LONGEST_NAME, PLAIN_ID, read_meta


def found_again(content: dict[str, Any]) -> dict[str, Any]:
    """The spaces of an older or lost index by their folders, named as their own files say."""
    spaces = content.get("spaces")
    if isinstance(spaces, dict):  # version 2: only where each lies
        places = {
            key: Path(entry["path"])
            for key, entry in spaces.items()
            if isinstance(entry, dict) and isinstance(entry.get("path"), str)
        }
    else:
        custom = content.get("customPaths")  # version 1
        places = _scanned(custom if isinstance(custom, list) else [])
    return _named(places)


def _scanned(custom: Iterable[Any]) -> dict[str, Path]:
    try:
        folders = sorted(data_dir().spaces.iterdir())
    except OSError:
        folders = []
    own = {
        folder.name: folder
        for folder in folders
        if PLAIN_ID.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink()
    }
    for path in custom:
        if isinstance(path, str) and is_plain_path(path):
            space_id = read_meta(Path(path)).get("id")
            if isinstance(space_id, str):
                own.setdefault(space_id, Path(path))
    return own


def _named(places: dict[str, Path]) -> dict[str, Any]:
    """Entries with what the folders' own files say; what has no name is called Default, Recovered 2, …"""
    metas = {key: read_meta(path) for key, path in places.items()}
    given = {key: _name_in(meta) for key, meta in metas.items()}
    taken = set(given.values())
    found: dict[str, Any] = {}
    for number, (key, meta) in enumerate(metas.items(), start=1):
        name = given[key] or ("Default" if "Default" not in taken else f"Recovered {number}")
        taken.add(name)
        kept = {field: meta[field] for field in ("createdAt", "updatedAt", "workingDir") if field in meta}
        icon = str(meta.get("icon") or "folder")
        found[key] = {"path": str(places[key]), "name": name, "icon": icon, **kept}
    return found


def _name_in(meta: dict[str, Any]) -> str:
    name = meta.get("name")
    return printable(name.strip())[:LONGEST_NAME] if isinstance(name, str) else ""
