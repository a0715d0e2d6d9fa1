"""Who wrote which line: for each line of a document, the newest revision that brought it in.

Bounded: a long history is followed for 200 revisions or a second, and what is older is said to be unknown.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from halo_site.alignment import changed_blocks
from memory.history import stretches
from memory.line_ends import lines_of
from memory.models import Operation, Revision, digest
from memory.places import Place
from memory.recording import on_disk

MOST_REVISIONS = 200
LONGEST_SECONDS = 1.0
LOADED_AT_ONCE = 10  # contents, each of up to 1 MiB


@dataclass(frozen=True, slots=True)
class BlamedLine:
    """A line without its end. ``revision`` has no content; None: unknown (older than what was followed), or
    changed on disk and not recorded yet."""

    text: str
    revision: Revision | None
    is_unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class Blame:
    """All lines; where some are unknown, they are older than ``known_since``."""

    lines: tuple[BlamedLine, ...]
    known_since: datetime | None = None

    @property
    def is_complete(self) -> bool:
        return self.known_since is None


def blame(place: Place, name: str, *, seconds: float = LONGEST_SECONDS) -> Blame:
    """Blame the lines that are on disk now; no lines when there is no file.

    A restored text keeps its authors: whoever restored it wrote none of it. How a line ends makes no
    difference. Bytes that are not UTF-8 are replaced by marks. Raises as `memory.recording.on_disk` does.
    """
    data = on_disk(place, name)
    if data is None:
        return Blame(())
    deadline = time.monotonic() + seconds
    rows = _followed(place, name)
    is_recorded = bool(rows) and rows[0].sha256 == digest(data)
    steps = _steps(rows[:MOST_REVISIONS])
    trace = _Trace(_lines(data), None if not is_recorded else next(steps)[0], is_unrecorded=not is_recorded)
    for revision, lines in steps:
        trace.go_back(lines, revision)
        if trace.is_done or time.monotonic() > deadline:
            break
    else:
        if len(rows) <= MOST_REVISIONS:
            trace.go_back([], None)  # before the first one there was nothing
    return trace.result()


class _Trace:
    """Goes back from state to state; a line that the older state lacks is by the author of the newer one."""

    def __init__(self, lines: list[str], author: Revision | None, *, is_unrecorded: bool) -> None:
        self.blamed: list[BlamedLine] = [BlamedLine(line, None) for line in lines]
        self.newer = lines
        self.author, self.is_unrecorded = author, is_unrecorded
        self.open = {number: number for number in range(len(lines))}  # in the newer state -> in the result

    @property
    def is_done(self) -> bool:
        return not self.open

    def go_back(self, older: list[str], author: Revision | None) -> None:
        """Blame the lines that are new since ``older``, which is ``author``'s."""
        left: dict[int, int] = {}
        old = new = 0
        for block in [*changed_blocks(older, self.newer), None]:
            until = block.new_start if block else len(self.newer)
            shift = old - new
            left |= {at + shift: self.open.pop(at) for at in range(new, until) if at in self.open}
            if block:
                old, new = block.old_end, block.new_end
        for number in self.open.values():
            self.blamed[number] = BlamedLine(self.blamed[number].text, self.author, self.is_unrecorded)
        self.newer, self.open = older, left
        self.author, self.is_unrecorded = author, False

    def result(self) -> Blame:
        known_since = self.author.created_at if self.open and self.author else None
        return Blame(tuple(self.blamed), known_since)


def _followed(place: Place, name: str) -> list[Revision]:
    """The revisions of the document, newest first, across its names; one more than are looked at."""
    rows: list[Revision] = []
    for stretch in stretches(place.key, place.path(name)):
        found = list(stretch.revisions()[: MOST_REVISIONS + 2])
        # The row by which a name was left says what the arrival at the next name says already.
        rows += found[1:] if rows and found and found[0].is_removal else found
        if len(rows) > MOST_REVISIONS:
            break
    return rows[: MOST_REVISIONS + 1]


def _steps(rows: list[Revision]) -> Iterator[tuple[Revision, list[str]]]:
    """The revisions that can have brought in lines, each with the lines of its state."""
    kept = _without_restored(rows)
    for start in range(0, len(kept), LOADED_AT_ONCE):
        some = kept[start : start + LOADED_AT_ONCE]
        contents = Revision.objects.only("content").in_bulk([row.pk for row in some])
        for row in some:
            yield row, _lines(contents[row.pk].data())


def _without_restored(rows: list[Revision]) -> list[Revision]:
    """The rows; in the place of one that restored a state, what came before that state when it was made."""
    kept: list[Revision] = []
    number = 0
    while number < len(rows):
        row = rows[number]
        same = (at for at in range(number + 1, len(rows)) if rows[at].sha256 == row.sha256)
        source = next(same, None) if row.operation == Operation.RESTORED else None
        if source is None:
            kept.append(row)
        number = source or number + 1
    return kept


def _lines(data: bytes) -> list[str]:
    return [line.rstrip("\r\n") for line in lines_of(data.decode("utf-8", "replace"))]
