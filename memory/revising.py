"""What a memory file holds now, and the rows that say so: what `memory.recording` puts together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from halo_site.datadir.files import FileTooLarge, LockTimeout, PathRefused, read_below
from memory.exceptions import MemoryRefused
from memory.models import AuthorKind, Operation, Revision, digest
from memory.places import Place

LIMIT_BYTES = 1024 * 1024  # a file; BEHAVIOUR, Memory
MISSING = (
    "The folder of this memory is missing, so nothing was done: bring it back, or have its disk mounted."
)
ADVICE = f"The limit is {LIMIT_BYTES:,} bytes: keep what still matters, and replace the rest by a summary."


@dataclass(frozen=True, slots=True)
class Author:
    """Who a revision is by: a kind of `AuthorKind`, that one's id, and the run in which it happened."""

    kind: str
    id: str = ""
    run_id: str | None = None


OUTSIDE = Author(AuthorKind.OUTSIDE)


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
