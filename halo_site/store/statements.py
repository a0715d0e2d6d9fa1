"""SELECTs that the ORM makes once, for the few places that ask the same thing all the time.

To make one takes it some ten times as long as SQLite takes to answer it, and a queue asks several a run.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

from halo_site.store.fields import LOWEST_MS

GIVEN = "given each time"  # stands in the query for a text that each call gives
GIVEN_MS = LOWEST_MS + 1  # the same for a moment, in epoch milliseconds
_ONE_GIVEN, _KEYS_AT_ONCE = "IN (%s)", 1_000
AnyModel = TypeVar("AnyModel", bound=Model)


class Statement:
    """One SELECT, made when it is first asked, in the transaction that it needs for that.

    Its rows are as the database gives them: moments are numbers, JSON is text.
    """

    def __init__(self, rows: Callable[[], QuerySet[Any, Any]]) -> None:
        self._make = rows
        self._made: dict[bool, tuple[str, tuple[Any, ...]]] = {}

    def first(self, *given: str | int) -> tuple[Any, ...] | None:
        """The first row; ``given`` takes the places of `GIVEN` and `GIVEN_MS`."""
        found = self._ask(given, only_first=True)
        return tuple(found[0]) if found else None

    def rows(self, *given: str | int) -> list[tuple[Any, ...]]:
        """All rows; ``given`` as in `first`."""
        return self._ask(given, only_first=False)

    def _ask(self, given: Sequence[str | int], *, only_first: bool) -> list[tuple[Any, ...]]:
        if only_first not in self._made:
            rows = self._make()[:1] if only_first else self._make()
            sql, params = rows.query.sql_with_params()
            self._made[only_first] = str(sql), tuple(params)
        sql, params = self._made[only_first]
        values = iter(given)
        with connection.cursor() as cursor:
            cursor.execute(sql, [next(values) if param in (GIVEN, GIVEN_MS) else param for param in params])
            return list(cursor.fetchall())


class Listed:
    """One SELECT of the rows that belong to many keys: a query with `IN`, and `GIVEN` as its only key.

    It may ask for one moment too, `GIVEN_MS`.
    """

    def __init__(self, rows: Callable[[], QuerySet[Any, Any]]) -> None:
        self._make = rows
        self._made: tuple[str, tuple[Any, ...]] = ("", ())

    def rows(self, keys: Collection[str], moment_ms: int = 0) -> list[tuple[Any, ...]]:
        """The rows, their fields as the database gives them: JSON is text. Without keys it is only made."""
        if not self._made[0]:
            sql, params = self._make().query.sql_with_params()
            self._made = (str(sql), tuple(params))
        sql, params = self._made
        listed, found = list(keys), []
        with connection.cursor() as cursor:
            for start in range(0, len(listed), _KEYS_AT_ONCE):
                some = listed[start : start + _KEYS_AT_ONCE]
                given: dict[Any, list[Any]] = {GIVEN: some, GIVEN_MS: [moment_ms]}
                places = f"IN ({', '.join(['%s'] * len(some))})"
                values = [value for param in params for value in given.get(param, [param])]
                cursor.execute(sql.replace(_ONE_GIVEN, places, 1), values)
                found += cursor.fetchall()
        return found


def raw_rows(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """The rows of a `values_list` as the database gives them: moments are numbers, JSON is text."""
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def made(model: type[AnyModel], names: Sequence[str], row: Sequence[Any]) -> AnyModel:
    """The model of a row as `Listed` gives it, from its text and JSON columns; others are read when asked."""
    values = dict(zip(names, row, strict=True))
    fields = [field for field in model._meta.concrete_fields if field.attname in values]
    for field in fields:
        for convert in field.get_db_converters(connection):
            values[field.attname] = convert(values[field.attname], None, connection)
    return model.from_db(connection.alias, names, [values[field.attname] for field in fields])
