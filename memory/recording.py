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

from halo_site.datadir.files import (
    FileTooLarge,
    LockTimeout,
    PathRefused,
    Step,
    locked,
    read_below,
    staged_below,
)
from memory.exceptions import MemoryRefused
from memory.models import AuthorKind, Operation, Revision, digest
from memory.places import Place

LIMIT_BYTES = 1024 * 1024  # a file; BEHAVIOUR, Memory
MISSING = (
    "The folder of this memory is missing, so nothing was done: bring it back, or have its disk mounted."
)
HALF = (
    "{path} was changed on the disk, but the database failed before it said that it keeps the revision. "
    "Where it did not, the change will stand in the history as one from outside. Nothing has to be done "
    "again."
)
ADVICE = f"The limit is {LIMIT_BYTES:,} bytes: keep what still matters, and replace the rest by a summary."


@dataclass(frozen=True, slots=True)
class Author:
    """Who a revision is by: a kind of `AuthorKind`, that one's id, and the run in which it happened."""

    kind: str
    id: str = ""
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What a write left behind. ``revision`` is None when the file already had exactly this content."""

    path: str
    size: int
    revision: Revision | None


OUTSIDE = Author(AuthorKind.OUTSIDE)


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

    Raises `MemoryRefused`.
    """
    with refusing(place.path(name)), locked(place.lock, timeout):
        caught_up(place, name, now)


def caught_up(place: Place, name: str, now: datetime) -> tuple[bytes | None, Revision | None]:
    """Return the bytes on disk and the revision that describes them, made now if there was none.

    The caller holds the place's lock. None and None: there is no file and never was one. Raises
    `MemoryRefused` where the folder of the place is missing: that has removed nothing.
    """
    data = on_disk(place, name)
    if data is None:
        require_folder(place)
    newest = Revision.objects.for_document(place.key, place.path(name)).newest()
    if describes(newest, data):
        return data, newest
    operation = Operation.REMOVED if data is None else Operation.OUTSIDE
    with transaction.atomic(durable=True):
        return data, record(place, name, OUTSIDE, operation, data, newest, now)


def describes(revision: Revision | None, data: bytes | None) -> bool:
    """Tell whether ``revision``, a document's newest, is about these bytes; None and None: it never was."""
    return (revision.sha256 if revision else "") == digest(data)


def record(
    place: Place,
    name: str,
    author: Author,
    operation: str,
    data: bytes | None,
    before: Revision | None,
    now: datetime,
    *,
    other_path: str | None = None,
) -> Revision:
    """Add the row of one change; ``before`` is the document's newest revision, None for its first."""
    return Revision.record(
        data=data,
        now=now,
        place=place.key,
        path=place.path(name),
        author_kind=author.kind,
        author_id=author.id,
        run_id=author.run_id,
        operation=operation,
        parent_sha256=before.sha256 if before else "",
        other_path=other_path,
    )


def record_rename(
    place: Place, names: tuple[str, str], author: Author, data: bytes, newest: Revision | None, now: datetime
) -> Revision:
    """Add the rows of the old and the new name; return that of the new one. ``newest`` is the old one's."""
    old, new = (place.path(name) for name in names)
    record(place, names[0], author, Operation.RENAMED, None, newest, now, other_path=new)
    return record(place, names[1], author, Operation.RENAMED, data, newest, now, other_path=old)


def on_disk(place: Place, name: str) -> bytes | None:
    """Return the bytes of a document, None when there is none; writes nothing.

    Raises `PathRefused`, `FileTooLarge` over 1 MiB, `OSError`.
    """
    try:
        return read_below(place.base, place.below(name), LIMIT_BYTES)
    except FileNotFoundError:
        return None


def require_folder(place: Place) -> None:
    """Raise `MemoryRefused` where the folder that holds the files of ``place`` is gone or out of reach."""
    if place.missing_folder is not None:
        raise MemoryRefused(MISSING)


@contextmanager
def refusing(path: str) -> Iterator[None]:
    """Turn what disk and names can object into one sentence."""
    try:
        yield
    except FileTooLarge as error:
        raise MemoryRefused(f"{path} has {error.size:,} bytes. {ADVICE} A person can shorten it.") from error
    except (PathRefused, LockTimeout) as error:
        raise MemoryRefused(str(error)) from error
    except OSError as error:
        raise MemoryRefused(
            f"{path} could not be used: {error.strerror or error}. Nothing was changed."
        ) from error
