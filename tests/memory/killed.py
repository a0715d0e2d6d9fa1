"""Compactions that are killed, each one call later than the one before: `python -m tests.memory.killed`.

Arguments: the name of the test database, the data directory. Prints for each what it left behind, and what
the next compaction made of that. A killed process ends as by SIGKILL: nothing of it runs any more.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection

CALLS = ("open", "write", "fsync", "rename", "unlink", "mkdir")
KILLED = 9


def main() -> None:
    database, directory = sys.argv[1:]
    django.setup()
    settings.HALO_DATA_DIR = Path(directory)
    connection.settings_dict["NAME"] = database
    from memory.places import place_of_app

    folder = Path(directory) / "kettle"
    place = place_of_app("kettle", "Kettle", None, folder)
    point, killed = 0, True
    while killed:
        point += 1
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        killed = in_child(partial(compacted, place, point)) == KILLED
        left = state(place)
        in_child(partial(compacted, place, None))
        print(
            json.dumps({"killed": killed, **left, "after": {**state(place), "unrecorded": unrecorded(place)}})
        )


def in_child(work: Callable[[], object]) -> int:
    """Do the work in a process of its own; how that one ended."""
    child = os.fork()
    if not child:
        work()
        connection.close()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def compacted(place: Any, point: int | None) -> None:
    """Write a long memory if there is none, and compact it; die at the call number ``point`` of that."""
    from memory.compaction import compact
    from memory.recording import catch_up
    from tests.conftest import BEGINNING
    from tests.memory.test_shortening import NOW, history

    if not (place.base / place.file).exists():
        (place.base / place.file).write_text(f"{NOW}\n{history(100)}")
    catch_up(place, "", BEGINNING, timeout=1)
    if point is not None:
        die_at(point)
    compact(place, BEGINNING)


def die_at(point: int) -> None:
    left = point

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if not left:
                os._exit(KILLED)
            return real(*args, **more)

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


def state(place: Any) -> dict[str, Any]:
    from tests.memory.test_shortening import NOW, history

    texts = {f"{NOW}\n{history(100)}": "old"}
    main = (place.base / place.file).read_text()
    archives = (place.base / place.folder / "archive").glob("[!.]*.md")
    return {
        "main": texts.get(main, "shorter" if main.startswith(NOW) and main.endswith("-->\n") else "torn"),
        "archives": [texts.get(path.read_text(), "torn") for path in archives],
    }


def unrecorded(place: Any) -> int:
    """Files that are not what their newest revision says; asked in a child, lest a connection is shared."""
    from memory.documents import files
    from memory.models import Revision, digest
    from memory.recording import on_disk

    def count() -> None:
        names = ["", *(info.name for info in files(place).others)]
        newest = Revision.objects.newest_sha256(place.key, [place.path(name) for name in names])
        wrong = sum(newest.get(place.path(name)) != digest(on_disk(place, name)) for name in names)
        connection.close()
        os._exit(wrong)

    return in_child(count)


if __name__ == "__main__":
    main()
