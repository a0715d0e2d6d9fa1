"""Where in a text the words of a query stand, in pure functions: the line to show, and what to mark in it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from memory import sections
from memory.words import Word, fold

LENGTH = 200  # characters of a line that are shown
BEFORE = 60  # of them before the first mark
MOST_MATCHES = 200  # that are looked at for the best line
ELLIPSIS = "…"
# Lines that begin headings and fences: the outline of these alone has the same headings
MARKS = re.compile("^ {0,3}(?:#|```|~~~).*", re.MULTILINE)
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


def has_all(words: Sequence[Word], *folded: str) -> bool:
    """Whether each of the words stands as a whole in one of the folded texts."""
    return all(any(True for text in folded for _place in word.places(text)) for word in words)


def excerpt(text: str, words: Sequence[Word]) -> Excerpt | None:
    """Return the line with most of the words, the first of several; None where there is none of them."""
    number = _best_line(_lightly_folded(text, words), words)
    if number is None:
        return None
    lines = text.split("\n", number + 1)[: number + 1]
    marks = MARKS.findall("\n".join(lines))
    headings = sections.outline("\n".join(marks))
    if headings and headings[-1].line == len(marks) and MARKS.match(lines[number]):
        return Excerpt(number + 1, _path(headings)[:-1], marked(headings[-1].text, words))
    return Excerpt(number + 1, _path(headings), marked(lines[number].strip(), words))


def beginning(text: str) -> tuple[Part, ...]:
    """Return the first line with text that is no heading, for a file that only its name has found."""
    lines = (line.strip() for line in text[: 20 * LENGTH].split("\n"))
    first = next((line for line in lines if line and not line.startswith(("#", "<!--"))), "")
    return (Part(first[:LENGTH] + ELLIPSIS * (len(first) > LENGTH), False),) if first else ()


def marked(line: str, words: Sequence[Word], length: int = LENGTH) -> tuple[Part, ...]:
    """Return ``line``, cut to about ``length`` characters around the first word, with the words marked."""
    spans = list(_spans(line, words))
    first = spans[0][0] if spans else 0
    start = max(0, first - BEFORE) if len(line) > length else 0
    end = min(len(line), start + length)
    parts = [Part(ELLIPSIS, False)] if start else []
    place = start
    for begin, stop in spans:
        if begin >= end:
            break
        parts += [Part(line[place:begin], False), Part(line[begin : min(stop, end)], True)]
        place = min(stop, end)
    parts += [Part(line[place:end], False), Part(ELLIPSIS if end < len(line) else "", False)]
    return tuple(part for part in parts if part.text)


def _lightly_folded(text: str, words: Sequence[Word]) -> str:
    """The text folded; only in lower case, which is much faster, where that has all of the words already."""
    lower = text.lower()
    return lower if lower.isascii() or has_all(words, lower) else fold(text)


def _best_line(folded: str, words: Sequence[Word]) -> int | None:
    """The number from 0; folding leaves line breaks where they are."""
    best, most, number, seen = None, 0, 0, 0
    held: set[str] = set()
    for start, word in islice(_matches(folded, words), MOST_MATCHES):
        passed = folded.count("\n", seen, start)
        held = {word} if passed else held | {word}
        number, seen = number + passed, start
        if len(held) > most:
            best, most = number, len(held)
        if most == len(words):
            break
    return best


def _matches(folded: str, words: Sequence[Word]) -> Iterator[tuple[int, str]]:
    """Where words stand, in order."""
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
    if line.isascii():
        return range(len(line) + 1), line.lower()
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
