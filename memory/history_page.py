"""What the history pages show: rows of revisions, one revision, who wrote which line, what was deleted."""

from dataclasses import dataclass
from itertools import groupby

from halo_site.datadir.files import PathRefused
from halo_site.diff import Diff, diff_of
from memory import documents
from memory.blame import Blame, BlamedLine
from memory.history import compared, history, previous, text_of
from memory.models import Revision, digest
from memory.places import Place

ROWS = 50  # on one page
BLAMED_SHOWN = 5_000  # lines of a document whose writers are shown


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A line of the history. ``change`` is in bytes, None where nobody knows what was before."""

    revision: Revision
    change: int | None


@dataclass(frozen=True, slots=True)
class HistoryList:
    """A page of the history, and where the older ones are (None: nowhere)."""

    rows: list[RevisionRow]
    older: int | None


def history_list(place: Place, name: str, before: int | None) -> HistoryList:
    """One page, newest first; ``before`` is the id that the page before it ended with."""
    found = history(place, name, before=before, size=ROWS + 1).revisions
    shown = found[:ROWS]
    following: list[Revision | None] = [*found[1:], None]
    rows = [_row(one, other) for one, other in zip(shown, following, strict=False)]
    return HistoryList(rows, shown[-1].pk if len(found) > ROWS else None)


def _row(revision: Revision, before: Revision | None) -> RevisionRow:
    if revision.is_arrival:
        return RevisionRow(revision, 0)
    if not revision.parent_sha256:
        return RevisionRow(revision, revision.size)
    known = before is not None and before.sha256 == revision.parent_sha256
    return RevisionRow(revision, revision.size - before.size if before and known else None)


@dataclass(frozen=True, slots=True)
class RevisionPage:
    """One revision beside the one before it, or beside what is there now."""

    place: Place
    name: str
    revision: Revision
    text: str
    diff: Diff
    base: str  # of a restore: what is there now
    is_with_now: bool
    is_now: bool  # what is there now is this

    @property
    def title(self) -> str:
        return self.place.path(self.name)

    @property
    def can_be_restored(self) -> bool:
        return not self.is_now and not self.revision.is_removal


def revision_page(place: Place, name: str, revision: Revision, *, is_with_now: bool) -> RevisionPage:
    """One revision, with its content, compared with the one before it or with what is there now.

    What is there now and cannot be read is compared as an empty text.
    """
    data = on_disk_or_none(place, name)
    if is_with_now:
        diff = diff_of(text_of(revision), (data or b"").decode("utf-8", "replace"))
    else:
        diff = compared(previous(revision), revision)
    base = digest(data)
    is_now = base == revision.sha256
    return RevisionPage(place, name, revision, text_of(revision), diff, base, is_with_now, is_now)


def on_disk_or_none(place: Place, name: str) -> bytes | None:
    """The bytes of a document; None as well where the disk or a link is in the way."""
    try:
        return documents.on_disk(place, name)
    except (PathRefused, ValueError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines that follow each other and have one writer; ``first`` counts from 1."""

    first: int
    lines: list[str]
    revision: Revision | None
    is_unrecorded: bool

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + len(self.lines))

    @property
    def numbered(self) -> list[tuple[int, str]]:
        return list(zip(self.numbers, self.lines, strict=True))


def passages(found: Blame) -> list[Passage]:
    """The first `BLAMED_SHOWN` lines, those of one writer together."""
    grouped: list[Passage] = []
    first = 1
    for (_pk, is_unrecorded), group in groupby(found.lines[:BLAMED_SHOWN], key=_writer):
        lines = list(group)
        texts = [line.text for line in lines]
        grouped.append(Passage(first, texts, lines[0].revision, is_unrecorded))
        first += len(lines)
    return grouped


def _writer(line: BlamedLine) -> tuple[int | None, bool]:
    return (line.revision.pk if line.revision else None, line.is_unrecorded)
