"""Where in a text the words of a query stand, in pure functions: the line to show, and what to mark in it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from memory import sections
from memory.words import Word, fold

LENGTH = 200  # characters of a line that are shown
BEFORE = 60  # of them before the first mark
LONG = 2_000  # characters; of longer lines a piece is enough to find what to mark
WINDOW = 1_000  # characters that are folded at once, and the rest of their last line
MOST_MATCHES = 200  # that are looked at for the best line
ELLIPSIS = "…"
# Lines that begin headings and fences, after a line break, which is found faster than a line's beginning: the
# outline of these alone has the same headings, unless there is HTML or a fence in a list item
SUBTLE = re.compile("\n {0,3}(?:<|(?:(?:[-+*]|[0-9]{1,9}[.)]) +)+(?:<|```|~~~))")
MARKS = re.compile("\n {0,3}(?:#|```|~~~).*")
# What folds together: a character and what is composed with it
CLUSTER = re.compile("[\\s\\S][\u0300-\u036f\u3099\u309a\u1160-\u11ff]*")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text as it is written, not escaped; and whether it is one of the words."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The line of a text that has most of the words: its number from 1, the headings above it, its parts.

    Of a heading only its text is shown.
    """

    line: int
    headings: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line: its number from 1, where in the text it ends, itself, how many of the words it has."""

    number: int
    end: int
    text: str
    words: int


def has_all(words: Sequence[Word], *folded: str) -> bool:
    """Whether each of the words stands as a whole in one of the folded texts."""
    return all(any(True for text in folded for _place in word.places(text)) for word in words)


def excerpt(text: str, words: Sequence[Word]) -> Excerpt | None:
    """Return the line with most of the words, the first of several; None where there is none of them."""
    text = text.removeprefix(sections.BOM)
    found = _best_line(text, words)
    if found is None:
        return None
    before = "\n" + text[: found.end]
    marks = before.split("\n")[1:] if SUBTLE.search(before) else MARKS.findall(before)
    headings = sections.outline("\n".join(mark.lstrip("\n") for mark in marks))
    if headings and headings[-1].line == len(marks) and MARKS.match("\n" + found.text):
        return Excerpt(found.number, _path(headings)[:-1], marked(headings[-1].text, words))
    return Excerpt(found.number, _path(headings), marked(found.text.strip(), words))


def beginning(text: str) -> tuple[Part, ...]:
    """Return the first line with text that is no heading, for a file that only its name has found."""
    lines = (line.strip() for line in text[: 20 * LENGTH].split("\n"))
    first = next((line for line in lines if line and not line.startswith(("#", "<!--"))), "")
    return (Part(first[:LENGTH] + ELLIPSIS * (len(first) > LENGTH), False),) if first else ()


def marked(line: str, words: Sequence[Word], length: int = LENGTH) -> tuple[Part, ...]:
    """Return ``line``, cut to about ``length`` characters around the first word, with the words marked."""
    before, near = _near_first(line, words) if len(line) > LONG else (0, line)
    spans = [(begin, stop) for begin, stop in _spans(near, words) if begin or not before]
    first = spans[0][0] if spans else 0
    start = max(0, first - BEFORE) if len(line) > length else 0
    end = min(len(near), start + length)
    parts = [Part(ELLIPSIS, False)] if before + start else []
    place = start
    for begin, stop in spans:
        if begin >= end:
            break
        parts += [Part(near[place:begin], False), Part(near[begin : min(stop, end)], True)]
        place = min(stop, end)
    parts += [Part(near[place:end], False), Part(ELLIPSIS if before + end < len(line) else "", False)]
    return tuple(part for part in parts if part.text)


def _near_first(line: str, words: Sequence[Word]) -> tuple[int, str]:
    """Where in a long line its first piece with one of the words begins, and the piece; else its beginning.

    Pieces overlap by more than a query can have; what begins at the first character of one, except the
    first, may be the end of a word.
    """
    for start in range(0, len(line), LONG):
        begin = max(0, start - BEFORE)
        near = line[begin : start + 2 * LONG]
        folded = fold(near)
        if any(place or not begin for word in words for place in word.places(folded)):
            return begin, near
    return 0, line[:LONG]


def _best_line(text: str, words: Sequence[Word]) -> _Line | None:
    """Folding takes long: without it where the text has all of the words so, but for the case of letters."""
    lightly = str.lower if any(word.text != word.text.upper() for word in words) else str
    found = _line_with_most(text, words, lightly)
    if (found and found.words == len(words)) or text.isascii() or has_all(words, lightly(text)):
        return found
    return _line_with_most(text, words, fold)


def _line_with_most(text: str, words: Sequence[Word], folding: Callable[[str], str]) -> _Line | None:
    best: tuple[int, int, int] | None = None
    most, last = 0, -1
    held: set[str] = set()
    for start, before, number, word in islice(_matches_in_lines(text, words, folding), MOST_MATCHES):
        held = held | {word} if before + number == last else {word}
        last = before + number
        if len(held) > most:
            best, most = (start, before, number), len(held)
        if most == len(words):
            break
    return _line(text, *best, most) if best else None


def _matches_in_lines(
    text: str, words: Sequence[Word], folding: Callable[[str], str]
) -> Iterator[tuple[int, int, int, str]]:
    """Where words stand, in order: the window's beginning, the lines before it, the line in it, the word.

    Folded bit by bit, as most texts need not be looked at to their end; line breaks stay where they are.
    """
    start = before = 0
    while start < len(text):
        end = text.find("\n", start + WINDOW) + 1 or len(text)
        folded = folding(text[start:end])
        number = seen = 0
        for place, word in _matches(folded, words):
            number += folded.count("\n", seen, place)
            seen = place
            yield start, before, number, word
        before += folded.count("\n")
        start = end


def _line(text: str, start: int, before: int, number: int, words: int) -> _Line:
    begin = start
    for _each in range(number):
        begin = text.index("\n", begin) + 1
    end = text.find("\n", begin)
    end = len(text) if end < 0 else end
    return _Line(before + number + 1, end, text[begin:end], words)


def _matches(folded: str, words: Sequence[Word]) -> Iterator[tuple[int, str]]:
    """Where words stand, in order."""
    if len(words) == 1:
        return _places(words[0], folded)
    return merge(*(_places(word, folded) for word in words))


def _places(word: Word, folded: str) -> Iterator[tuple[int, str]]:
    return ((place, word.text) for place in word.places(folded))


def _spans(line: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Where the words stand in the line as it is written, in order; of several at one place the longest."""
    starts, folded = _folded_with_places(line)
    done = 0
    for place, negative in sorted((place, -len(text)) for place, text in _matches(folded, words)):
        if place >= done:
            done = place - negative
            yield starts[place], starts[done]


def _folded_with_places(line: str) -> tuple[Sequence[int], str]:
    """The line folded, and for each place in it (and its end) the place in the line."""
    lower = line.lower()
    if line.isascii() or (len(lower) == len(line) and fold(line) == lower):  # character by character
        return range(len(line) + 1), lower
    starts: list[int] = []
    pieces = []
    for match in CLUSTER.finditer(line):
        pieces.append(fold(match[0]))
        starts += [match.start()] * len(pieces[-1])
    return [*starts, len(line)], "".join(pieces)


def _path(headings: Sequence[sections.Heading]) -> tuple[str, ...]:
    """The last of the headings and those that it stands under, the highest first."""
    path: list[sections.Heading] = []
    for heading in headings:
        path = [*(above for above in path if above.level < heading.level), heading]
    return tuple(heading.text for heading in path)
