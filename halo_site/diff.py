"""Two texts side by side, as the page shows them: what changed in full, what did not folded away.

Bounded (a spec has up to 1 MiB), and for texts that want to deceive: what is invisible is named.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from halo_site.alignment import Block, changed_blocks
from halo_site.likeness import Piece, are_alike, paired, word_changes

CONTEXT = 3  # unchanged lines shown around a change
MAX_ROWS = 1_500  # shown outside of folds
MAX_FOLDED = 1_000  # unchanged lines of all folds that can be opened; longer stretches are only counted
LONG_LINE = 2_000  # characters; of a longer line only what lies around its changes is shown
KEPT = 200  # characters shown at either end of a part that is cut short
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}  # categories of characters that nobody sees


@dataclass(frozen=True)
class Span:
    """A part of a line: "same", "changed", "hidden" (the name of an invisible character) or "cut"."""

    kind: str
    text: str


@dataclass(frozen=True)
class Side:
    """A line of one of the texts. ``number`` counts from 1."""

    number: int
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Row:
    """A line before and the one that stands in its place after; None where there is none."""

    old: Side | None
    new: Side | None
    is_changed: bool = True


@dataclass(frozen=True)
class Stretch:
    """Rows that follow each other. Of a folded one ``rows`` may be empty: then only its length is told."""

    rows: tuple[Row, ...]
    length: int
    is_folded: bool = False


@dataclass(frozen=True)
class Diff:
    """The comparison of two texts; ``unshown`` changed lines lie behind the end of what is shown."""

    stretches: tuple[Stretch, ...]
    removed: int
    added: int
    unshown: int = 0

    @property
    def is_same(self) -> bool:
        return not (self.removed or self.added)


def diff_of(old: str, new: str) -> Diff:
    """Compare two texts. How their lines end (LF or CRLF) makes no difference."""
    before, after = _lines(old), _lines(new)
    blocks = changed_blocks(before, after)
    removed = sum(block.old_end - block.old_start for block in blocks)
    added = sum(block.new_end - block.new_start for block in blocks)
    shown, left = _Shown(before, after), removed + added
    for block in blocks:
        if not shown.has_room:
            break
        left -= shown.add(block)
    if not left:
        shown.add_unchanged(len(before), is_last=True)
    return Diff(tuple(shown.stretches), removed, added, left)


class _Shown:
    """Collects the stretches of a diff until there are enough rows."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self.old, self.new = old, new
        self.stretches: list[Stretch] = []
        self.room, self.fold_room = MAX_ROWS, MAX_FOLDED
        self.seen, self.shift = 0, 0  # lines of the old text done; how far the new text is ahead

    @property
    def has_room(self) -> bool:
        return self.room > 0

    def add(self, block: Block) -> int:
        """Add what lies before the block, and the block; how many changed lines of both texts are shown."""
        self.add_unchanged(block.old_start)
        rows = [row for row, _ in zip(self._changed_rows(block), range(self.room), strict=False)]
        self._put(rows)
        self.seen, self.shift = block.old_end, block.new_end - block.old_end
        return sum((row.old is not None) + (row.new is not None) for row in rows)

    def add_unchanged(self, until: int, *, is_last: bool = False) -> None:
        """The equal lines from where we are, all but a few at either end folded."""
        head = CONTEXT if self.stretches else 0
        tail = 0 if is_last else CONTEXT
        length = until - self.seen
        if length <= head + tail + 1:
            self._put(self._same_rows(self.seen, until))
            return
        self._put(self._same_rows(self.seen, self.seen + head))
        self._fold(self.seen + head, until - tail)
        self._put(self._same_rows(until - tail, until))

    def _put(self, rows: Sequence[Row]) -> None:
        if rows:
            self.stretches.append(Stretch(tuple(rows), len(rows)))
            self.room -= len(rows)

    def _fold(self, start: int, end: int) -> None:
        can_open = end - start <= self.fold_room
        rows = self._same_rows(start, end) if can_open else []
        self.fold_room -= len(rows)
        self.stretches.append(Stretch(tuple(rows), end - start, is_folded=True))

    def _same_rows(self, start: int, end: int) -> list[Row]:
        rows = []
        for index in range(start, end):
            spans = _spans([(self.old[index], False)])
            new = Side(index + self.shift + 1, spans)
            rows.append(Row(Side(index + 1, spans), new, is_changed=False))
        return rows

    def _changed_rows(self, block: Block) -> Iterator[Row]:
        before = self.old[block.old_start : block.old_end]
        after = self.new[block.new_start : block.new_end]
        for i, j in paired(before, after):
            one: list[Piece] = [] if i is None else [(before[i], False)]
            other: list[Piece] = [] if j is None else [(after[j], False)]
            if i is not None and j is not None and are_alike(before[i], after[j]):
                one, other = word_changes(before[i], after[j])
            yield Row(
                None if i is None else Side(block.old_start + i + 1, _spans(one)),
                None if j is None else Side(block.new_start + j + 1, _spans(other)),
            )


def _lines(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.split("\n")]


def _spans(pieces: Sequence[Piece]) -> tuple[Span, ...]:
    is_long = sum(len(text) for text, _ in pieces) > LONG_LINE
    spans: list[Span] = []
    for text, differs in pieces:
        kind = "changed" if differs else "same"
        if is_long and len(text) > (LONG_LINE if differs else 2 * KEPT):
            left_out = len(text) - 2 * KEPT
            spans += [*_visible(kind, text[:KEPT]), Span("cut", str(left_out)), *_visible(kind, text[-KEPT:])]
        else:
            spans += _visible(kind, text)
    return tuple(spans)


def _visible(kind: str, text: str) -> Iterator[Span]:
    """The text, with the code points of invisible characters in their place."""
    if text.isprintable():
        yield Span(kind, text)
        return
    for hidden, characters in groupby(text, _is_hidden):
        if hidden:
            yield Span("hidden", " ".join(f"U+{ord(character):04X}" for character in characters))
        else:
            yield Span(kind, "".join(characters))


def _is_hidden(character: str) -> bool:
    return character != "\t" and unicodedata.category(character) in _HIDDEN
