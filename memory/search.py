"""Search over all memory: which files have every word, in which order, and what is shown of each.

The order is the same on every database: files whose name has all the words, then those of which name and
headings have them, then all others; among each, the one that was changed last comes first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from halo_site.datadir.files import FileTooLarge, PathRefused
from memory import documents
from memory.excerpts import Part, beginning, excerpt, has_all, marked
from memory.index import ANYWHERE, HEADING, NAME, IndexedDocument, matching, title_of
from memory.models import digest
from memory.places import Place
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
    anywhere. Nothing in a query is an operator. At most three questions to the database find the files, and
    one for each batch of them reads their texts.
    """
    words = query_words(query)
    rows = _matching(words, list(places), limit + 1) if words and places else iter(())
    found = list(islice(rows, limit + 1))
    hits = [_hit(row, places[row.place], words) for row in found[:limit]]
    return Found(words, is_shortened(query), hits, len(found) > limit)


def count_waiting(places: Mapping[str, Place]) -> int:
    """Return how many files in ``places`` no search finds yet, up to `MOST_COUNTED` + 1."""
    waiting = IndexedDocument.objects.waiting().in_places(list(places))
    return waiting[: MOST_COUNTED + 1].count()


def cut_files(places: Mapping[str, Place]) -> list[IndexedDocument]:
    """Return files with more different words than are indexed, the first few."""
    cut = IndexedDocument.objects.filter(is_cut=True).in_places(list(places))
    return list(cut.without_words().newest_first()[:3])


def _matching(words: Sequence[Word], keys: Sequence[str], limit: int) -> Iterator[IndexedDocument]:
    """The files in order, each with its revision, read in batches as they are asked for."""
    wanted = all_terms(words)
    doubtful = [word for word in words if word.needs_look]
    seen: set[int] = set()
    for zone in (NAME, HEADING, ANYWHERE):
        most = MOST_LOOKED_AT if doubtful else limit + len(seen)
        numbers = [number for number in matching(wanted, zone, keys, most) if number not in seen]
        seen.update(numbers)
        for start in range(0, len(numbers), BATCH):
            batch = numbers[start : start + BATCH]
            held = IndexedDocument.objects.without_words().select_related("revision").in_bulk(batch)
            for row in (held[number] for number in batch if number in held):
                if not doubtful or has_all(doubtful, fold(row.revision.text()), fold(title_of(row.path))):
                    yield row


def _hit(row: IndexedDocument, place: Place, words: Sequence[Word]) -> Hit:
    text = row.revision.text()
    shown = excerpt(text, words)
    return Hit(
        place=place,
        name=row.name,
        title=marked(row.path, words, length=len(row.path)),
        headings=shown.headings if shown else (),
        line=shown.line if shown else None,
        parts=shown.parts if shown else beginning(text),
        changed_at=row.revision.created_at,
        is_unrecorded=_is_unrecorded(row, place),
    )


def _is_unrecorded(row: IndexedDocument, place: Place) -> bool:
    """Whether the file is not what its newest revision says: it was found by its old text."""
    try:
        return digest(documents.on_disk(place, row.name)) != row.revision.sha256
    except (FileTooLarge, PathRefused, OSError):
        return True
