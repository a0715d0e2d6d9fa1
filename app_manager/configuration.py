"""The configuration of an app: a form out of its `config_schema`, and the values that a person gave.

Only what differs from the spec's default is stored, so that every value has one source: the spec or a person.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from app_manager.config_fields import form_field, is_empty, same
from app_manager.exceptions import ConfigurationRefused
from app_manager.localized import part, translation
from app_manager.spec import AppSpec
from app_manager.spec.parts import ConfigItem

# How the message of an app begins that is paused for want of values
NEEDS_CONFIGURATION = "needs configuration: "
PREFIX = "config"
_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")


class ConfigurationForm(forms.Form):
    """The values of one app. Without ``is_complete`` a required value may stay empty: the app is then paused.

    ``values`` are what a person gave before; for the other fields the spec's defaults stand in the form.
    """

    def __init__(
        self,
        spec: AppSpec,
        data: Mapping[str, Any] | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        is_complete: bool = False,
    ) -> None:
        super().__init__(data, prefix=PREFIX, use_required_attribute=False)
        self.items = {field_name(index, item): item for index, item in enumerate(spec.config_schema)}
        translated = translation(spec.i18n, get_language())
        for name, item in self.items.items():
            block = part(translated, "config_schema", item.key)
            self.fields[name] = form_field(item, block, required=is_complete)
            if values is not None and item.key in values:
                self.initial[name] = values[item.key]

    @property
    def values(self) -> dict[str, Any]:
        """What to store after a successful `is_valid`: the values that differ from the spec's defaults.

        A field that was not sent is left to the spec; a box that is not ticked is never sent and is false.
        """
        given = {
            item.key: self.cleaned_data[name]
            for name, item in self.items.items()
            if item.type == "boolean" or self.add_prefix(name) in self.data
        }
        return own_values(self.items.values(), given)


def checked(spec: AppSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """The same JSON values, judged by the form's fields, without those that equal the spec's default.

    Raises `ConfigurationRefused` with a sentence for every value that does not fit and every unknown key.
    """
    items = {item.key: item for item in spec.config_schema}
    cleaned: dict[str, Any] = {}
    problems = []
    for key, value in values.items():
        try:
            cleaned[key] = _clean(items, key, value)
        except ValidationError as error:
            problems += [f"{key}: {message}" for message in error.messages]
    if problems:
        raise ConfigurationRefused("\n".join(problems))
    return own_values(items.values(), cleaned)


def fitting(spec: AppSpec, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values that fit a spec as they are, and the keys of those that do not.

    A number may become text and text a number; nothing else changes its type.
    """
    items = {item.key: item for item in spec.config_schema}
    kept: dict[str, Any] = {}
    for key, value in values.items():
        try:
            cleaned = _clean(items, key, value)
        except ValidationError:
            continue
        if _says_the_same(value, cleaned):
            kept[key] = cleaned
    return kept, [key for key in values if key not in kept]


def from_pairs(spec: AppSpec, pairs: Iterable[str]) -> dict[str, Any]:
    """Values of ``KEY=VALUE`` texts, checked as `checked` does; each key at most once."""
    values: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise ConfigurationRefused(_("“%(pair)s” is not KEY=VALUE.") % {"pair": pair})
        if key in values:
            raise ConfigurationRefused(_("%(key)s is given twice.") % {"key": key})
        values[key] = value
    return checked(spec, values)


def own_values(items: Iterable[ConfigItem], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values that say something else than the spec's defaults."""
    kept = [item.key for item in items if item.key in given and not _is_default(item, given[item.key])]
    return {key: given[key] for key in kept}


def missing_labels(spec: AppSpec, values: Mapping[str, Any]) -> list[str]:
    """The labels of required values that neither the spec nor a person gave."""
    return [
        item.label
        for item in spec.config_schema
        if item.required and is_empty(values.get(item.key, item.default))
    ]


def needs_configuration(missing: list[str]) -> str:
    """The message of an app that cannot run for want of these; empty where nothing is missing."""
    return NEEDS_CONFIGURATION + ", ".join(missing) if missing else ""


def field_name(index: int, item: ConfigItem) -> str:
    """The name of an item in the form: its key, unless that makes no name and id of HTML."""
    return item.key if _PLAIN_KEY.fullmatch(item.key) else f"{index}.value"


def _clean(items: Mapping[str, ConfigItem], key: str, value: Any) -> Any:
    if key not in items:
        known = ", ".join(items)
        if not known:
            raise ValidationError(_("this app has no settings"))
        raise ValidationError(_("this app has no such setting; it has: %(known)s") % {"known": known})
    field = form_field(items[key])
    if isinstance(value, list | dict):
        raise ValidationError(_("must be one value, not a list or an object"))
    return field.clean(field.prepare_value(value))


def _says_the_same(value: Any, cleaned: Any) -> bool:
    if isinstance(value, bool) or isinstance(cleaned, bool):
        return value is cleaned
    return same(value, cleaned) or str(value) == str(cleaned) or (is_empty(value) and is_empty(cleaned))


def _is_default(item: ConfigItem, value: Any) -> bool:
    if is_empty(value) and is_empty(item.default):
        return True
    return same(value, item.default)
