"""Types of single values in a spec, with sentences of their own."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app_manager.spec.durations import parse_interval

OWN_SENTENCE = "spec_sentence"  # error type whose message is shown as it is
LONGEST_NAME = 200  # characters


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
        optional = {name for name, info in cls.model_fields.items() if not info.is_required()}
        return {key: value for key, value in data.items() if value is not None or key not in optional}


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


FilledText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[FilledText, AfterValidator(_name)]
Interval = Annotated[str, BeforeValidator(_interval_text)]  # `30m`; at least 10 s
LooseText = Annotated[str, BeforeValidator(_text_of_number)]  # a tag such as 12306 is text too
Slug = Annotated[str, AfterValidator(_slug)]
Hours = Annotated[float, AfterValidator(_more_than_zero(87_600, "hours"))]
NamedById = BeforeValidator(_object_of_id)  # `web-search` stands for `{id: web-search}`
