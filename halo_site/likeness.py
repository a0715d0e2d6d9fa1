"""Which lines of a changed block belong together, and which words of two such lines differ."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from operator import itemgetter

PAIRED_CELLS = 1_600  # lines before x lines after of a block whose lines are paired by likeness
WORD_CELLS = 160_000  # words before x words after of two lines that are compared word by word
ALIKE = 0.4  # the share of words from which on two lines belong together
# A word, a run of blanks, or one character: Chinese, Japanese and Korean have no blanks between words
_WORD = re.compile(r"[^\W\u2e80-\U0003ffff]+|\s+|.", re.DOTALL)

Pair = tuple[int | None, int | None]
Piece = tuple[str, bool]  # a text and whether it differs


def paired(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """The lines of a block side by side, as indexes: alike ones together, the others as they come."""
    matched = _matched(old, new) if len(old) * len(new) <= PAIRED_CELLS else []
    pairs: list[Pair] = []
    a = c = 0
    for b, d in [*matched, (len(old), len(new))]:
        pairs += zip_longest(range(a, b), range(c, d))
        if b < len(old):
            pairs.append((b, d))
        a, c = b + 1, d + 1
    return pairs


def are_alike(old: str, new: str) -> bool:
    return likeness(words_of(old), words_of(new)) >= ALIKE


def likeness(old: Counter[str], new: Counter[str]) -> float:
    """From 0 to 1: how much of the words of two lines is the same, wherever it stands."""
    total = old.total() + new.total()
    return 2 * (old & new).total() / total if total else 1.0


def words_of(line: str) -> Counter[str]:
    """The words of a line with how often each stands in it; blanks do not count."""
    return Counter(word for word in _WORD.findall(line) if not word.isspace())


def word_changes(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Both lines in pieces, each with whether it differs from the other line."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) * len(after) > WORD_CELLS:
        return [(old, True)], [(new, True)]
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    last = len(opcodes) - 1
    verdicts = [
        verdict != "equal" or (0 < number < last and "".join(before[a:b]).isspace())
        for number, (verdict, a, b, _, _) in enumerate(opcodes)
    ]
    one = zip((before[a:b] for _, a, b, _, _ in opcodes), verdicts, strict=True)
    other = zip((after[c:d] for _, _, _, c, d in opcodes), verdicts, strict=True)
    return _pieces(one), _pieces(other)


def _pieces(parts: Iterable[tuple[list[str], bool]]) -> list[Piece]:
    """Words joined to texts, those that differ with the blanks between them in one piece."""
    with_words = ((words, differs) for words, differs in parts if words)
    runs = groupby(with_words, key=itemgetter(1))
    return [("".join(word for words, _ in run for word in words), differs) for differs, run in runs]


def _matched(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The pairs of alike lines that keep their order and are most alike in all."""
    before, after = list(map(words_of, old)), list(map(words_of, new))
    best = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i in range(len(before) - 1, -1, -1):
        for j in range(len(after) - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], _gain(before[i], after[j]) + best[i + 1][j + 1])
    matched = []
    i = j = 0
    while i < len(before) and j < len(after):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            matched.append((i, j))
            i, j = i + 1, j + 1
    return matched


def _gain(old: Counter[str], new: Counter[str]) -> float:
    """What pairing two lines is worth; nothing where they are not alike, or both are blank."""
    degree = likeness(old, new) if old and new else 0.0
    return degree if degree >= ALIKE else 0.0
