"""Many rows of one table that differ in a few columns: said once by the ORM, then repeated by the database.

To say a row takes the ORM some ten times as long as SQLite takes to write it, and a clock writes thousands.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import InsertQuery


def insert_alike(pattern: models.Model, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert one row for each of `rows`: `pattern`, which is not saved, with those values in its place.

    Keys are names of columns' attributes (`app_id`). No signal is sent. Raises as `save` does, and then none
    of the rows is there if the caller's transaction says so.
    """
    model = type(pattern)
    fields = [field for field in model._meta.concrete_fields if _is_set(pattern, field)]
    query = InsertQuery(model)
    query.insert_values(fields, [pattern])
    ((sql, params),) = query.get_compiler(connection=connection).as_sql()
    places = {field.attname: (place, field) for place, field in enumerate(fields)}
    if len(params) != len(fields):
        raise ValueError("Each column must have a plain value.")
    filled = []
    for row in rows:
        values = list(params)
        for name, value in row.items():
            place, field = places[name]
            values[place] = field.get_db_prep_save(value, connection)
        filled.append(values)
    if filled:
        with connection.cursor() as cursor:
            cursor.executemany(sql, filled)


def _is_set(pattern: models.Model, field: Any) -> bool:
    """Whether the pattern says it; what it does not, the database has a default for."""
    value = getattr(pattern, field.attname)
    is_numbered = isinstance(field, models.AutoField) and value is None
    return not (is_numbered or isinstance(value, DatabaseDefault))
