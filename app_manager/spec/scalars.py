"""Plain YAML scalars by the core schema of YAML 1.2, the one that JavaScript parsers use.

So `yes`, `no`, `on` and dates are text, `1e3` is a number and `0o14` is twelve.
"""

import math
import re

from app_manager.spec.problem import clipped

Scalar = str | int | float | bool | None

MAX_DIGITS = 18  # what fits a 64-bit column for certain
_CORE = "tag:yaml.org,2002:"
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o([0-7]+)|0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)
}  # fmt: skip


class ScalarError(ValueError):
    """The scalar cannot become a value; the message is a sentence."""


def plain_value(text: str) -> Scalar:
    """Value of an unquoted scalar. ScalarError for numbers that cannot be stored."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(f"{text} is not a number that can be stored: put it in quotes if it is text")
    return _number(text)


def tagged_value(tag: str, text: str) -> Scalar:
    """Value of a scalar with an explicit tag, such as `!!str 5`. ScalarError for other than core tags."""
    name = tag.removeprefix(_CORE)
    if tag == "!" or name == "str":
        return checked_text(text)
    if name not in _TYPES or not tag.startswith(_CORE):
        raise ScalarError(f"the tag `{shown_tag(tag)}` is not allowed: write a plain value")
    value = plain_value(text)
    if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and name != "bool"):
        raise ScalarError(f"this value does not fit its tag `{shown_tag(tag)}`")
    return value


def checked_text(text: str) -> str:
    """The text, if every store can keep it: an escape can make characters that no database takes."""
    if "\0" in text:
        raise ScalarError("the text has a zero character, which cannot be stored: take it out")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ScalarError("the text has half of a character (U+D800 to U+DFFF): write the whole character")
    return text


def shown_tag(tag: str) -> str:
    """A tag as its author wrote it."""
    return clipped(f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag)


def _number(text: str) -> Scalar:
    if based := _BASED.fullmatch(text):
        octal, hexadecimal = based.groups()
        return _whole(octal or hexadecimal, 8 if octal else 16)
    if _INTEGER.fullmatch(text):
        return _whole(text, 10)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    return checked_text(text)


def _whole(digits: str, base: int) -> int:
    if len(digits.lstrip("+-0")) > MAX_DIGITS:
        raise ScalarError(f"a number of over {MAX_DIGITS} digits cannot be stored exactly: put it in quotes")
    return int(digits, base)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ScalarError("this number is too large: put it in quotes if it is text")
    return value
