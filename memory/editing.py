"""What people do with memory files: edit, create, rename, remove, restore.

Rights are those of a person's role, which views know; the agents' matrix is not asked. Every verb leaves a
revision by the person, and one by "outside" before it where somebody changed the file past us. Whatever is
refused was not done, and the text is still the caller's. Each verb raises `MemoryRefused` with a sentence.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DatabaseError

from halo_site.datadir.files import locked, removed_below, renamed_below
from halo_site.disk_trouble import log_failure, trouble_of
from memory import line_ends, names, oversized
from memory.exceptions import MemoryRefused
from memory.models import AuthorKind, Operation, Revision, digest
from memory.places import Place
from memory.recording import (
    ADVICE,
    LIMIT_BYTES,
    Author,
    Saved,
    caught_up,
    record,
    record_rename,
    refusing,
    together_with,
    write_locked,
)

logger = logging.getLogger(__name__)


class Conflict(MemoryRefused):
    """The file moved on since the person opened it; nothing was written.

    ``current`` is what it holds now (None: it is gone), ``revision`` says who made that, without content.
    ``is_another``: the file that they opened was renamed, in ``revision``, and another one has its name.
    """

    def __init__(
        self, sentence: str, current: bytes | None, revision: Revision | None, *, is_another: bool = False
    ) -> None:
        super().__init__(sentence)
        self.current = current
        self.revision = revision
        self.is_another = is_another


def save(place: Place, name: str, text: str, *, base: str, by: str, now: datetime) -> Saved:
    """Replace a document by ``text``, in the file's own line ends (see `memory.line_ends`).

    ``base`` is the SHA-256 of the bytes that the person started from, empty for a file that was not there. A
    file that has this text already is left alone, whatever the base: a form that is sent twice does no harm.
    """
    _require_text(place, name, text)
    _require_editable(place, name)

    def changed(before: bytes | None) -> bytes:
        if before is None and not base:
            names.require_new_name(place, name)
        after = _encoded(line_ends.like(text, _decoded(place, name, before)))
        if after != before:
            _require_base(place, name, before, base)
        return after

    with _held(place, name):
        return write_locked(place, name, _person(by), Operation.SAVED, changed, now)


def create(place: Place, name: str, text: str, *, by: str, now: datetime) -> Saved:
    """Make a document that is not there yet; raise `Conflict` where there is one."""
    _require_text(place, name, text)
    _require_editable(place, name)

    def made(before: bytes | None) -> bytes:
        if before is not None:
            raise Conflict(f"There is a file {place.path(name)} already.", before, _newest(place, name))
        names.require_new_name(place, name)
        return _encoded(line_ends.like(text, ""))

    with _held(place, name):
        return write_locked(place, name, _person(by), Operation.SAVED, made, now)


def rename(place: Place, name: str, new_name: str, *, by: str, now: datetime) -> Saved:
    """Give a document another name in the same place; its history goes with it (`Revision.other_path`).

    The one lock of the place covers both names. ``new_name`` may lie in another folder below the place's.
    """
    if not name:
        raise MemoryRefused(f"{place.path('')} keeps its name: it is the file that every run reads.")
    if not new_name:
        raise MemoryRefused(f"{place.path(name)} needs a name; nothing was renamed. Type the new one.")
    if new_name == name:
        raise MemoryRefused(f"{place.path(name)} has this name already; nothing was renamed.")
    _require_editable(place, name)
    _require_editable(place, new_name)
    old_path, new_path = place.path(name), place.path(new_name)
    with _held(place, name):
        large = oversized.size_over_limit(place, name)
        data, newest = oversized.last_recorded(place, name) if large else caught_up(place, name, now)
        if data is None and not large:
            raise MemoryRefused(f"There is no file {old_path}, so it was not renamed.")
        there, before = caught_up(place, new_name, now)
        if there is not None:
            raise Conflict(f"There is a file {new_path} already; nothing was renamed.", there, before)
        names.require_new_name(place, new_name, leaving=name)
        revision = None  # of a file that is too large and was never recorded there is nothing to say
        renaming = renamed_below(place.base, place.below(name), place.below(new_name))
        with renaming as step, together_with(step, old_path):
            if data is not None:
                revision = record_rename(place, (name, new_name), _person(by), data, newest, now)
        return Saved(new_path, large or len(data or b""), revision)


def remove(place: Place, name: str, *, base: str, by: str, now: datetime) -> Revision:
    """Remove a document; its text stays as a revision that `restore` brings back. Empty folders stay.

    One that is too large to be kept so goes to the trash of the data directory.
    """
    with _held(place, name):
        if large := oversized.size_over_limit(place, name):
            return _remove_large(place, name, large, base, by, now)
        data, newest = caught_up(place, name, now)
        if data is None:
            raise Conflict(f"{place.path(name)} is gone already; nothing was done.", None, newest)
        _require_base(place, name, data, base)
        with removed_below(place.base, place.below(name)) as step, together_with(step, place.path(name)):
            return record(place, name, _person(by), Operation.REMOVED, None, newest, now)


def _remove_large(place: Place, name: str, size: int, base: str, by: str, now: datetime) -> Revision:
    if oversized.base_of(size) != base:
        raise Conflict(
            f"{place.path(name)} was changed after you opened it. Nothing was done.",
            None,
            _newest(place, name),
        )
    newest = _newest(place, name)
    with together_with(oversized.taking_away(place, name, now), place.path(name)):
        return record(place, name, _person(by), Operation.REMOVED, None, newest, now)


def restore(place: Place, name: str, revision: Revision, *, base: str, by: str, now: datetime) -> Saved:
    """Make a document what it was at ``revision``, byte by byte, as a new revision.

    ``base`` is as in `save`. Which revisions belong to a document, `memory.history` knows.
    """
    if revision.place != place.key:
        raise MemoryRefused("This version belongs to another memory; nothing was restored.")
    if revision.is_removal:
        raise MemoryRefused("This version has no text: the file was not there. Restore the one before it.")
    data = revision.data()

    def restored(before: bytes | None) -> bytes:
        if before == data:
            return data
        _require_base(place, name, before, base)
        if before is None:
            names.require_no_twin(place, name)
        elif names.is_record(place, name):
            _require_editable(place, name)
        return data

    with _held(place, name):
        return write_locked(place, name, _person(by), Operation.RESTORED, restored, now)


@contextmanager
def _held(place: Place, name: str) -> Iterator[None]:
    """Hold the place's lock; disks and databases that object become a sentence, lest the text be lost."""
    path = place.path(name)
    try:
        with refusing(path), locked(place.lock):
            yield
    except DatabaseError as error:
        log_failure(logger, f"The revision of {path} could not be stored", error, "revision_failed")
        found = trouble_of(error)
        reason = f"{found.what}. {found.advice}" if found else "Try again in a moment."
        raise MemoryRefused(
            f"The history of {path} could not be written, so the change was not made. {reason}"
        ) from error


