"""Many rows of one table that differ in a few columns: said once by the ORM, then repeated by the database.

To say a row takes the ORM some ten times as long as SQLite takes to write it, and a clock writes thousands.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import connection, connections, models
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import InsertQuery


def insert_alike(pattern: models.Model, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert one row for each of `rows`: `pattern`, which is not saved, with those values in its place.

    `names` are those of the values' columns' attributes (`app_id`). No signal is sent. Raises as `save` does,
    and then none of the rows is there if the caller's transaction says so.
    """
    if not rows:
        return
    model = type(pattern)
    fields = [field for field in model._meta.concrete_fields if _is_set(pattern, field)]
    query = InsertQuery(model)
    query.insert_values(fields, [pattern])
    ((sql, params),) = query.get_compiler(connection=connection).as_sql()
    if len(params) != len(fields):
        raise ValueError("Each column must have a plain value.")
    places = {field.attname: place for place, field in enumerate(fields)}
    columns = [(places[name], _as_stored(fields[places[name]])) for name in names]
    filled = []
    for row in rows:
        values = list(params)
        for (place, stored), value in zip(columns, row, strict=True):
            values[place] = stored(value)
        filled.append(values)
    with connection.cursor() as cursor:
        cursor.executemany(sql, filled)


def _as_stored(field: Any) -> Callable[[Any], Any]:
    """How the database is told a value of that field; the field itself says it with many questions."""
    if isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.TextField):
        return str
    if type(field) is models.JSONField:
        adapt = connection.ops.adapt_json_value
        return lambda value: adapt(value, field.encoder)
    return partial(field.get_db_prep_save, connection=connections[connection.alias])


def _is_set(pattern: models.Model, field: Any) -> bool:
    """Whether the pattern says it; what it does not, the database has a default for."""
    value = getattr(pattern, field.attname)
    is_numbered = isinstance(field, models.AutoField) and value is None
    return not (is_numbered or isinstance(value, DatabaseDefault))
