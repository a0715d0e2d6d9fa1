"""A JSON column that holds an object, whatever somebody else wrote into it."""

from typing import Any

from django.db import models
from django.db.models.fields.json import KeyTransform


class Unreadable(dict[str, Any]):
    """An empty object in the place of something that is none; ``raw`` is what the row holds."""

    def __init__(self, raw: Any) -> None:
        super().__init__()
        self.raw = raw


class JsonObjectField(models.JSONField):
    """A column in which only objects make sense.

    Rows can be written by other programs, and by people with a database client: of such a row no page may
    fail (abuse case S15). What is no object is read as `Unreadable`, an empty one that says so.
    """

    def deconstruct(self) -> Any:
        """As the field it is in the database, so that no migration has to know of this class."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        found = super().from_db_value(value, expression, connection)
        if isinstance(found, dict) or isinstance(expression, KeyTransform):
            return found
        return Unreadable(found)
