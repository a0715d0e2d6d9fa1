"""Rules for the form of a spec (`config_schema`): keys, choices, and defaults that fit their field."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from app_manager.spec.problem import Finding, Path, clipped

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def config_findings(data: dict[str, Any]) -> Iterator[Finding]:
    """What is wrong with the items of `config_schema`, beyond their shape."""
    items = data.get("config_schema")
    first: dict[str, int] = {}
    for index, item in enumerate(items if isinstance(items, list) else []):
        if not isinstance(item, dict):
            continue
        path: Path = ("config_schema", index)
        key = item.get("key")
        if isinstance(key, str) and key.strip() in first:
            sentence = f"the key `{clipped(key)}` is already used by entry [{first[key.strip()]}]"
            yield Finding((*path, "key"), sentence)
        elif isinstance(key, str):
            first[key.strip()] = index
        yield from _option_findings(path, item)
        yield from _default_findings(path, item)


def _option_findings(path: Path, item: dict[str, Any]) -> Iterator[Finding]:
    options = item.get("options")
    if item.get("type") == "select" and not options:
        yield Finding((*path, "options"), "a select needs at least one option with `label` and `value`")
    for index, option in enumerate(options if isinstance(options, list) else []):
        value = option.get("value", "") if isinstance(option, dict) else ""
        if not isinstance(value, str | int | float):
            yield Finding((*path, "options", index, "value"), "must be text, a number, true or false")


def _default_findings(path: Path, item: dict[str, Any]) -> Iterator[Finding]:
    default, kind = item.get("default"), item.get("type")
    if default is not None and isinstance(kind, str):
        sentence = default_problem(kind, default, item.get("options"))
        if sentence:
            yield Finding((*path, "default"), sentence)


def default_problem(kind: str, value: Any, options: Any = None) -> str | None:
    """Why `value` cannot be the default of a field of this type, or None. Empty text is no value."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "number":
        return None if number else "the default of a number must be a number, without quotes"
    if kind == "boolean":
        fits = isinstance(value, bool)
        return None if fits else "the default of a boolean must be true or false, without quotes"
    if kind == "select":
        return _choice_problem(value, options)
    if not isinstance(value, str):
        plain = number or isinstance(value, bool)
        return "the default must be text: put it in quotes" if plain else "the default must be text"
    if kind == "email" and value and not _EMAIL.fullmatch(value):
        return "the default must be an e-mail address"
    if kind == "url" and value and not _is_address(value):
        return "the default must be an address that starts with http:// or https://"
    return None


def _choice_problem(value: Any, options: Any) -> str | None:
    if not isinstance(options, list) or not options or value == "":
        return None
    # 1, 1.0 and true are equal in Python and different in a spec, as they are in JSON.
    choices = [option.get("value") for option in options if isinstance(option, dict)]
    same = (value == choice and isinstance(value, bool) == isinstance(choice, bool) for choice in choices)
    if any(same):
        return None
    scalars = [choice for choice in choices if isinstance(choice, str | int | float)]
    shown = ", ".join(_written(choice) for choice in scalars[:10])
    return f"the default must be the value of one of the options: {shown}"


def _written(value: str | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else clipped(str(value))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
