"""Files that somebody renamed past us, or we did and were killed before the row of it.

A file that is gone and another one that nobody knew, with the same bytes, are one that has another name now:
its history goes with it.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from django.db import transaction

from halo_site.datadir.files import FileInfo, FileTooLarge, PathRefused, list_below, locked
from memory.exceptions import MemoryRefused
from memory.models import IndexedDocument, Revision, digest
from memory.places import Place
from memory.revising import OUTSIDE, on_disk, record_rename, refusing

READ_AT_ONCE = 100  # files, between two looks at the clock
LONGEST_SECONDS = 0.25  # of looking for the other name of one document
LOCK_SECONDS = 0.5  # of a place in which somebody writes just now, the two are told apart
CHANGED = 3  # in `FileInfo.stamp`: renaming a file changes this time, and no other


def record_moves(
    place: Place, gone: Mapping[str, str], files: Sequence[FileInfo], now: datetime, deadline: float
) -> None:
    """Record as renamed which of the names ``gone`` one of ``files`` has the bytes of.

    ``gone`` has the SHA-256 of each, by its name. Only where both can be meant alone: of copies nobody knows
    which is which. The last renamed files are looked at first, until ``deadline`` (of `time.monotonic`).
    """
    for old, new, sha256 in _pairs(place, gone, files, deadline):
        with (
            suppress(MemoryRefused, FileTooLarge, PathRefused, OSError),
            refusing(place.path(old)),
            locked(place.lock, LOCK_SECONDS),
        ):
            _record(place, old, new, sha256, now)


def record_move_of(
    place: Place, name: str, data: bytes | None, newest: Revision | None, now: datetime
) -> bool:
    """Record how one document came by the name, or left it (``data`` is None), if it did; whether it did.

    ``newest`` is its newest revision. The caller holds the place's lock.
    """
    left = newest if data is None else None
    sha256, size = (left.sha256, left.size) if left else (digest(data), len(data or b""))
    if not (name and size):
        return False
    same = IndexedDocument.objects.filter(place=place.key, revision__sha256=sha256)
    known = list(same.values_list("path", flat=True))
    if not known:
        return False
    with suppress(FileTooLarge, PathRefused, OSError):
        files = list_below(place.base, place.folder)
        gone = dict.fromkeys(_names_of(place, known) - {info.name for info in files}, sha256)
        alike = [info for info in files if info.size == size]
        for old, new, _sha256 in _pairs(place, gone, alike, time.monotonic() + LONGEST_SECONDS):
            return name in (old, new) and _record(place, old, new, sha256, now)
    return False


def _names_of(place: Place, paths: Iterable[str]) -> set[str]:
    names = set()
    for path in paths:
        with suppress(PathRefused):
            names.add(place.name_of(path))
    return names


def _pairs(
    place: Place, gone: Mapping[str, str], files: Sequence[FileInfo], deadline: float
) -> Iterator[tuple[str, str, str]]:
    """Old name, new name and SHA-256 of each of the ``gone`` that one of the ``files`` must be."""
    named = Counter(gone.values())
    old = {sha256: name for name, sha256 in gone.items() if name and named[sha256] == 1}
    if not old:
        return
    found: dict[str, list[str]] = {}
    for name, sha256 in _unknown(place, files, deadline):
        if sha256 in old:
            found.setdefault(sha256, []).append(name)
    yield from ((old[sha256], new[0], sha256) for sha256, new in found.items() if len(new) == 1)


def _unknown(place: Place, files: Sequence[FileInfo], deadline: float) -> Iterator[tuple[str, str]]:
    """The names of files of which no revision says that they are there, each with its SHA-256."""
    ordered = sorted((info for info in files if info.name and info.size), key=_changed, reverse=True)
    for start in range(0, len(ordered), READ_AT_ONCE):
        names = [info.name for info in ordered[start : start + READ_AT_ONCE]]
        known = Revision.objects.newest_sha256(place.key, [place.path(name) for name in names])
        for name in names:
            if not known.get(place.path(name)):
                with suppress(FileTooLarge, PathRefused, OSError):
                    yield name, digest(on_disk(place, name))
        if time.monotonic() > deadline:
            return


def _changed(info: FileInfo) -> int:
    return info.stamp[CHANGED]


def _record(place: Place, old: str, new: str, sha256: str, now: datetime) -> bool:
    """Add the rows, if all is still so behind the lock, which the caller holds; whether it was."""
    newest, before = (
        Revision.objects.for_document(place.key, place.path(name)).newest() for name in (old, new)
    )
    data = on_disk(place, new)
    is_free = before is None or before.is_removal
    if newest is None or newest.sha256 != sha256 or digest(data) != sha256 or data is None:
        return False
    if not is_free or on_disk(place, old) is not None:
        return False
    with transaction.atomic(durable=True):
        record_rename(place, (old, new), OUTSIDE, data, newest, now)
    return True
