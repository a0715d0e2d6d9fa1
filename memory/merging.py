"""Two changes of one text put together (a three-way merge by lines, as diff3 does it). Pure.

What only one side changed is taken; what both changed alike is taken once; what they changed differently
stands in the proposal twice, mine first, and is named as a clash. Changes that touch count as changes of one
place. So no line that either side added is ever lost. Lines are compared with their ends: give texts whose
ends are alike (`memory.line_ends.plain`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from halo_site.alignment import Block, changed_blocks
from memory.line_ends import lines_of


@dataclass(frozen=True, slots=True)
class Clash:
    """What both sides changed differently; the texts are as each has them, an empty one was deleted.

    In the lines of the proposal, counted from 0, ``start:middle`` are mine and ``middle:end`` theirs.
    """

    base: str
    mine: str
    theirs: str
    start: int
    middle: int
    end: int


@dataclass(frozen=True, slots=True)
class Merge:
    """The proposed ``text`` and where somebody has to decide."""

    text: str
    conflicts: tuple[Clash, ...]

    @property
    def is_clean(self) -> bool:
        return not self.conflicts


@dataclass(frozen=True, slots=True)
class _Place:
    """A stretch of the base and what each side has there."""

    base: list[str]
    mine: list[str]
    theirs: list[str]

    @property
    def agreed(self) -> list[str] | None:
        """The lines that nobody has to decide about; None where both changed them differently."""
        if self.mine == self.theirs or self.theirs == self.base:
            return self.mine
        return self.theirs if self.mine == self.base else None


def merge(base: str, mine: str, theirs: str) -> Merge:
    """Put together what ``mine`` and ``theirs`` made of ``base``."""
    text: list[str] = []
    clashes: list[Clash] = []
    for place in _places(lines_of(base), lines_of(mine), lines_of(theirs)):
        if place.agreed is not None:
            text += place.agreed
        else:
            head, clash, tail = _narrowed(place)
            text += head
            clashes.append(_clash(clash, len(text)))
            text += [
                *_ended(clash.mine, bool(clash.theirs or tail)),
                *_ended(clash.theirs, bool(tail)),
                *tail,
            ]
    return Merge("".join(text), tuple(clashes))


@dataclass(slots=True)
class _Side:
    """One of the two changed texts, and how far its changes were taken."""

    lines: list[str]
    blocks: Sequence[Block]
    taken: int = 0
    shift: int = 0  # how many lines it is ahead of the base there

    @property
    def begins(self) -> int | None:
        """The line of the base at which the next change begins; None where there is no more."""
        return self.blocks[self.taken].old_start if self.taken < len(self.blocks) else None

    def take(self, end: int) -> int:
        """Take the changes that overlap or touch what ends at line ``end`` of the base; return that end."""
        while self.begins is not None and self.begins <= end:
            block = self.blocks[self.taken]
            end = max(end, block.old_end)
            self.taken += 1
            self.shift += (block.new_end - block.new_start) - (block.old_end - block.old_start)
        return end


def _places(base: list[str], mine: list[str], theirs: list[str]) -> Iterator[_Place]:
    """The three texts in stretches that are the same in all, or were changed by a side or both."""
    sides = (_Side(mine, changed_blocks(base, mine)), _Side(theirs, changed_blocks(base, theirs)))
    done = 0  # lines of the base
    while begins := [side.begins for side in sides if side.begins is not None]:
        start = min(begins)
        yield _Place(*[base[done:start]] * 3)
        starts = [start + side.shift for side in sides]
        done = _touching(start, sides)
        changed = (side.lines[first : done + side.shift] for first, side in zip(starts, sides, strict=True))
        yield _Place(base[start:done], *changed)
    yield _Place(*[base[done:]] * 3)


def _touching(start: int, sides: Sequence[_Side]) -> int:
    """Take the changes of both sides that overlap or touch from ``start`` on; where they end in the base."""
    before, end = -1, start
    while end != before:
        before = end
        for side in sides:
            end = side.take(end)
    return end


def _narrowed(place: _Place) -> tuple[list[str], _Place, list[str]]:
    """The lines that both sides begin with, the rest, and those that both end with."""
    mine, theirs = place.mine, place.theirs
    shorter = min(len(mine), len(theirs))
    head = next((at for at in range(shorter) if mine[at] != theirs[at]), shorter)
    left = shorter - head
    tail = next((at for at in range(left) if mine[-1 - at] != theirs[-1 - at]), left)
    rest = _Place(place.base, mine[head : len(mine) - tail], theirs[head : len(theirs) - tail])
    return mine[:head], rest, mine[len(mine) - tail :]


def _clash(place: _Place, start: int) -> Clash:
    middle = start + len(place.mine)
    texts = ("".join(place.base), "".join(place.mine), "".join(place.theirs))
    return Clash(*texts, start, middle, middle + len(place.theirs))


def _ended(lines: list[str], goes_on: bool) -> list[str]:
    """The lines, the last one ended where more follow."""
    if not (goes_on and lines) or lines[-1].endswith(("\n", "\r")):
        return lines
    return [*lines[:-1], lines[-1] + "\n"]
