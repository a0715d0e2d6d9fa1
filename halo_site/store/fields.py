"""A column of epoch milliseconds that Python sees as aware datetimes (DESIGN §3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LOWEST_MS = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
HIGHEST_MS = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
LOOKUPS = frozenset({"exact", "gt", "gte", "lt", "lte", "range", "in", "isnull"})


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, microseconds cut off. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; times here are aware")
    return (moment - EPOCH) // MILLISECOND


def from_ms(value: int) -> datetime:
    """The aware UTC datetime of ``value`` ms. Raises OverflowError outside of the years 1 to 9999."""
    return EPOCH + timedelta(milliseconds=value)


def as_stored(moment: datetime) -> datetime:
    """The moment as a column gives it back: in UTC, microseconds cut off."""
    return from_ms(to_ms(moment))


class EpochMsField(models.Field[Any, Any]):
    """BIGINT milliseconds in the database, aware UTC datetime in Python.

    Comparisons, ``range``, ``in`` and ``isnull`` work; every other look-up (``year``, ``date``, ``contains``)
    raises, where an integer column would silently find nothing. Out of range is refused on write and read as
    ``None``. With ``zero_is_none`` the column's 0 reads as ``None`` and ``None`` is written as 0, as the
    documented ``next_run_at_ms`` has it.
    """

    description = _("Moment, stored as milliseconds since 1970 UTC")
    default_error_messages = {"invalid": _("Give a date and time, for example 2026-11-23 09:00.")}

    def __init__(self, *args: Any, zero_is_none: bool = False, **kwargs: Any) -> None:
        self.zero_is_none = zero_is_none
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.zero_is_none:
            kwargs["zero_is_none"] = True
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in LOOKUPS else None

    def get_transform(self, lookup_name: str) -> Any:
        return None

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> datetime | None:
        if value is None or (value == 0 and self.zero_is_none) or not LOWEST_MS <= value <= HIGHEST_MS:
            return None
        return from_ms(value)

    def to_python(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        moment = None
        if isinstance(value, str):
            try:
                moment = parse_datetime(value)
            except ValueError:
                moment = None
        if moment is None or moment.tzinfo is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return moment

    def get_prep_value(self, value: Any) -> int | None:
        value = super().get_prep_value(value)
        if value is None:
            return 0 if self.zero_is_none else None
        if isinstance(value, datetime):
            return to_ms(value)
        if isinstance(value, int) and not isinstance(value, bool) and LOWEST_MS <= value <= HIGHEST_MS:
            return value
        raise ValueError(
            f"{self.name}: {value!r} is neither an aware datetime nor milliseconds within years 1 to 9999"
        )

    def value_to_string(self, obj: models.Model) -> str:
        moment = self.value_from_object(obj)
        return "" if moment is None else moment.isoformat()

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.DateTimeField, **kwargs})
