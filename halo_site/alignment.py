"""Where two texts differ, line by line. Bounded: a text made to be slow costs a coarser answer, not time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

GAP_CELLS = 250_000  # lines before x lines after, of one gap that is compared closely
ALL_CELLS = 2_000_000  # the same, of all gaps of one comparison


@dataclass(frozen=True)
class Block:
    """Lines ``old_start:old_end`` stood where ``new_start:new_end`` stand now; one side may be empty."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int

    @property
    def cells(self) -> int:
        return (self.old_end - self.old_start) * (self.new_end - self.new_start)

    @property
    def is_empty(self) -> bool:
        return self.old_start == self.old_end and self.new_start == self.new_end


def changed_blocks(old: Sequence[str], new: Sequence[str]) -> list[Block]:
    """The blocks in which the lines differ, in order; at least one equal line lies between any two.

    Lines that stand exactly once in both texts hold them together; between them only what is small enough is
    compared closely, and the rest counts as changed as a whole.
    """
    whole = _trimmed(old, new, Block(0, len(old), 0, len(new)))
    blocks: list[Block] = []
    spent = 0
    for gap in _gaps(old, new, whole):
        spent += gap.cells
        is_small = gap.cells <= GAP_CELLS and spent <= ALL_CELLS
        blocks += _closely(old, new, gap) if is_small else [gap]
    return blocks


def _trimmed(old: Sequence[str], new: Sequence[str], block: Block) -> Block:
    """The block without the equal lines at its start and at its end."""
    a, b, c, d = block.old_start, block.old_end, block.new_start, block.new_end
    while a < b and c < d and old[a] == new[c]:
        a, c = a + 1, c + 1
    while a < b and c < d and old[b - 1] == new[d - 1]:
        b, d = b - 1, d - 1
    return Block(a, b, c, d)


def _gaps(old: Sequence[str], new: Sequence[str], whole: Block) -> Iterator[Block]:
    """What lies between the lines that hold the texts together, trimmed, where there is anything."""
    before = (whole.old_start - 1, whole.new_start - 1)
    after = (whole.old_end, whole.new_end)
    for (a, c), (b, d) in pairwise([before, *_anchors(old, new, whole), after]):
        gap = _trimmed(old, new, Block(a + 1, b, c + 1, d))
        if not gap.is_empty:
            yield gap


def _anchors(old: Sequence[str], new: Sequence[str], block: Block) -> list[tuple[int, int]]:
    """Places of lines that are unique in both, as many as keep their order (patience comparison)."""
    once_before = _places_of_unique(old, block.old_start, block.old_end)
    once_after = _places_of_unique(new, block.new_start, block.new_end)
    common = [(i, once_after[line]) for line, i in once_before.items() if line in once_after]
    return _longest_rising(common)


def _places_of_unique(lines: Sequence[str], start: int, end: int) -> dict[str, int]:
    counts = Counter(lines[start:end])
    return {lines[i]: i for i in range(start, end) if counts[lines[i]] == 1}


def _longest_rising(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of pairs, sorted by the first, in which the second rises too."""
    tops: list[int] = []  # the smallest second at which a rising part of that length ends
    ends: list[int] = []  # which pair that is
    links: list[int] = []  # the pair before, for each pair; -1 for none
    for number, (_, second) in enumerate(places):
        length = bisect_left(tops, second)
        links.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [second]
        ends[length : length + 1] = [number]
    rising = []
    number = ends[-1] if ends else -1
    while number >= 0:
        rising.append(places[number])
        number = links[number]
    return rising[::-1]


def _closely(old: Sequence[str], new: Sequence[str], gap: Block) -> list[Block]:
    if gap.cells <= 1:
        return [gap]  # it is trimmed, so its one line is another one
    before, after = old[gap.old_start : gap.old_end], new[gap.new_start : gap.new_end]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        Block(gap.old_start + a, gap.old_start + b, gap.new_start + c, gap.new_start + d)
        for verdict, a, b, c, d in matcher.get_opcodes()
        if verdict != "equal"
    ]
