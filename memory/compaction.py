"""Shortening a main memory file that became too long, with no moment without it and nothing lost.

First the whole file is kept as ``archive/{time}.md``, on the disk and as a revision; only then is it
replaced, in one step. Whatever ends this half way leaves the old file, at worst with a copy in the archive,
which the next time takes as its own.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.utils import timezone

from halo_site.datadir.files import locked
from memory.exceptions import MemoryRefused
from memory.models import AuthorKind, Operation
from memory.places import Place
from memory.recording import Author, Saved, caught_up, on_disk, refusing, write_locked
from memory.shortening import shortened

LONGEST_BYTES = 100 * 1024  # BEHAVIOUR, Memory


def compact(place: Place, now: datetime) -> Saved | None:
    """Shorten the main file if it has more than 100 KiB and that helps; None: it was left alone.

    It is the app's doing, but no run's: the memory before and after a run stays what that run made of it.
    Raises `MemoryRefused`.
    """
    with refusing(place.path("")), locked(place.lock):
        before, _newest = caught_up(place, "", now)
        if before is None or len(before) <= LONGEST_BYTES:
            return None
        name = next(name for name in _names(now) if on_disk(place, name) in (None, before))
        shorter = _shorter(before, place.path(name))
        if shorter is None:
            return None
        author = Author(AuthorKind.APP, place.owner_id)
        write_locked(place, name, author, Operation.ARCHIVED, lambda _before: before, now)
        return write_locked(place, "", author, Operation.COMPACTED, _instead_of(before, shorter), now)


def _instead_of(before: bytes, after: bytes) -> Callable[[bytes | None], bytes]:
    def replaced(there: bytes | None) -> bytes:
        if there != before:  # another program wrote meanwhile, and that is not in the archive
            raise MemoryRefused("The file was changed while it was shortened; the next run tries again.")
        return after

    return replaced


def _shorter(data: bytes, archive: str) -> bytes | None:
    try:
        text = shortened(data.decode(), archive)
    except UnicodeDecodeError:
        return None
    return None if text is None else text.encode()


def _names(now: datetime) -> Iterator[str]:
    """Names for the copy, by the server's time: with the minute, with the second, then numbered."""
    at = timezone.localtime(now, timezone.get_default_timezone())
    yield f"archive/{at:%Y-%m-%d-%H%M}.md"
    yield f"archive/{at:%Y-%m-%d-%H%M-%S}.md"
    number = 2
    while True:
        yield f"archive/{at:%Y-%m-%d-%H%M-%S}-{number}.md"
        number += 1
