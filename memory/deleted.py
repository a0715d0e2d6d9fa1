"""Files of a place that were deleted and can be brought back."""

from contextlib import suppress
from dataclasses import dataclass

from halo_site.datadir.files import PathRefused
from memory import documents
from memory.models import Operation, Revision
from memory.places import Place

SHOWN = 200
MOST_REMOVALS = 2_000  # of all places
WINDOW = 50_000  # newest revisions of all memory among which they are sought: no index knows them


@dataclass(frozen=True, slots=True)
class DeletedFile:
    """A document that is gone, and the revision that says so."""

    name: str
    title: str
    revision: Revision


@dataclass(frozen=True, slots=True)
class DeletedFiles:
    """The files, last deleted first; ``is_whole``: there is nothing older that was not looked at."""

    files: list[DeletedFile]
    is_whole: bool


def deleted_files(place: Place) -> DeletedFiles:
    """Return what was deleted from ``place`` and is not there again. Two queries.

    Raises `PathRefused` and `OSError` where the folder cannot be listed.
    """
    newest = Revision.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    # Not by place: its index would lead through all that was ever written there, whatever the window.
    removals = Revision.objects.filter(pk__gt=newest - WINDOW, sha256="", operation=Operation.REMOVED)
    found_rows = list(removals.without_content().order_by("-id")[:MOST_REMOVALS])
    rows = [row for row in found_rows if row.place == place.key][:SHOWN]
    listed = documents.files(place)
    there = {info.name for info in listed.others} | ({""} if listed.main else set())
    found: dict[str, DeletedFile] = {}
    for row in rows:
        with suppress(PathRefused):  # a row that names no document of ours is nothing to bring back
            name = place.name_of(row.path)
            if name not in there and name not in found:
                found[name] = DeletedFile(name, row.path, row)
    is_whole = newest <= WINDOW and len(found_rows) < MOST_REMOVALS and len(rows) < SHOWN
    return DeletedFiles(list(found.values()), is_whole)
