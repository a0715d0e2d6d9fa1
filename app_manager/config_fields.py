"""One form field for each type of `config_schema`, to and from the JSON value that is stored."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from app_manager.localized import part, text
from app_manager.spec.parts import ConfigItem, Option

TRUE, FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0", ""})
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})([eE][+-]?[0-9]{1,3})?", re.ASCII)


class TextField(forms.CharField):
    """Text with the line ends that a spec has; browsers send others."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class AddressField(forms.URLField):
    """An address that starts with http:// or https://; names of the own network are addresses too."""

    default_error_messages = {"invalid": _("Enter an address that starts with http:// or https://.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)
        self.validators = [_check_address]


class NumberField(forms.Field):
    """A JSON number: whole ones stay whole."""

    def to_python(self, value: Any) -> int | float | None:
        written = str(value if value is not None else "").strip()
        if not written:
            return None
        if _WHOLE.fullmatch(written):
            return int(written)
        number = float(written) if _NUMBER.fullmatch(written) else math.inf
        if not math.isfinite(number):
            raise ValidationError(_("Enter a number, for example 12 or 0.5."), code="invalid")
        return number


class SwitchField(forms.Field):
    """True or false; what a browser leaves out is false. A required one need not be ticked."""

    widget = forms.CheckboxInput

    def to_python(self, value: Any) -> bool:
        written = str(value if value is not None else "").strip().lower()
        if written not in TRUE | FALSE:
            raise ValidationError(_("Say true or false."), code="invalid")
        return written in TRUE

    def validate(self, value: Any) -> None:
        """Both are answers."""


class ChoiceField(forms.Field):
    """One of the options; the value keeps its JSON type."""

    widget = forms.Select

    def __init__(self, *, options: list[Option], labels: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.values = keyed([option.value for option in options])
        shown = {key: _label(options, value) for key, value in self.values.items()}
        self.widget.choices = [
            *([] if "" in self.values else [("", _("Nothing chosen"))]),
            *((key, text(labels, key, label)) for key, label in shown.items()),
        ]

    def prepare_value(self, value: Any) -> Any:
        """The key of the option whose value is the initial one."""
        if isinstance(value, str) and value in self.values:
            return value
        written = "" if value is None else str(value)
        return next((key for key, own in self.values.items() if same(own, value)), written)

    def to_python(self, value: Any) -> Any:
        key = "" if value is None else str(value)
        if key == "" and key not in self.values:
            return None
        if key not in self.values:
            known = ", ".join(self.values)
            raise ValidationError(
                _("Choose one of: %(known)s."), code="invalid_choice", params={"known": known}
            )
        return self.values[key]


def form_field(
    item: ConfigItem, translated: Mapping[str, Any] | None = None, *, required: bool = False
) -> forms.Field:
    """The field for one item; ``translated`` is its block of a translation of the spec."""
    words = {
        "label": text(translated, "label", item.label),
        "help_text": text(translated, "description", item.description or ""),
        "required": required and item.required,
        "initial": item.default,
    }
    field = _FIELDS[item.type](item, translated, words)
    placeholder = text(translated, "placeholder", item.placeholder or "")
    if placeholder and item.type not in ("boolean", "select"):
        field.widget.attrs["placeholder"] = placeholder
    if item.required and item.type != "boolean":
        field.widget.attrs["aria-required"] = "true"
    return field


def keyed(values: list[Any]) -> dict[str, Any]:
    """A text for each JSON value: text stands for itself, the others are written as JSON."""
    texts = {value for value in values if isinstance(value, str)}
    keys: dict[str, Any] = {}
    for value in values:
        written = value if isinstance(value, str) else json.dumps(value)
        is_taken = written in texts and not isinstance(value, str)
        keys.setdefault(f"={written}" if is_taken else written, value)
    return keys


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: true is not 1; blanks around text do not count."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, str) and isinstance(other, str):
        return one.strip() == other.strip()
    return bool(one == other)


def is_empty(value: Any) -> bool:
    """Whether nobody gave a value. False and 0 are values."""
    return value is None or value == ""


def _label(options: list[Option], value: Any) -> str:
    return next(option.label for option in options if same(option.value, value))


def _check_address(value: str) -> None:
    try:
        parts = urlsplit(value)
        legal = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        legal = False
    if not legal or not value.isprintable() or " " in value:
        raise ValidationError("", code="invalid")  # the field has the words


def _plain(item: ConfigItem, _translated: Any, words: dict[str, Any]) -> forms.Field:
    lines = item.type == "text" or "\n" in str(item.default or "").strip()
    widget = forms.Textarea(attrs={"rows": 4}) if lines else forms.TextInput()
    return TextField(widget=widget, **words)


def _address(_item: ConfigItem, _translated: Any, words: dict[str, Any]) -> forms.Field:
    return AddressField(**words)


def _number(_item: ConfigItem, _translated: Any, words: dict[str, Any]) -> forms.Field:
    return NumberField(widget=forms.NumberInput(attrs={"step": "any"}), **words)


def _switch(_item: ConfigItem, _translated: Any, words: dict[str, Any]) -> forms.Field:
    return SwitchField(**words)


def _choice(item: ConfigItem, translated: Any, words: dict[str, Any]) -> forms.Field:
    return ChoiceField(options=item.options, labels=part(translated, "options"), **words)


def _email(_item: ConfigItem, _translated: Any, words: dict[str, Any]) -> forms.Field:
    return forms.EmailField(**words)


_FIELDS = {
    "string": _plain,
    "text": _plain,
    "url": _address,
    "number": _number,
    "boolean": _switch,
    "select": _choice,
    "email": _email,
}
