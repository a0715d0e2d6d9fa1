"""JSON columns that other programs write too: what is read out of them can be shown and stored again."""

import re
from typing import Any

from django.db import models
from django.db.models.fields.json import KeyTransform

from app_runtime.texts import storable

# A surrogate (half of a character, or of a pair) or NUL, as JSON writes them
ODD = re.compile(r"\\u(?:d[89a-f]|0000)", re.IGNORECASE)


class ForeignJsonField(models.JSONField):
    """A JSON column whose texts are fit for every page and database when they are read.

    ``"\\ud83d"`` is valid JSON and no text: SQLite keeps it, and nothing can encode it.
    """

    def deconstruct(self) -> Any:
        """As the field it is in the database, so that no migration has to know of this class."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        found = super().from_db_value(value, expression, connection)
        return storable(found) if isinstance(value, str) and ODD.search(value) else found


class JsonKind(models.Func):
    """Which kind of JSON value stands under a key, in the words of the database (see `NUMBERS`).

    Databases order kinds among each other, each in its own way: to PostgreSQL null and every string are less
    than any number. Who compares with a number asks for numbers alone.
    """

    NUMBERS = ("number", "integer", "real")  # of PostgreSQL; of SQLite
    output_field = models.TextField()
    arity = 2

    def __init__(self, column: str, key: str, **extra: Any) -> None:
        super().__init__(column, models.Value(key), **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="JSON_TYPE(%(expressions)s)", arg_joiner=", '$.' || "
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="jsonb_typeof(%(expressions)s)", arg_joiner=" -> ")


class AnswerField(ForeignJsonField):
    """A column that is NULL as long as there is no answer. JSON's null is one, which says nothing."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        found = super().from_db_value(value, expression, connection)
        is_null_of_json = found is None and value is not None and not isinstance(expression, KeyTransform)
        return {} if is_null_of_json else found