def _require_text(place: Place, name: str, text: str) -> None:
    size = len(_encoded(line_ends.plain(text)))  # a form's own line ends do not count
    if size > LIMIT_BYTES:
        raise MemoryRefused(f"{place.path(name)} would have {size:,} bytes. {ADVICE} Nothing was written.")
    if "\0" in text:
        raise MemoryRefused(
            "The text contains a NUL character, which no editor shows and which makes a file no text. "
            "Take it out; nothing was written."
        )


def _require_editable(place: Place, name: str) -> None:
    if names.is_record(place, name):
        raise MemoryRefused(
            f"{place.path(name)} is a record of what happened, so it is not edited. It can be removed."
        )


def _require_base(place: Place, name: str, data: bytes | None, base: str) -> None:
    if digest(data) != base:
        if data is not None and (left := _departure_since(place, name, base)):
            raise Conflict(
                f"The file that you opened {_departed(left)}, and "
                f"{place.path(name)} is another file now. Nothing was overwritten.",
                data,
                left,
                is_another=True,
            )
        newest = _newest(place, name)
        what = _departed(newest) if data is None else "was made" if not base else "was changed"
        sentence = f"{place.path(name)} {what} after you opened it. Nothing was overwritten."
        raise Conflict(sentence, data, newest)


def _departure_since(place: Place, name: str, base: str) -> Revision | None:
    """The row by which the document left this name after it was as ``base`` says; None where it did not."""
    rows = Revision.objects.for_document(place.key, place.path(name))
    left = rows.departures().newest()
    opened = rows.filter(sha256=base).newest() if left and base else None
    return left if left and opened and opened.pk < left.pk else None


def _departed(newest: Revision | None) -> str:
    if newest and newest.renamed_to:
        return f"was renamed to {newest.renamed_to} by {newest.author}"
    return "was removed"


def _newest(place: Place, name: str) -> Revision | None:
    return Revision.objects.for_document(place.key, place.path(name)).newest()


def _person(by: str) -> Author:
    return Author(AuthorKind.PERSON, by)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MemoryRefused(
            "The text has characters that are not valid Unicode; nothing was written."
        ) from error


def _decoded(place: Place, name: str, data: bytes | None) -> str:
    if b"\0" in (data or b""):
        raise MemoryRefused(
            f"{place.path(name)} has NUL bytes, so it is not edited here: a browser would drop them. "
            "Download it to change it. Nothing was written."
        )
    try:
        return (data or b"").decode()
    except UnicodeDecodeError as error:
        raise MemoryRefused(
            f"{place.path(name)} is not UTF-8 text, so it is not edited here: its other bytes would be lost. "
            "Download it, save it as UTF-8 and put it back. Nothing was written."
        ) from error
