"""Errors of pydantic as sentences for people who write YAML by hand."""

import re
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app_manager.spec.fields import OWN_SENTENCE
from app_manager.spec.problem import SHOWN_CHARACTERS, Finding, Path, clipped

_HINTS = {
    "name": "give the app a name",
    "version": 'give the app a version, such as "1.0"',
    "author": "say who wrote the app",
    "description": "say in a sentence what the app does",
    "system_prompt": "tell the app what to do",
    "type": "say of what kind it is",
    "id": "give it an id",
    "key": "give the value a name",
    "label": "say what the form shows",
    "source": "say what starts the app, with `type` and `config`",
    "field": "say which part of the event is compared",
    "op": "say how it is compared, such as `eq`",
    "value": "say what it is compared with or stands for",
    "url": "give the address",
    "default": "give an interval, such as 1h",
}
_SHAPES = {
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a number",
    "float_type": "must be a number",
    "list_type": "must be a list, each entry on a line that starts with a dash",
    "dict_type": "must be a mapping of `key: value` lines",
    "model_type": "must be a mapping of `key: value` lines",
    "model_attributes_type": "must be a mapping of `key: value` lines",
}


def findings(model: type[BaseModel], data: Any, prefix: Path = ()) -> list[Finding]:
    """Everything about `data` that does not have the shape of `model`."""
    try:
        model.model_validate(data)
    except ValidationError as errors:
        details = errors.errors(include_url=False)
        return [Finding((*prefix, *error["loc"]), _sentence(error)) for error in details]
    return []


def missing(key: str, state: str = "missing") -> str:
    """Sentence for a required key that is not there."""
    hint = f": {_HINTS[key]}" if key in _HINTS else ""
    return f"`{clipped(key)}` is {state}{hint}"


def nearest(word: str, known: list[str]) -> str | None:
    """The known word that somebody who wrote `word` most likely meant."""
    if len(word) > SHOWN_CHARACTERS:  # comparing takes quadratic time
        return None
    close = get_close_matches(word, known, n=1, cutoff=0.7)
    return close[0] if close else None


def _sentence(error: ErrorDetails) -> str:
    kind, value, last = error["type"], error["input"], error["loc"][-1]
    if kind == OWN_SENTENCE:
        return error["msg"]
    if kind == "missing" and error["loc"] == ("type",):
        return "`type` is missing: say automation, skill, mcp or extension"
    if kind == "missing":
        return missing(str(last))
    if value is None and isinstance(last, str):
        return missing(str(last), "empty")
    if kind == "string_too_short":
        return missing(str(last), "empty")
    if kind == "literal_error":
        return _not_one_of(value, re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    if kind in _SHAPES:
        return _SHAPES[kind] + _instead(kind, value)
    return "is not valid here"


def _not_one_of(value: Any, choices: list[str]) -> str:
    sentence = f"must be one of: {', '.join(choices)}{_this_is(value)}"
    meant = nearest(value.lower(), choices) if isinstance(value, str) else None
    return f"{sentence}; did you mean `{meant}`?" if meant else sentence


def _instead(kind: str, value: Any) -> str:
    if kind == "string_type" and isinstance(value, bool | int | float):
        return ": put it in quotes"
    return _this_is(value)


def _this_is(value: Any) -> str:
    if isinstance(value, bool):
        return f", this is {str(value).lower()}"
    if isinstance(value, list | dict):
        return f", this is a {'list' if isinstance(value, list) else 'mapping'}"
    if value is None:
        return ", this is empty"
    return f", this is `{clipped(str(value))}`"
