"""SELECTs that the ORM makes once, for the few places that ask the same thing all the time.

To make one takes it some ten times as long as SQLite takes to answer it, and a queue asks several a run.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

GIVEN = "given each time"  # stands in the query for a text that each call gives
_ONE_GIVEN, _KEYS_AT_ONCE = "IN (%s)", 1_000
AnyModel = TypeVar("AnyModel", bound=Model)


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


class Listed:
    """One SELECT of the rows that belong to many keys: a query with `IN`, and `GIVEN` as its only key."""

    def __init__(self, rows: Callable[[], QuerySet[Any, Any]]) -> None:
        self._make = rows
        self._made: tuple[str, tuple[Any, ...]] = ("", ())

    def rows(self, keys: Collection[str]) -> list[tuple[Any, ...]]:
        """The rows, their fields as the database gives them: JSON is text."""
        if not self._made[0]:
            sql, params = self._make().query.sql_with_params()
            self._made = (str(sql), tuple(params))
        sql, params = self._made
        listed, found = list(keys), []
        with connection.cursor() as cursor:
            for start in range(0, len(listed), _KEYS_AT_ONCE):
                some = listed[start : start + _KEYS_AT_ONCE]
                places = f"IN ({', '.join(['%s'] * len(some))})"
                values = [value for param in params for value in (some if param == GIVEN else [param])]
                cursor.execute(sql.replace(_ONE_GIVEN, places, 1), values)
                found += cursor.fetchall()
        return found


def made(model: type[AnyModel], names: Sequence[str], row: Sequence[Any]) -> AnyModel:
    """The model of a row as `Listed` gives it, from its text and JSON columns; others are read when asked."""
    values = dict(zip(names, row, strict=True))
    fields = [field for field in model._meta.concrete_fields if field.attname in values]
    for field in fields:
        for convert in field.get_db_converters(connection):
            values[field.attname] = convert(values[field.attname], None, connection)
    return model.from_db(connection.alias, names, [values[field.attname] for field in fields])
