"""What the database is asked by a search: which files have the words, and what their newest revisions say.

Plain SQL: to have the ORM make these questions and their rows takes longer than to answer them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import connection

from halo_site.store.fields import from_ms
from memory.index import ANYWHERE, HEADING, NAME

# Both give the numbers of the files that were changed last first; SQLite does it without sorting
FIND_SQLITE = """
    SELECT memory_index_fts.rowid FROM memory_index_fts
    CROSS JOIN memory_index ON memory_index.revision_id = memory_index_fts.rowid
    WHERE memory_index_fts MATCH %s AND memory_index.place IN ({})
    ORDER BY memory_index_fts.rowid DESC LIMIT %s
"""
FIND_POSTGRES = """
    WITH found AS MATERIALIZED (
        SELECT revision_id, place FROM memory_index WHERE (words::tsvector) @@ %s::tsquery
    )
    SELECT revision_id FROM found WHERE place IN ({}) ORDER BY revision_id DESC LIMIT %s
"""
FACTS = """
    SELECT memory_revisions.id, memory_revisions.place, memory_revisions.path, created_at, sha256
    FROM memory_revisions JOIN memory_index ON memory_index.revision_id = memory_revisions.id
    WHERE memory_revisions.id IN ({})
"""


@dataclass(frozen=True, slots=True)
class Indexed:
    """An indexed file, as its newest revision, which has this number, describes it."""

    number: int
    place: str
    path: str
    changed_at: datetime
    sha256: str


def matching(wanted: Iterable[str], keys: Sequence[str], most: int) -> list[int]:
    """Return the numbers of files in places with these keys that have a term for every one of ``wanted``.

    Each of ``wanted``, which are folded words and so never an operator, begins a term. First come files that
    have them all in their names, then in names and headings, then anywhere; of each, the newest ``most``.
    """
    terms = list(wanted)
    anywhere = _numbers(terms, ANYWHERE, keys, most)
    if not anywhere:  # what a name or a heading has, is anywhere too
        return []
    headed = _numbers(terms, HEADING, keys, most)
    named = _numbers(terms, NAME, keys, most) if headed else []  # a name counts as a heading
    return list(dict.fromkeys([*named, *headed, *anywhere]))


def indexed(numbers: Sequence[int]) -> list[Indexed]:
    """Return the files with these numbers, in their order, without those that are gone by now."""
    if not numbers:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_with_marks(FACTS, len(numbers)), numbers)
        rows = {row[0]: row for row in cursor.fetchall()}
    held = (rows[number] for number in numbers if number in rows)
    return [Indexed(number, place, path, from_ms(ms), sha256) for number, place, path, ms, sha256 in held]


def _numbers(terms: Iterable[str], zone: str, keys: Sequence[str], most: int) -> list[int]:
    with connection.cursor() as cursor:
        if cursor.db.vendor == "sqlite":
            statement, query = FIND_SQLITE, " AND ".join([f'"{zone}{term}"*' for term in terms])
        else:
            statement, query = FIND_POSTGRES, " & ".join([f"'{zone}{term}':*" for term in terms])
        cursor.execute(_with_marks(statement, len(keys)), [query, *keys, most])
        return [number for (number,) in cursor.fetchall()]


@lru_cache(maxsize=100)
def _with_marks(statement: str, values: int) -> str:
    return statement.format(", ".join(["%s"] * values))
