"""Memory files: reading, appending, replacing, listing. Rights are enforced here, below every tool.

The file is the truth and the revision says who made it, so the two change together: under the place's lock
the new bytes are laid beside the file, then, within one short transaction, the row is inserted and the
bytes are renamed into place. A crash or an error before the rename changes nothing; after it, the file may
have no row. That is the side to err on: the next read or write finds a file that no revision describes and
records it as changed "outside", so content is never lost and no row ever claims a change that did not
happen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from halo_site.datadir.files import (
    FileInfo,
    FileTooLarge,
    LockTimeout,
    PathRefused,
    info_below,
    list_below,
    locked,
    read_below,
    staged_below,
)
from memory import sections
from memory.exceptions import MemoryRefused
from memory.models import AuthorKind, Operation, Revision, digest
from memory.permissions import Caller, allowed, refusal
from memory.permissions import Operation as Right
from memory.places import Place
from memory.records import record_name

LIMIT_BYTES = 1024 * 1024  # a file; BEHAVIOUR, Memory
ADVICE = f"The limit is {LIMIT_BYTES:,} bytes: keep what still matters, and replace the rest by a summary."
SHORT_ID = 8  # characters of a run's id in memory files


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


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a place: the main one if it is there, and those in its folder, in order of their names."""

    main: FileInfo | None
    others: list[FileInfo]


OUTSIDE = Author(AuthorKind.OUTSIDE)


def read(caller: Caller, place: Place, name: str = "", *, now: datetime) -> str | None:
    """Return the text of a document (the empty name is the main file); None when there is none.

    A change from outside is recorded first. Raises `MemoryRefused`.
    """
    _require(caller, place, "read")
    with _refusing(place.path(name)):
        data = on_disk(place, name)
        newest = Revision.objects.for_document(place.key, place.path(name)).newest()
        if not _describes(newest, data):
            # Perhaps another writer is between file and row; behind the lock there is no such moment.
            with locked(place.lock):
                data, _newest = _caught_up(place, name, now)
        return None if data is None else _text(data)


def append(caller: Caller, place: Place, text: str, *, now: datetime, run_id: str | None = None) -> Saved:
    """Append ``text`` to the main file, under a comment with time and author. Raises `MemoryRefused`."""
    _require(caller, place, "append")
    if not text.strip():
        raise MemoryRefused("There is nothing to append: the content is empty.")
    entry = f"\n<!-- {_local(now).isoformat(timespec='seconds')} by {caller.signature} -->\n{text.rstrip()}\n"

    def extended(before: bytes | None) -> bytes:
        _text(before or b"")  # what is not UTF-8 would not become so by appending
        return (before or b"") + _bytes(entry)

    return _write(place, "", _author(caller, run_id), Operation.APPEND, extended, now)


def replace(caller: Caller, place: Place, text: str, *, now: datetime, run_id: str | None = None) -> Saved:
    """Replace the main file by ``text``. Raises `MemoryRefused`."""
    _require(caller, place, "replace")
    data = _bytes(text)
    return _write(place, "", _author(caller, run_id), Operation.REPLACE, lambda _before: data, now)


def listing(caller: Caller, place: Place) -> Listing:
    """Return the files of ``place`` that can be read. Raises `MemoryRefused`."""
    _require(caller, place, "read")
    with _refusing(place.path("")):
        return files(place)


def insert_history_heading(place: Place, now: datetime, run_id: str) -> Saved:
    """Open a run's heading under ``# History`` of the main file, once a run. Raises `MemoryRefused`."""
    run = f"run#{run_id[:SHORT_ID]}"

    def headed(before: bytes | None) -> bytes:
        text = None if before is None else _text(before)
        if text and any(f"[by: {run}]" in heading.text for heading in sections.outline(text)):
            return before or b""
        return _bytes(sections.with_history_heading(text, f"{_local(now):%Y-%m-%d-%H%M}", run))

    author = Author(AuthorKind.APP, place.owner_id, run_id)
    return _write(place, "", author, Operation.HEADING, headed, now)


