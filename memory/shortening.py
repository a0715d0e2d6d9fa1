"""What stays of a memory file that has become too long. Pure, and without a model: always the same.

Only notes are taken out: entries under ``# History`` (``## 2026-11-23-0900 | …``) and texts that
``memory_write`` appended under their comment with time and author. The newest notes stay, as many as fit, and
everything else stays whole: ``# now`` above all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memory import sections

KEPT_BYTES = 50 * 1024  # of the shortened text, more where the rest of it or the fewest notes need it
FEWEST_NOTES = 10  # that stay whatever their size
WORTH = 0.75  # of the size before; what saves less is not done, lest each run makes one more archive
APPENDED = re.compile(r"<!-- (\d{4}-\d\d-\d\dT\S+) by (?:user|app:\S+) -->\r?")
DATED = re.compile(r"\d{4}-\d\d-\d\d-\d{4}\b")
SHORTENED = re.compile(r"<!-- shortened .* -->\r?")
DIGITS_OF_A_MINUTE = 12  # YYYYMMDDHHmm


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive lines. ``moment`` is empty for what always stays, else the note's minute, as digits."""

    lines: tuple[str, ...]
    moment: str = ""

    @property
    def size(self) -> int:
        """Bytes with the line breaks."""
        return sum(len(line.encode(errors="replace")) + 1 for line in self.lines)


def shortened(text: str, where: str) -> str | None:
    """Return ``text`` with its newest notes only and a line that says ``where`` the others are.

    None where that would save too little. An older note is never kept in the place of a newer one.
    """
    pieces = _pieces(text)
    notes = sorted((piece.moment, -number) for number, piece in enumerate(pieces) if piece.moment)[::-1]
    room = KEPT_BYTES - sum(piece.size for piece in pieces if not piece.moment)
    kept: set[int] = set()
    for _moment, place in notes:
        room -= pieces[-place].size
        if room < 0 and len(kept) >= FEWEST_NOTES:
            break
        kept.add(-place)
    if len(kept) == len(notes):
        return None
    lines = [
        line
        for number, piece in enumerate(pieces)
        if number in kept or not piece.moment
        for line in piece.lines
    ]
    end = "\r\n" if "\r\n" in text else "\n"
    note = f"<!-- shortened by {len(notes) - len(kept)} older notes, which are in {where} -->"
    result = "\n".join(lines).rstrip() + f"{end}{end}{note}{end}"
    is_worth_it = len(result.encode(errors="replace")) <= WORTH * len(text.encode(errors="replace"))
    return result if is_worth_it else None


def _pieces(text: str) -> list[Piece]:
    """The text in pieces; the lines that earlier shortenings left behind are dropped."""
    lines = [line for line in text.split("\n") if not SHORTENED.fullmatch(line)]
    pieces: list[Piece] = []
    start, moment = 0, ""
    for number, following in _boundaries(lines):
        pieces.append(Piece(tuple(lines[start:number]), moment))
        start, moment = number, following
    return [*pieces, Piece(tuple(lines[start:]), moment)]


def _boundaries(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The indexes at which a piece begins, outside of code fences, each with the piece's moment."""
    marked = "\n".join("#" if APPENDED.fullmatch(line) else line for line in lines)
    in_history = is_appended = False
    for heading in sections.outline(marked):
        number = heading.line - 1
        if appended := APPENDED.fullmatch(lines[number]):
            is_appended = True
            yield number, _digits(appended[1])
        elif heading.level == 1:
            in_history, is_appended = heading.text.casefold() == "history", False
            yield number, ""
        elif heading.level == 2 and in_history:
            dated = DATED.match(heading.text)
            if dated or not is_appended:
                is_appended = False
                yield number, _digits(dated[0]) if dated else ""


def _digits(moment: str) -> str:
    return re.sub(r"\D", "", moment)[:DIGITS_OF_A_MINUTE]
