"""How much a text is: words, characters, bytes, and about how many tokens a model counts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memory.sections import SNAPSHOT_BYTES, Heading, line_count, snapshot

LETTERS_A_TOKEN = 4  # of Latin script; any other character counts as one
# Chinese and Japanese are written without spaces: each of these characters counts as a word
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Measure:
    """The counts of one text. ``tokens`` is an estimate, ``snapshot_bytes`` what a run is shown of it."""

    words: int
    characters: int
    size: int  # bytes
    tokens: int
    lines: int
    snapshot_bytes: int
    snapshot_limit: int = SNAPSHOT_BYTES


def measured(text: str, headings: Sequence[Heading] | None = None) -> Measure:
    """Count ``text``; its line ends count as they are. ``headings`` are its outline, where that is known."""
    data = text.encode(errors="replace")
    ascii_count = len(text.encode("ascii", "ignore"))
    tokens = -(-ascii_count // LETTERS_A_TOKEN) + len(text) - ascii_count
    lines = line_count(text)
    shown = len(snapshot(text, headings).encode(errors="replace"))
    return Measure(len(WORD.findall(text)), len(text), len(data), tokens, lines, shown)
