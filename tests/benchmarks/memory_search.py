"""Search over many memory files of 10 KB: our search beside SQLite's FTS5 alone, ripgrep and a plain loop.

All answer the same question in the same run: the first 20 files with the words. Ours and FTS5 give them
ranked and with a snippet of the text in which the words are marked. "FTS5 newest" and "FTS5 bm25" are one
``SELECT name, snippet(…)`` over an FTS5 table that holds the texts, with FTS5's own tokenizer and no Django
around it: the last change first, as ours has it, and by FTS5's rank. "FTS5 rowids" is the same without
snippets: it reads no text, so nobody could show what it finds. Ours ranks by name, headings and last change,
shows the headings above the line, and reads each of these files to say which were changed past it. Loop and
ripgrep read every file and show no snippet.
"""

import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from tests.benchmarks.measuring import Sample, interleaved, ratio
from tests.benchmarks.memory import Extent

FILE_BYTES = 10_000
TITLE = "Search in files of 10 KB (median ms)"
HEADINGS = ("words", "ours", "p95", "FTS5 newest", "FTS5 bm25", "FTS5 rowids", "ripgrep", "bytes loop",
            "ours / newest", "ours / bm25")  # fmt: skip
GOAL = """FTS5 newest, bm25: 20 ranked rows with snippets; rowids: without any text
goal: within 2 x FTS5 alone (newest, which has our order); the index adds less than 5 ms to a save"""
QUERIES = {"rare": "zebrafish", "frequent": "the", "two": "price kettle", "beginning": "ket", "letter": "k",
           "Chinese": "价格", "nothing": "nowhere"}  # fmt: skip
SHOWN = 20
MOMENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HAN = "今天水壶的价格上涨了请明再看一次商店里有新货比昨便宜"
FTS = """
    SELECT name, snippet(f, 1, '<mark>', '</mark>', '…', 24) FROM f WHERE f MATCH ? ORDER BY {} LIMIT 20
"""
ROWIDS = "SELECT rowid FROM f WHERE f MATCH ? ORDER BY rowid DESC LIMIT 20"


def rows(extent: Extent) -> list[Sequence[object]]:
    """One row for each query, then what the index costs a save; in the installation that is set up."""
    from memory.places import user_place

    place = user_place()
    names = _plant(place, extent.files)
    with tempfile.TemporaryDirectory() as scratch:
        alone = _fts5(Path(scratch) / "fts5.db", place, names)
        found = [
            _query_row(label, query, place, names, alone, extent.rounds) for label, query in QUERIES.items()
        ]
        alone.close()
    return [*found, *_save_rows(place, extent)]


def _texts(files: int) -> Iterator[str]:
    """Texts of 10 KB as agents leave them: words as frequent as words are, some Chinese, headings."""
    random = Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [
        "the",
        "price",
        "kettle",
        *("".join(random.choices(letters, k=random.randint(2, 10))) for _ in range(20_000)),
    ]
    weights = [1 / place for place in range(1, len(words) + 1)]
    for number in range(files):
        body = random.choices(words, weights, k=1_450)
        body[number % 1_000] += (
            ". 今天的价格上涨了。" if number % 10 == 0 else ". " + "".join(random.sample(HAN, 12))
        )
        if number % 500 == 0:
            body[700] = "zebrafish"
        lines = [" ".join(body[start : start + 15]) for start in range(0, len(body), 15)]
        yield f"# now\n\n## State {number}\n" + "\n".join(lines).encode()[: FILE_BYTES - 24].decode(
            errors="ignore"
        )


