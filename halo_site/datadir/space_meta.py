"""`.halo/meta.json`: what a space says of itself beside its records; a lost index is made again from it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from halo_site.datadir.files import FileTooLarge, read_below, write_below
from halo_site.datadir.json_file import encoded
from halo_site.datadir.names import PathRefused
from halo_site.datadir.paths import data_dir

NAME = ".halo/meta.json"
MAX_BYTES = 64 * 1024
LONGEST_NAME = 100  # characters
PLAIN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
KEPT_KEYS = ("name", "icon", "createdAt", "updatedAt", "lastActiveAt", "workingDir")


def read_meta(folder: Path) -> dict[str, Any]:
    """What is written there; ``{}`` where there is nothing that can be used."""
    try:
        content = json.loads(read_below(folder, NAME, MAX_BYTES))
    except (OSError, ValueError, RecursionError, PathRefused, FileTooLarge):
        return {}
    return content if isinstance(content, dict) else {}


def write_meta(folder: Path, space_id: str, entry: Mapping[str, Any]) -> None:
    """Write down an entry of the index; keys that others keep there stay. Raises OSError, `PathRefused`."""
    kept = {key: value for key, value in read_meta(folder).items() if key not in KEPT_KEYS}
    ours = {key: entry[key] for key in KEPT_KEYS if key in entry}
    content = {**kept, "id": space_id, **ours}
    write_below(folder, NAME, encoded(content))


def make_folder(space_id: str, entry: dict[str, Any]) -> None:
    """Make the folder (0700) of a space in our own ``spaces/``; it says its name. Raises OSError."""
    folder = data_dir().spaces / space_id
    for path in (folder.parent, folder, folder / ".halo", folder / "apps"):
        path.mkdir(mode=0o700, exist_ok=True)
    write_meta(folder, space_id, entry)
