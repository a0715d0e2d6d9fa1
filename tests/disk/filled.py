"""Changes of memory on a disk with less and less room, database and all: `python -m tests.disk.filled`.

The data directory is that of the environment. Prints a line of JSON for each verb and room: what was said
(empty: nothing was objected to), what the files are after it, and whether revisions say the same.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings

ROOMS = (200_000, 65_536, 32_768, 16_384, 8_192, 4_096, 0)  # bytes that are left free
OLD, NEW = "old line\n" * 2_000, "another line\n" * 3_000


def main() -> None:
    django.setup()
    filler = Path(settings.HALO_DATA_DIR) / "filler"
    for verb in VERBS:
        for room in ROOMS:
            filler.unlink(missing_ok=True)
            planted(verb, room)
            before = facts()
            fill(filler, room)
            said = attempted(verb, room)
            filler.unlink()
            after = facts()
            said_true = before == after if said else before != after
            told = {"verb": verb, "room": room, "said": said, "is_true": said_true}
            print(json.dumps(told | {"is_recorded": is_recorded()}))


def planted(verb: str, room: int) -> None:
    from django.utils import timezone

    from memory import editing
    from memory.places import user_place

    editing.create(user_place(), f"{verb}/{room}.md", OLD, by="mara", now=timezone.now())


def fill(filler: Path, room: int) -> None:
    """Leave ``room`` bytes of the disk."""
    with filler.open("wb") as file:
        free = os.statvfs(filler).f_bavail * os.statvfs(filler).f_frsize
        os.posix_fallocate(file.fileno(), 0, free - room)


def attempted(verb: str, room: int) -> str:
    from django.db import DatabaseError
    from django.utils import timezone

    from memory import editing
    from memory.exceptions import MemoryRefused
    from memory.models import digest
    from memory.permissions import Caller
    from memory.places import user_place
    from memory.tools import memory_write

    place, name, by = user_place(), f"{verb}/{room}.md", {"by": "mara", "now": timezone.now()}
    base = digest(OLD.encode())
    verbs: dict[str, Callable[[], Any]] = {
        "append": lambda: memory_write(Caller("user"), "user", NEW, "append", now=timezone.now()),
        "save": lambda: editing.save(place, name, NEW, base=base, **by),
        "create": lambda: editing.create(place, f"{verb}/new-{room}.md", NEW, **by),
        "rename": lambda: editing.rename(place, name, f"{verb}/to-{room}.md", **by),
        "remove": lambda: editing.remove(place, name, base=base, **by),
    }
    try:
        verbs[verb]()
    except (MemoryRefused, DatabaseError) as error:
        return str(error)
    return ""


VERBS = ("append", "save", "create", "rename", "remove")


def facts() -> dict[str, int]:
    from memory.places import user_place

    place = user_place()
    folder = place.base / place.folder
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    found |= {"": place.lock} if place.lock.is_file() else {}
    return {name: hash(path.read_bytes()) for name, path in found.items()}


def is_recorded() -> bool:
    """Whether the newest revision of each document that there is or was says what is there."""
    from memory.models import Revision, digest
    from memory.places import user_place
    from memory.recording import on_disk

    place = user_place()
    paths = set(Revision.objects.values_list("path", flat=True)) | {place.path(name) for name in facts()}
    newest = Revision.objects.newest_sha256(place.key, sorted(paths))
    return all(digest(on_disk(place, place.name_of(path))) == newest.get(path, "") for path in paths)


if __name__ == "__main__":
    main()