def _plant(place: Any, files: int) -> list[str]:
    from django.db import transaction

    from memory.models import AuthorKind, Operation, Revision

    names = [f"notes/{number:05}.md" for number in range(files)]
    with transaction.atomic():
        for name, text in zip(names, _texts(files), strict=True):
            path = place.base / place.below(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            Revision.record(
                data=text.encode(), now=MOMENT, place=place.key, path=place.path(name), author_id="ada",
                author_kind=AuthorKind.PERSON, run_id=None, operation=Operation.REPLACE,
            )  # fmt: skip
    return names


def _fts5(path: Path, place: Any, names: Sequence[str]) -> sqlite3.Connection:
    """The same texts in a database of their own; Chinese in pairs, as FTS5 finds nothing within a run."""
    from memory.words import terms

    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE VIRTUAL TABLE f USING fts5(name, text, prefix='1 2')")
    database.execute("BEGIN")
    for name in names:
        text = (place.base / place.below(name)).read_text()
        spaced = "\n".join(line if line.isascii() else " ".join(terms(line)) for line in text.split("\n"))
        database.execute("INSERT INTO f (name, text) VALUES (?, ?)", (name, spaced))
    database.execute("COMMIT")
    return database


def _query_row(
    label: str, query: str, place: Any, names: Sequence[str], alone: sqlite3.Connection, rounds: int
) -> Sequence[object]:
    match = " AND ".join(f'"{word}"*' for word in query.split())
    folder = place.base / place.folder
    subjects = {
        "ours": lambda: _ours(query, place),
        "newest": lambda: alone.execute(FTS.format("rowid DESC"), (match,)).fetchall(),
        "bm25": lambda: alone.execute(FTS.format("rank"), (match,)).fetchall(),
        "rowids": lambda: alone.execute(ROWIDS, (match,)).fetchall(),
    }
    counts = {name: len(subject()) for name, subject in subjects.items()}
    assert len(set(counts.values())) == 1, f"{query}: not the same files: {counts}"
    quick = interleaved({name: _timed(subject) for name, subject in subjects.items()}, counted=rounds)
    slow = {"loop": _timed(lambda: _loop(query, folder))}
    if shutil.which("rg"):
        slow["rg"] = _timed(lambda: _ripgrep(query, folder))
    slowly = interleaved(slow, counted=3, dropped=1)
    ripgrep: object = slowly["rg"].median if "rg" in slowly else "not installed"
    ours, newest, bm25 = quick["ours"], quick["newest"].median, quick["bm25"].median
    return (
        f"{label}: {query}", ours.median, ours.p95, newest, bm25, quick["rowids"].median, ripgrep,
        slowly["loop"].median, ratio(ours.median, newest), ratio(ours.median, bm25),
    )  # fmt: skip


def _ours(query: str, place: Any) -> Sequence[object]:
    from memory.search import search

    return search(query, {place.key: place}, SHOWN).hits


def _loop(query: str, folder: Path) -> list[Path]:
    """Every file read, and looked at for each of the words."""
    wanted = [word.encode() for word in query.split()]
    found = []
    for path in folder.rglob("*.md"):
        data = path.read_bytes().lower()
        if all(word in data for word in wanted):
            found.append(path)
    return found


def _ripgrep(query: str, folder: Path) -> bytes:
    first = query.split()[0]
    command = ["rg", "--files-with-matches", "--ignore-case", "--fixed-strings", first, str(folder)]
    return subprocess.run(command, check=False, capture_output=True).stdout


def _save_rows(place: Any, extent: Extent) -> list[Sequence[object]]:
    """A save of 10 KB with the index, and one that leaves it alone."""
    from memory.index import IndexedDocument

    follow = IndexedDocument.follow
    save = _saving(place, extent.files)

    def without() -> float:
        IndexedDocument.follow = classmethod(lambda cls, revision: None)  # type: ignore[assignment,method-assign]
        try:
            return save()
        finally:
            IndexedDocument.follow = follow  # type: ignore[method-assign]

    found = interleaved(
        {"with": save, "without": without}, counted=min(max(extent.rounds, 20) * 5, extent.files // 4)
    )
    added = found["with"].median - found["without"].median
    return [
        *(_save_row(f"save 10 KB {name} the index", sample) for name, sample in found.items()),
        ("the index adds to a save", added, *[""] * (len(HEADINGS) - 2)),
    ]


def _save_row(label: str, sample: Sample) -> Sequence[object]:
    return label, sample.median, sample.p95, *[""] * (len(HEADINGS) - 3)


def _saving(place: Any, files: int) -> Callable[[], float]:
    from memory import editing
    from memory.documents import on_disk
    from memory.models import digest

    texts = _texts(files)
    name = "notes/saved.md"
    editing.create(place, name, next(texts), by="ada", now=MOMENT)

    def save() -> float:
        text, base = next(texts), digest(on_disk(place, name))
        return _timed(lambda: editing.save(place, name, text, base=base, by="ada", now=MOMENT))()

    return save


def _timed(subject: Callable[[], object]) -> Callable[[], float]:
    def milliseconds() -> float:
        begin = time.perf_counter()
        subject()
        return (time.perf_counter() - begin) * 1000

    return milliseconds
