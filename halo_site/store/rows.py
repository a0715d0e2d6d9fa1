"""Rows as plain values: what the contracts are filled with."""

from datetime import datetime
from typing import Any

from django.db import models

from halo_site.store.fields import to_ms
from halo_site.store.json_object import Unreadable


def row_values(row: models.Model) -> dict[str, Any]:
    """Every column of the row under the name it has outside: moments are ms since 1970 UTC, words plain text.

    What stands in the place of a JSON object and is none, is given as it stands there.
    """
    fields = row._meta.concrete_fields
    return {outside_name(field): _plain(getattr(row, field.attname)) for field in fields}


def outside_name(field: Any) -> str:
    """The column's name; its JSON is no text outside, so the `_json` of such a column goes."""
    return str(field.column).removesuffix("_json")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_ms(value)
    if isinstance(value, Unreadable):
        return value.raw
    return value.value if isinstance(value, models.Choices) else value
