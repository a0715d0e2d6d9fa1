"""Many rows of one table that differ in a few columns: said once by the ORM, then repeated by the database.

To say a row takes the ORM some ten times as long as SQLite takes to write it, and a clock writes thousands.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import InsertQuery

Stored = Callable[[Any], Any]


class Column(NamedTuple):
    """One column of the rows: a value that all of them have, or how the database is told a given one."""

    name: str  # of the attribute (`app_id`)
    value: Any
    stored: Stored


class Alike:
    """Rows that are all like a pattern, which is not saved: made when the first of them is inserted.

    `each` are the attributes that every row has its own value of, `shared` those that the rows of one call
    have in common. No signal is sent.
    """

    def __init__(
        self, pattern: Callable[[], models.Model], each: Sequence[str], shared: Sequence[str] = ()
    ) -> None:
        self._pattern, self._each, self._shared = pattern, tuple(each), tuple(shared)
        self._made: tuple[str, list[Column]] = ("", [])

    def insert(self, rows: Collection[Sequence[Any]], **shared: Any) -> None:
        """Insert one row for each of `rows`, the values of `each` in their order.

        Without rows it is only made ready. Raises as `save` does, and then none of the rows is there if the
        caller's transaction says so.
        """
        sql, columns = self._statement()
        if not rows:
            return
        own = dict(zip(self._each, zip(*rows, strict=True), strict=True))
        filled = [
            map(stored, own[name])
            if name in own
            else repeat(stored(shared[name]) if name in self._shared else value, len(rows))
            for name, value, stored in columns
        ]
        with connection.cursor() as cursor:
            cursor.executemany(sql, list(zip(*filled, strict=True)))

    def _statement(self) -> tuple[str, list[Column]]:
        if not self._made[0]:
            self._made = _said(self._pattern(), {*self._each, *self._shared})
        return self._made


def _said(pattern: models.Model, given: set[str]) -> tuple[str, list[Column]]:
    """The statement of the ORM for this row, and what each of its parameters is."""
    every = pattern._meta.concrete_fields
    if unknown := given - {field.attname for field in every}:
        raise ValueError(f"There is no {', '.join(sorted(unknown))}.")
    for field in every:
        is_timed = getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False)
        is_own = is_timed or (field.primary_key and _is_set(pattern, field))
        if is_own and field.attname not in given:
            raise ValueError(f"All rows would have the same {field.attname}.")
    fields = [field for field in every if field.attname in given or _is_set(pattern, field)]
    query = InsertQuery(type(pattern))
    query.insert_values(fields, [pattern])
    ((sql, params),) = query.get_compiler(connection=connection).as_sql()
    if len(params) != len(fields):
        raise ValueError("Each column must have a plain value.")
    columns = [
        Column(field.attname, _plain(param), _as_stored(field))
        for field, param in zip(fields, params, strict=True)
    ]
    return str(sql), columns


def _plain(param: Any) -> Any:
    """A choice as the text that it is: SQLite's driver looks long for what else it might be."""
    return str.__str__(param) if isinstance(param, str) else param


def _as_stored(field: Any) -> Stored:
    """How the database is told a value of that field; the field itself says it with many questions."""
    if isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.TextField):
        return str
    if isinstance(field, models.UUIDField):
        return str if connection.features.has_native_uuid_field else lambda value: str(value).replace("-", "")
    if type(field) is models.JSONField:
        adapt, encoder = connection.ops.adapt_json_value, field.encoder
        return lambda value: adapt(value, encoder)
    return lambda value: field.get_db_prep_save(value, connection)


def _is_set(pattern: models.Model, field: Any) -> bool:
    """Whether the pattern says it; what it does not, the database has a default for, or it is NULL."""
    value = getattr(pattern, field.attname)
    is_default = value is None and (isinstance(field, models.AutoField) or not field.has_db_default())
    return not (is_default or isinstance(value, DatabaseDefault))
