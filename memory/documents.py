"""Memory files: reading, appending, replacing, listing. Rights are enforced here, below every tool."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from halo_site.datadir.files import FileInfo, PathRefused, info_below, list_below, locked
from halo_site.datadir.listing import LeftOut
from memory import sections
from memory.exceptions import MemoryRefused
from memory.models import AuthorKind, Operation, Revision
from memory.permissions import Caller, allowed, refusal
from memory.permissions import Operation as Right
from memory.places import Place
from memory.recording import (
    ADVICE,
    LIMIT_BYTES,
    Author,
    Saved,
    caught_up,
    describes,
    on_disk,
    refusing,
    require_folder,
    write,
)
from memory.records import record_name

__all__ = [
    "ADVICE",
    "LIMIT_BYTES",
    "Listing",
    "Saved",
    "append",
    "files",
    "insert_history_heading",
    "listing",
    "on_disk",
    "read",
    "replace",
    "write_run_record",
]

SHORT_ID = 8  # characters of a run's id in memory files


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a place: the main one if it is there, and those in its folder, in order of their names.

    ``left_out`` are those that look like files of memory and are none.
    """

    main: FileInfo | None
    others: list[FileInfo]
    left_out: list[LeftOut] = field(default_factory=list)


def read(caller: Caller, place: Place, name: str = "", *, now: datetime) -> str | None:
    """Return the text of a document (the empty name is the main file); None when there is none.

    A change from outside is recorded first. Raises `MemoryRefused`.
    """
    _require(caller, place, "read")
    with refusing(place.path(name)):
        data = on_disk(place, name)
        if data is None:
            require_folder(place)
        newest = Revision.objects.for_document(place.key, place.path(name)).newest()
        if not describes(newest, data):
            # Perhaps another writer is between file and row; behind the lock there is no such moment.
            with locked(place.lock):
                data, _newest = caught_up(place, name, now)
        return None if data is None else _text(data)


def append(caller: Caller, place: Place, text: str, *, now: datetime, run_id: str | None = None) -> Saved:
    """Append ``text`` to the main file, under a comment with time and author. Raises `MemoryRefused`."""
    _require(caller, place, "append")
    if not text.strip():
        raise MemoryRefused("There is nothing to append: the content is empty.")
    _require_no_nul(text)
    entry = f"\n<!-- {_local(now).isoformat(timespec='seconds')} by {caller.signature} -->\n{text.rstrip()}\n"

    def extended(before: bytes | None) -> bytes:
        _text(before or b"")  # what is not UTF-8 would not become so by appending
        return (before or b"") + _bytes(entry)

    return write(place, "", _author(caller, run_id), Operation.APPEND, extended, now)


def replace(caller: Caller, place: Place, text: str, *, now: datetime, run_id: str | None = None) -> Saved:
    """Replace the main file by ``text``. Raises `MemoryRefused`."""
    _require(caller, place, "replace")
    _require_no_nul(text)
    data = _bytes(text)
    return write(place, "", _author(caller, run_id), Operation.REPLACE, lambda _before: data, now)


def listing(caller: Caller, place: Place) -> Listing:
    """Return the files of ``place`` that can be read. Raises `MemoryRefused`."""
    _require(caller, place, "read")
    require_folder(place)
    with refusing(place.path("")):
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
    return write(place, "", author, Operation.HEADING, headed, now)


def write_run_record(place: Place, now: datetime, run_id: str, title: str, text: str) -> str:
    """Write ``run/{time}-{slug of title}-{8 chars}.md`` and return its name. Raises `MemoryRefused`."""
    name = record_name(_local(now), title, run_id[:SHORT_ID])
    data = _bytes(text.replace("\0", "\ufffd"))  # what a run told is kept, as a text that can be read
    write(
        place,
        name,
        Author(AuthorKind.APP, place.owner_id, run_id),
        Operation.RECORD,
        lambda _before: data,
        now,
    )
    return name


def files(place: Place) -> Listing:
    """Return what `listing` does, for whoever has the right to look. Raises `PathRefused` and `OSError`."""
    try:
        main = info_below(place.base, place.file)
    except FileNotFoundError:
        main = None
    left_out: list[LeftOut] = []
    found = list_below(place.base, place.folder, left_out=left_out)
    return Listing(main, [info for info in found if _can_be_named(place, info)], left_out)


def _can_be_named(place: Place, info: FileInfo) -> bool:
    try:
        place.below(info.name)
    except PathRefused:
        return False
    return True


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


def _require_no_nul(text: str) -> None:
    if "\0" in text:
        raise MemoryRefused(
            "The content has a NUL character, which makes a file no text: no person could edit it any more. "
            "Take it out; nothing was written."
        )


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MemoryRefused(
            "The content has characters that are not valid Unicode; nothing was written."
        ) from error
