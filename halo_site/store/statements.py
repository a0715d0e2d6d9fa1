"""SELECTs that the ORM makes once, for the few places that ask the same thing all the time.

To make one takes it some ten times as long as SQLite takes to answer it, and a queue asks several a run.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet

GIVEN = "given each time"  # stands in the query for a text that each call gives


class Statement:
    """One SELECT, made when it is first asked, in the transaction that it needs for that."""

    def __init__(self, rows: Callable[[], QuerySet[Any, Any]]) -> None:
        self._make, self._made = rows, ("", ())

    def first(self, *given: str) -> tuple[Any, ...] | None:
        """The first row, its fields as the database gives them; ``given`` takes the places of `GIVEN`."""
        sql, params = self._statement()
        values = iter(given)
        with connection.cursor() as cursor:
            cursor.execute(sql, [next(values) if param == GIVEN else param for param in params])
            row = cursor.fetchone()
        return tuple(row) if row is not None else None

    def _statement(self) -> tuple[str, tuple[Any, ...]]:
        if not self._made[0]:
            sql, params = self._make()[:1].query.sql_with_params()
            self._made = (str(sql), tuple(params))
        return self._made
