"""Types of single values in a spec, with sentences of their own."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app_manager.spec.durations import parse_interval

OWN_SENTENCE = "spec_sentence"  # error type whose message is shown as it is
LONGEST_NAME = 200  # characters
LONGEST_HOURS = 87_600  # ten years


def own_error(sentence: str) -> PydanticCustomError:
    """A pydantic error whose sentence is ours; braces in it are kept."""
    return PydanticCustomError(OWN_SENTENCE, "{sentence}", {"sentence": sentence})


class Part(BaseModel):
    """A mapping of a spec. Unknown keys are kept; an optional key with nothing behind it counts as absent."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty_keys(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        optional = _optional_keys(cls)
        return {key: value for key, value in data.items() if value is not None or key not in optional}


@cache
def _optional_keys(part: type[Part]) -> frozenset[str]:
    """Asked once per type: the clock reads the specs of thousands of apps in a second."""
    return frozenset(name for name, info in part.model_fields.items() if not info.is_required())


def _interval_text(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        parse_interval(str(value))
    except ValueError as error:
        raise own_error(str(error)) from None
    return value


def _text_of_number(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _object_of_id(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


def _slug(value: str) -> str:
    allowed = value.isascii() and value == value.lower() and value.replace("-", "").isalnum()
    if not allowed or value.startswith("-") or value.endswith("-"):
        raise own_error("must be letters a to z, digits, and hyphens between them, such as `price-watch`")
    return value


def _more_than_zero(limit: float, unit: str) -> Callable[[float], float]:
    def check(value: float) -> float:
        if not 0 < value <= limit:
            raise own_error(f"must be more than 0 and at most {limit:,.0f} {unit}, this is {value:g}")
        return value

    return check


def _name(value: str) -> str:
    if len(value) > LONGEST_NAME:
        raise own_error(f"a name has at most {LONGEST_NAME} characters, this one has {len(value):,}")
    return value


# What editors are told of each type (`app_manager/spec/schema.py`): all that is accepted here is accepted
# there. `patternErrorMessage` is a word of editors: the sentence for a text that does not fit the pattern.
FILLED = {"type": "string", "pattern": r"\S", "patternErrorMessage": "must not be empty"}
_NAME = {
    "type": "string",
    "pattern": rf"^\s*\S(?:[\s\S]{{0,{LONGEST_NAME - 2}}}\S)?\s*$",
    "patternErrorMessage": f"a name has at least one and at most {LONGEST_NAME} characters",
}
_INTERVAL = {
    "type": "string",
    "pattern": "^0*(?:[1-9][0-9]+s|[1-9][0-9]*[mhd])$",
    "patternErrorMessage": "an interval is digits and one of s, m, h, d, such as 30m, and at least 10 s",
    "examples": ["15m", "1h", "6h", "1d"],
}
_CRON = {
    "type": "string",
    "pattern": r"^\s*\S+(?:\s+\S+){4,5}\s*$",
    "patternErrorMessage": "a cron rule has 5 fields, or 6 with seconds first, such as 0 9 * * *",
}
_SLUG = {
    "type": "string",
    "pattern": "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$",
    "patternErrorMessage": "must be letters a to z, digits, and hyphens between them, such as price-watch",
}

FilledText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), WithJsonSchema(FILLED)]
Name = Annotated[FilledText, AfterValidator(_name), WithJsonSchema(_NAME)]
Interval = Annotated[str, BeforeValidator(_interval_text), WithJsonSchema(_INTERVAL)]  # `30m`; at least 10 s
CronText = Annotated[FilledText, WithJsonSchema(_CRON)]
# a tag such as 12306 is text too
LooseText = Annotated[str, BeforeValidator(_text_of_number), WithJsonSchema({"type": ["string", "number"]})]
Slug = Annotated[str, AfterValidator(_slug), WithJsonSchema(_SLUG)]
Hours = Annotated[
    float,
    AfterValidator(_more_than_zero(LONGEST_HOURS, "hours")),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_HOURS}),
]
NamedById = BeforeValidator(_object_of_id)  # `web-search` stands for `{id: web-search}`
