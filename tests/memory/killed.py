"""Changes of memory that are killed, each one call later than the last: `python -m tests.memory.killed`.

Arguments: the name of the test database, the data directory, a verb of `VERBS`. Prints for each point what it
left behind (``files``), and the same (``after``) once the next compaction, or the next look at what was
changed outside, went over it, with how many documents are not as their newest revision says. A killed process
ends as by SIGKILL: nothing of it runs any more.
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
    database, directory, verb = sys.argv[1:]
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
        in_child(partial(planted, place))
        killed = in_child(partial(acted, place, verb, point)) == KILLED
        left = files(place)
        in_child(partial(recovered, place, verb))
        after = {"files": files(place), "unrecorded": in_child(partial(unrecorded, place))}
        print(json.dumps({"killed": killed, "files": left, "after": after}))


def in_child(work: Callable[[], int | None]) -> int:
    """Do the work in a process of its own, lest a connection is shared; how that one ended."""
    child = os.fork()
    if not child:
        status = work()
        connection.close()
        os._exit(status or 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def planted(place: Any) -> None:
    """A long main file and another one, both recorded."""
    from memory.recording import catch_up
    from tests.conftest import BEGINNING
    from tests.memory.test_compaction import LONG

    for name in ("", "a.md"):
        path = place.base / place.below(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LONG)
        catch_up(place, name, BEGINNING, timeout=1)


def acted(place: Any, verb: str, point: int) -> None:
    """Die at the call number ``point`` that the verb makes."""
    from halo_site.datadir import swapping

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
    swapping.swap = counted(swapping.swap)
    VERBS[verb](place)


def compact(place: Any) -> None:
    from memory.compaction import compact as shorten
    from tests.conftest import BEGINNING

    shorten(place, BEGINNING)


def save(place: Any) -> None:
    from memory import editing
    from memory.models import digest
    from tests.conftest import BEGINNING
    from tests.memory.test_compaction import LONG

    editing.save(place, "a.md", f"{LONG}new\n", base=digest(LONG.encode()), by="mara", now=BEGINNING)


def rename(place: Any) -> None:
    from memory import editing
    from tests.conftest import BEGINNING

    editing.rename(place, "a.md", "b/c.md", by="mara", now=BEGINNING)


def remove(place: Any) -> None:
    from memory import editing
    from memory.models import digest
    from tests.conftest import BEGINNING
    from tests.memory.test_compaction import LONG

    editing.remove(place, "a.md", base=digest(LONG.encode()), by="mara", now=BEGINNING)


VERBS = {"compact": compact, "save": save, "rename": rename, "remove": remove}


def recovered(place: Any, verb: str) -> None:
    """What happens next anyway: the next run's compaction, or the clock."""
    from memory.recording import catch_up
    from tests.conftest import BEGINNING

    if verb == "compact":
        compact(place)
    for name in ("", "a.md", "b/c.md"):
        catch_up(place, name, BEGINNING, timeout=1)


def files(place: Any) -> dict[str, str]:
    """What each file of the place is: the old text, the new one, a shortened one, or none of these."""
    from tests.memory.test_compaction import LONG
    from tests.memory.test_shortening import NOW

    texts = {LONG: "old", f"{LONG}new\n": "new"}
    found = {}
    for path in sorted(place.base.rglob("[!.]*.md")):
        text = path.read_text()
        is_shorter = text.startswith(NOW) and text.endswith("-->\n")
        found[str(path.relative_to(place.base))] = texts.get(text, "shorter" if is_shorter else "torn")
    return found


def unrecorded(place: Any) -> int:
    """How many documents are not as their newest revision says."""
    from memory.documents import files as listed
    from memory.models import Revision, digest
    from memory.recording import on_disk

    names = {"", "a.md", "b/c.md", *(info.name for info in listed(place).others)}
    newest = Revision.objects.newest_sha256(place.key, [place.path(name) for name in names])
    return sum(newest.get(place.path(name), "") != digest(on_disk(place, name)) for name in names)


if __name__ == "__main__":
    main()