def write_run_record(place: Place, now: datetime, run_id: str, title: str, text: str) -> str:
    """Write ``run/{time}-{slug of title}-{8 chars}.md`` and return its name. Raises `MemoryRefused`."""
    name = record_name(_local(now), title, run_id[:SHORT_ID])
    data = _bytes(text)
    _write(
        place,
        name,
        Author(AuthorKind.APP, place.owner_id, run_id),
        Operation.RECORD,
        lambda _before: data,
        now,
    )
    return name


def on_disk(place: Place, name: str) -> bytes | None:
    """Return the bytes of a document, None when there is none; writes nothing.

    Raises `PathRefused`, `FileTooLarge` over 1 MiB, `OSError`.
    """
    try:
        return read_below(place.base, place.below(name), LIMIT_BYTES)
    except FileNotFoundError:
        return None


def files(place: Place) -> Listing:
    """Return what `listing` does, for whoever has the right to look. Raises `PathRefused` and `OSError`."""
    try:
        main = info_below(place.base, place.file)
    except FileNotFoundError:
        main = None
    return Listing(
        main, [info for info in list_below(place.base, place.folder) if _can_be_named(place, info)]
    )


def _can_be_named(place: Place, info: FileInfo) -> bool:
    try:
        place.below(info.name)
    except PathRefused:
        return False
    return True


def _write(
    place: Place,
    name: str,
    author: Author,
    operation: str,
    change: Callable[[bytes | None], bytes],
    now: datetime,
) -> Saved:
    """Replace a document by ``change(its bytes now)`` and record the revision."""
    path = place.path(name)
    with _refusing(path), locked(place.lock):
        before, newest = _caught_up(place, name, now)
        after = change(before)
        if after == before:
            return Saved(path, len(after), None)
        if len(after) > LIMIT_BYTES:
            raise MemoryRefused(f"{path} would have {len(after):,} bytes. {ADVICE} Nothing was written.")
        staged = staged_below(place.base, place.below(name), after)
        # Durable: the row must be there for everybody before the lock is free, so no outer transaction.
        with staged as put_in_place, transaction.atomic(durable=True):
            revision = _record(place, name, author, operation, after, newest, now)
            put_in_place()
        return Saved(path, len(after), revision)


def _caught_up(place: Place, name: str, now: datetime) -> tuple[bytes | None, Revision | None]:
    """Return the bytes on disk and the revision that describes them, made now if there was none.

    The caller holds the place's lock. None and None: there is no file and never was one.
    """
    data = on_disk(place, name)
    newest = Revision.objects.for_document(place.key, place.path(name)).newest()
    if _describes(newest, data):
        return data, newest
    operation = Operation.REMOVED if data is None else Operation.OUTSIDE
    with transaction.atomic(durable=True):
        return data, _record(place, name, OUTSIDE, operation, data, newest, now)


def _describes(revision: Revision | None, data: bytes | None) -> bool:
    return (revision.sha256 if revision else "") == digest(data)


def _record(
    place: Place,
    name: str,
    author: Author,
    operation: str,
    data: bytes | None,
    before: Revision | None,
    now: datetime,
) -> Revision:
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
    )


def _require(caller: Caller, place: Place, right: Right) -> None:
    if not allowed(caller, place, right):
        raise MemoryRefused(refusal(caller, place))


def _author(caller: Caller, run_id: str | None) -> Author:
    return Author(caller.kind, caller.app_id or "", run_id)


def _local(now: datetime) -> datetime:
    """The same moment in the server's zone, in which times in memory files are written."""
    return timezone.localtime(now, timezone.get_default_timezone())


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MemoryRefused(
            "This memory file is not UTF-8 text, so it was neither read nor changed. "
            "A person can save it as UTF-8; replacing it is possible too, and keeps its bytes as a revision."
        ) from error


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MemoryRefused(
            "The content has characters that are not valid Unicode; nothing was written."
        ) from error


@contextmanager
def _refusing(path: str) -> Iterator[None]:
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
