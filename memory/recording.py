"""How a memory file and its revision change together.

The file is the truth and the revision says who made it, so the two change together: under the place's lock
the new bytes are laid beside the file, then, within one short transaction, the row is inserted and the
bytes are put into place. Where the commit fails after that, the old file is put back, which takes no room on
a full disk. Only a crash in between, or a connection that is lost while the database commits, leaves a file
without a row. That is the side to err on: the next read or write finds a file that no revision describes and
records it as changed "outside", so content is never lost and no row ever claims a change that did not
happen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from halo_site.datadir.files import Step, locked, staged_below
from memory.exceptions import MemoryRefused
from memory.models import Operation, Revision
from memory.moved import record_move_of
from memory.places import Place
from memory.revising import (
    ADVICE,
    LIMIT_BYTES,
    MISSING,
    OUTSIDE,
    Author,
    describes,
    on_disk,
    record,
    record_rename,
    refusing,
    require_folder,
)

__all__ = [
    "ADVICE",
    "LIMIT_BYTES",
    "MISSING",
    "OUTSIDE",
    "Author",
    "Saved",
    "catch_up",
    "caught_up",
    "describes",
    "on_disk",
    "record",
    "record_rename",
    "refusing",
    "require_folder",
    "together_with",
    "write",
    "write_locked",
]

HALF = (
    "{path} was changed on the disk, but the database failed before it said that it keeps the revision. "
    "Where it did not, the change will stand in the history as one from outside. Nothing has to be done "
    "again."
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What a write left behind. ``revision`` is None when the file already had exactly this content."""

    path: str
    size: int
    revision: Revision | None


def write(
    place: Place,
    name: str,
    author: Author,
    operation: str,
    change: Callable[[bytes | None], bytes],
    now: datetime,
) -> Saved:
    """Replace a document by ``change(its bytes now)`` and record the revision. Raises `MemoryRefused`."""
    with refusing(place.path(name)), locked(place.lock):
        return write_locked(place, name, author, operation, change, now)


def write_locked(
    place: Place,
    name: str,
    author: Author,
    operation: str,
    change: Callable[[bytes | None], bytes],
    now: datetime,
) -> Saved:
    """Do what `write` does for a caller that holds the place's lock, within `refusing`."""
    path = place.path(name)
    before, newest = caught_up(place, name, now)
    after = change(before)
    if after == before:
        return Saved(path, len(after), None)
    if len(after) > LIMIT_BYTES:
        raise MemoryRefused(f"{path} would have {len(after):,} bytes. {ADVICE} Nothing was written.")
    staged = staged_below(place.base, place.below(name), after)
    with staged as put_in_place, together_with(put_in_place, path):
        revision = record(place, name, author, operation, after, newest, now)
    return Saved(path, len(after), revision)


@contextmanager
def together_with(step: Step, path: str) -> Iterator[None]:
    """Add rows in the body, do ``step`` after it, and commit; the step is taken back where that fails.

    The error goes on to the caller, to whom it means that nothing was done. Raises `MemoryRefused` where the
    step could not be taken back, or where nobody knows what the database did. The caller holds the place's
    lock.
    """
    held: object = None
    try:
        # Durable: the row must be there for everybody before the lock is free, so no outer transaction.
        with transaction.atomic(durable=True):
            held = connection.connection
            yield
            step()
    except Exception as error:
        if not step.is_done:
            raise
        # A server that is out of reach may have done it: Django has another connection then, or none
        if connection.vendor == "sqlite" or connection.connection is held:
            with suppress(OSError):
                step.undo()
        if step.is_done:
            raise MemoryRefused(HALF.format(path=path)) from error
        raise


def catch_up(place: Place, name: str, now: datetime, *, timeout: float) -> None:
    """Record a change from outside, if there is one; wait for the lock ``timeout`` seconds at most.

    The caller has looked for what was renamed. Raises `MemoryRefused`.
    """
    with refusing(place.path(name)), locked(place.lock, timeout):
        caught_up(place, name, now, may_have_moved=False)


def caught_up(
    place: Place, name: str, now: datetime, *, may_have_moved: bool = True
) -> tuple[bytes | None, Revision | None]:
    """Return the bytes on disk and the revision that describes them, made now if there was none.

    The caller holds the place's lock. None and None: there is no file and never was one. What is gone or new
    is recorded as renamed where that is what it was. Raises `MemoryRefused` where the folder of the place is
    missing: that has removed nothing.
    """
    data = on_disk(place, name)
    if data is None:
        require_folder(place)
    document = Revision.objects.for_document(place.key, place.path(name))
    newest = document.newest()
    if describes(newest, data):
        return data, newest
    was_there = newest is not None and not newest.is_removal
    if may_have_moved and was_there == (data is None) and record_move_of(place, name, data, newest, now):
        return data, document.newest()
    operation = Operation.REMOVED if data is None else Operation.OUTSIDE
    with transaction.atomic(durable=True):
        return data, record(place, name, OUTSIDE, operation, data, newest, now)
