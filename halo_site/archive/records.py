"""When the last backup was made, checked and restored, for whoever looks after the installation.

The facts stand in ``backups/record.json``: beside the backups, and not in the database that they are of.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from halo_site.archive.manifest import Manifest
from halo_site.datadir.json_file import JsonFile
from halo_site.datadir.paths import data_dir

BACKUP, VERIFIED, RESTORED = "backup", "verified", "restored"


def note(what: str, archive: Path, manifest: Manifest, now: datetime) -> None:
    """Remember the newest of one kind; nothing where there is no ``backups/`` yet. Raises `OSError`."""
    facts = {"at": now.isoformat(), "archive": str(archive), "moment": manifest.moment}
    if data_dir().backups.is_dir():
        file().update(lambda content: {**content, "version": 1, what: facts})


def last(what: str) -> dict[str, Any] | None:
    """``{at, archive, moment}`` of the newest backup, verification or restore; None where there was none.

    ``at`` and ``moment`` are ISO 8601 with their zone.
    """
    facts = file().read().get(what)
    return facts if isinstance(facts, dict) else None


def last_at(what: str) -> datetime | None:
    """When that was."""
    facts = last(what)
    try:
        return datetime.fromisoformat(str(facts["at"])) if facts else None
    except (KeyError, ValueError):
        return None


def file() -> JsonFile:
    return JsonFile(data_dir().backups / "record.json")
