"""Search over all memory: which files have every word, in which order, and what is shown of each.

The order is the same on every database: files whose name has all the words, then those of which name and
headings have them, then all others; among each, the one that was changed last comes first.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from halo_site.datadir.files import PathRefused, read_many_below
from memory.excerpts import Part, beginning, excerpt, has_all, marked
from memory.finding import Indexed, indexed, matching
from memory.index import IndexedDocument, name_of, title_of
from memory.models import Revision, digest
from memory.places import Place
from memory.recording import LIMIT_BYTES
from memory.words import Word, all_terms, fold, is_shortened, query_words

PAGE = 20  # files that are shown at first, and that "more" adds
MOST_SHOWN = 200
BATCH = PAGE + 1  # files whose texts are read at once
MOST_LOOKED_AT = 1_000  # files whose text is read to see whether a word stands there as a whole
MOST_COUNTED = 10_000  # files that wait for the index


@dataclass(frozen=True, slots=True)
class Hit:
    """One file with all the words. ``title`` is its path; ``headings`` stand above what is shown of it."""

    place: Place
    name: str
    title: tuple[Part, ...]
    headings: tuple[str, ...]
    line: int | None
    parts: tuple[Part, ...]
    changed_at: datetime
    is_unrecorded: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The first files of a search, and whether there are more."""

    words: Sequence[Word]
    is_shortened: bool
    hits: Sequence[Hit]
    has_more: bool


def search(query: str, places: Mapping[str, Place], limit: int = PAGE) -> Found:
    """Return the first ``limit`` files in ``places`` (by key) that have every word of ``query``.

    Every word begins a word of the file or of its name; those of Chinese, Japanese and Korean may stand
    anywhere. Nothing in a query is an operator. The database is asked four times at most, but that it gives
    one batch of texts after another where they have to be looked at, or the files were changed past it.
    """
    words = query_words(query)
    rows = _matching(words, list(places), limit + 1) if words and places else iter(())
    found = list(islice(rows, limit + 1))
    return Found(words, is_shortened(query), _hits(found[:limit], places, words), len(found) > limit)


def count_waiting(places: Mapping[str, Place]) -> int:
    """Return how many files in ``places`` no search finds yet, up to `MOST_COUNTED` + 1."""
    waiting = IndexedDocument.objects.waiting().in_places(list(places))
    return waiting[: MOST_COUNTED + 1].count()


def cut_files(places: Mapping[str, Place]) -> list[IndexedDocument]:
    """Return files with more different words than are indexed, the first few."""
    cut = IndexedDocument.objects.filter(is_cut=True).in_places(list(places))
    return list(cut.without_words().newest_first()[:3])


def _matching(words: Sequence[Word], keys: Sequence[str], limit: int) -> Iterator[Indexed]:
    """The files in order; where the index alone does not decide, read in batches as they are asked for."""
    doubtful = [word for word in words if word.needs_look]
    if not doubtful:
        yield from indexed(matching(all_terms(words), keys, limit)[:limit])
        return
    numbers = matching(all_terms(words), keys, MOST_LOOKED_AT)
    for start in range(0, len(numbers), BATCH):
        batch = numbers[start : start + BATCH]
        texts = Revision.objects.only("content").in_bulk(batch)
        for file in indexed(batch):
            if file.number in texts and has_all(
                doubtful, fold(texts[file.number].text()), fold(title_of(file.path))
            ):
                yield file


def _hits(files: Sequence[Indexed], places: Mapping[str, Place], words: Sequence[Word]) -> list[Hit]:
    """What is shown of the files: a file that is as its revision says is read here, not there."""
    hits: dict[int, Hit] = {}
    for file, data in _on_disk(files, places):
        if digest(data) == file.sha256:
            hits[file.number] = _hit(file, places[file.place], words, _text(data), is_unrecorded=False)
    others = [file for file in files if file.number not in hits]
    for start in range(0, len(others), BATCH):
        batch = {file.number: file for file in others[start : start + BATCH]}
        for number, revision in Revision.objects.only("content").in_bulk(list(batch)).items():
            file = batch[number]
            hits[number] = _hit(file, places[file.place], words, revision.text(), is_unrecorded=True)
    return [hits[file.number] for file in files if file.number in hits]


def _on_disk(files: Sequence[Indexed], places: Mapping[str, Place]) -> Iterator[tuple[Indexed, bytes]]:
    """The files that can be read, one at a time, place by place."""
    below: dict[str, dict[str, Indexed]] = {}
    for file in files:
        with suppress(PathRefused):
            name = places[file.place].below(name_of(file.path))
            below.setdefault(file.place, {})[name] = file
    for key, named in below.items():
        for name, data in read_many_below(places[key].base, named, LIMIT_BYTES):
            yield named[name], data


def _hit(file: Indexed, place: Place, words: Sequence[Word], text: str, *, is_unrecorded: bool) -> Hit:
    shown = excerpt(text, words)
    return Hit(
        place=place,
        name=name_of(file.path),
        title=marked(file.path, words, length=len(file.path)),
        headings=shown.headings if shown else (),
        line=shown.line if shown else None,
        parts=shown.parts if shown else beginning(text),
        changed_at=file.changed_at,
        is_unrecorded=is_unrecorded,
    )


def _text(data: bytes) -> str:
    """The text of a file's bytes, none where they are no text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""
