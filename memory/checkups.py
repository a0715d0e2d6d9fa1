"""What the doctor looks at here: memory files that cannot be used, or were changed past us."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from halo_site.datadir.files import FileTooLarge
from halo_site.datadir.names import PathRefused, contained
from halo_site.doctor.findings import Finding, Result, counted, notice, register_check, shell
from memory.documents import files, on_disk
from memory.models import Revision, digest
from memory.places import Place, all_places

MOST_FILES = 2_000  # of the folders; the main file of every place comes on top
MOST_LEFT_OUT = 20  # of each place
NEWEST_REVISIONS = 1_000
RECORDED = "Nothing has to be done: the clock makes a revision of it, or the next read or change by an app."


def documents(now: datetime) -> Iterator[Result]:
    """The main file of every place, and what lies in their folders, the newest names first."""
    left, count = MOST_FILES, 0
    for place in all_places():
        if place.missing_folder is not None and place.is_remembered:
            yield _missing(place)
            continue
        try:
            listed = files(place)
        except (OSError, PathRefused) as error:
            yield Finding(f"memory of {place.label}", str(error), f"Look at {place.base / place.file}")
            continue
        others = [info.name for info in listed.others[::-1][:left]]
        left -= len(others)
        count += len(others) + (listed.main is not None)
        for name in ("", *others):
            yield from _document(place, name)
        for alien in listed.left_out[:MOST_LEFT_OUT]:
            words = f"it is no memory, and nobody is shown it: {alien.why}"
            folder = place.base / place.folder
            yield notice(
                f"memory of {place.label}, {alien.name}", words, f"Rename or copy it there: {folder}"
            )
    yield counted(count, "memory file", "" if left else "first")


def _missing(place: Place) -> Finding:
    words = f"{place.missing_folder} is missing or empty, though something is remembered in it"
    anew = shell("mkdir", "-m", "700", "-p", place.base / place.folder)
    advice = f"Mount its disk or restore a backup; to begin anew: {anew}"
    return Finding(f"memory of {place.label}", words, advice)


def _document(place: Place, name: str) -> Iterator[Finding]:
    subject = f"memory of {place.label}, {place.path(name)}"
    path = place.base / place.below(name)
    try:
        data = on_disk(place, name)
    except FileTooLarge as error:
        words = f"it has {error.size:,} bytes and is not used: the limit is {error.limit:,}"
        yield Finding(subject, words, f"Shorten it: {path}")
        return
    except (OSError, PathRefused) as error:
        yield Finding(subject, f"it cannot be read: {error}", f"Look at {path}")
        return
    if data is not None and not _is_text(data):
        advice = (
            f"Save it as UTF-8: {shell('iconv', '-f', 'latin1', '-t', 'utf8', '-o', f'{path}.utf8', path)}"
        )
        yield Finding(subject, "it is not UTF-8 text, so nobody can read it", advice)
    yield from _unrecorded(place, name, data, subject)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unrecorded(place: Place, name: str, data: bytes | None, subject: str) -> Iterator[Finding]:
    """What somebody did to the file past us; a file without any revision is such a change as well."""
    newest = Revision.objects.for_document(place.key, place.path(name)).newest()
    if (newest.sha256 if newest else "") == digest(data):
        return
    what = "removed" if data is None else "changed" if newest else "written"
    yield notice(subject, f"it was {what} outside Halo Site, which is not recorded yet", RECORDED)


def names(now: datetime) -> Iterator[Finding]:
    """The file names of the newest revisions: none may mean a file outside of its place (S15)."""
    newest = Revision.objects.order_by("-pk").values_list("pk", "path", "other_path")[:NEWEST_REVISIONS]
    for pk, *paths in newest:
        try:
            for path in paths:
                if path is not None:
                    contained(Path("memory"), path)
        except PathRefused as error:
            advice = f"It is never opened. Look who wrote it: /admin/memory/revision/{pk}/change/"
            yield Finding(f"revision {pk}", f"its path is not accepted: {error}", advice)


register_check("memory", documents, needs_database=True)
register_check("names of memory files", names, needs_database=True)
