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


def _places(base: list[str], mine: list[str], theirs: list[str]) -> Iterator[_Place]:
    """The three texts in stretches that are the same in all, or were changed by a side or both."""
    ours, others = changed_blocks(base, mine), changed_blocks(base, theirs)
    done = 0  # lines of the base
    shift, other_shift = 0, 0  # how far each side is ahead there
    while ours or others:
        start = min(block.old_start for block in [*ours[:1], *others[:1]])
        yield _Place(*[base[done:start]] * 3)
        end, taken, other_taken = _touching(start, ours, others)
        after = shift + sum(_growth(block) for block in ours[:taken])
        other_after = other_shift + sum(_growth(block) for block in others[:other_taken])
        yield _Place(
            base[start:end],
            mine[start + shift : end + after],
            theirs[start + other_shift : end + other_after],
        )
        done, shift, other_shift = end, after, other_after
        ours, others = ours[taken:], others[other_taken:]
    yield _Place(*[base[done:]] * 3)


def _touching(start: int, ours: Sequence[Block], others: Sequence[Block]) -> tuple[int, int, int]:
    """Where the changes end that overlap or touch from ``start`` on, and how many of each side those are."""
    end, counts = start, [0, 0]
    grew = True
    while grew:
        grew = False
        for side, blocks in enumerate((ours, others)):
            while counts[side] < len(blocks) and blocks[counts[side]].old_start <= end:
                end = max(end, blocks[counts[side]].old_end)
                counts[side] += 1
                grew = True
    return end, counts[0], counts[1]


def _growth(block: Block) -> int:
    return (block.new_end - block.new_start) - (block.old_end - block.old_start)


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
