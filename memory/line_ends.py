"""How the lines of a text end. Browsers send CRLF and know no other end, files have what they have.

A text that comes back from a form takes the ends of the file that it was made from: the one kind that there
is, or, in a file that mixes them, each unchanged line its own and every other line the most frequent one.
"""

import re
from itertools import pairwise

from halo_site.alignment import changed_blocks
from memory.sections import BOM

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends; joined they are ``text`` again. U+2028 and the like end no line."""
    return LINE.findall(text)


def plain(text: str) -> str:
    """Return ``text`` as an editor shows it: each line ends in a newline, and no byte order mark."""
    return _with_newlines(text.lstrip(BOM))


def like(text: str, model: str) -> str:
    """Return ``text`` with the line ends of ``model``, and its byte order mark if it has one.

    The model of a new file is empty: lines end in a newline. ``like(plain(model), model)`` is ``model``.
    """
    mark = model[: len(model) - len(model.lstrip(BOM))]
    ends = _ends_of(model)
    if len(ends) > 1:
        return mark + _mixed(plain(text), model.lstrip(BOM), max(ends, key=lambda end: ends[end]))
    return mark + plain(text).replace("\n", next(iter(ends), "\n"))


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _ends_of(text: str) -> dict[str, int]:
    """Each kind of end that there is, with how often."""
    both = text.count("\r\n")
    counts = {"\n": text.count("\n") - both, "\r\n": both, "\r": text.count("\r") - both}
    return {end: count for end, count in counts.items() if count}


def _mixed(text: str, model: str, frequent: str) -> str:
    written, known = lines_of(text), lines_of(model)
    shown = [_with_newlines(line) for line in known]
    kept: list[str] = []
    old = 0
    for block in changed_blocks(shown, written):
        kept += known[old : block.old_start]
        kept += [line.replace("\n", frequent) for line in written[block.new_start : block.new_end]]
        old = block.old_end
    kept += known[old:]
    for number, (line, following) in enumerate(pairwise(kept)):
        if line.endswith("\r") and following.startswith("\n"):
            kept[number] = line + "\n"  # else both ends would become one, and a line be lost
    return "".join(kept)
