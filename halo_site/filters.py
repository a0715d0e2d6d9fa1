"""The filters of a list as one bound GET form: what can be chosen, what was, and what leads back."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, ClassVar, cast

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext

FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9998, 12, 31)  # what every zone can turn into a moment


@dataclass(frozen=True)
class ActiveFilter:
    """One filter that narrows the list, in words, and the query string without it."""

    label: str
    value: str
    without: str


class FilterForm(forms.Form):
    """Narrows a list. Parameters that it does not know are nobody's business here.

    `MAIN` are the names of the fields that are always shown, `MORE` those that open.
    """

    MAIN: ClassVar[tuple[str, ...]] = ()
    MORE: ClassVar[tuple[str, ...]] = ()

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query, auto_id="filter-%s")

    def offer(self, name: str, choices: Any, *, unknown: Any = None, anything: Any = None) -> None:
        """Let one of the choices be chosen, or ``anything``; ``unknown`` is told of all others."""
        field = cast("forms.ChoiceField", self.fields[name])
        field.choices = [("", anything or gettext("Any")), *choices]
        if unknown is not None:
            field.error_messages["invalid_choice"] = unknown

    @cached_property
    def given(self) -> dict[str, str]:
        """What was asked for, right or wrong, without what is empty."""
        values = {name: str(self.data.get(name, "")).strip() for name in self.fields}
        return {name: value for name, value in values.items() if value}

    @property
    def query(self) -> str:
        """The query string that asks for the same again."""
        return encoded(self.given)

    @property
    def active(self) -> list[ActiveFilter]:
        """Each filter that was asked for, in the order of the form."""
        return [
            ActiveFilter(str(self.fields[name].label), self.words_of(name, value), self._without(name))
            for name, value in self.given.items()
        ]

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MAIN if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE if name in self.fields]

    @property
    def is_open(self) -> bool:
        """Whether one of the less used filters is in use, so that they are shown."""
        return any(name in self.given for name in self.MORE)

    def words_of(self, name: str, value: str) -> str:
        """A value as people read it: of a choice its label."""
        choices = getattr(self.fields[name].widget, "choices", ())
        return {str(key): str(label) for key, label in choices}.get(value, value)

    def _without(self, name: str) -> str:
        return encoded({key: value for key, value in self.given.items() if key != name})


def encoded(values: dict[str, str]) -> str:
    """A query string with its question mark; empty for no values."""
    query = QueryDict(mutable=True)
    query.update(values)
    return f"?{query.urlencode()}" if values else ""


def midnight(day: date) -> datetime:
    """The beginning of a day in the server's zone."""
    return datetime.combine(day, time(), timezone.get_current_timezone())
