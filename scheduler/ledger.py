"""New lines of the slot ledger, written many at a time. The rows themselves are `scheduler.models.Slot`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import connection

from scheduler.statuses import Verdict

# By hand: a long stop owes thousands of lines, and the ORM takes ten times as long to say them as SQLite to
# write them. A due time that is in the ledger already stays as it is.
_INSERT = """
    INSERT INTO scheduler_run_log (job_id, due_at_ms, verdict, reason, merged_count, error, metadata_json)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (job_id, due_at_ms) DO NOTHING
"""


class Line(NamedTuple):
    """The verdict of one due time, or of `merged_count` that begin with it. `due_ms`: milliseconds UTC."""

    job_id: str
    due_ms: int
    verdict: Verdict
    reason: str = ""
    error: str | None = None
    metadata: Mapping[str, Any] | None = None
    merged_count: int = 1


def write(lines: Iterable[Line]) -> None:
    """Add the lines in the caller's transaction."""
    rows = [
        (
            line.job_id,
            line.due_ms,
            line.verdict.value,
            str(line.reason),
            line.merged_count,
            line.error,
            None if line.metadata is None else json.dumps(line.metadata),
        )
        for line in lines
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)
