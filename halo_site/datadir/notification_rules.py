"""Who is told what and when: `rules`, `quiet` and `digest` of the part `notifications` of config.json."""

from datetime import time
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from halo_site.datadir.ai_sources import first_words
from halo_site.zones import is_zone

# The types of entries, which is what rules speak of (halo-facts §8)
TYPES = ("escalation", "run_error", "milestone", "output", "run_complete", "run_skipped")


def _is_clock_time(value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a time of day such as 22:00") from None
    return value


def _is_known_zone(value: str) -> str:
    if value and not is_zone(value):
        raise ValueError("must be the name of a time zone such as Europe/Vienna")
    return value


ClockTime = Annotated[str, Field(pattern=r"^\d\d:\d\d$"), AfterValidator(_is_clock_time)]
ZoneName = Annotated[str, AfterValidator(_is_known_zone)]


class Part(BaseModel):
    """Common ground: unknown keys are kept, names are written as in JSON."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)


class Rule(Part):
    """These targets get these types of these apps and spaces. An empty list means: all of them."""

    targets: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()  # ids
    spaces: tuple[str, ...] = ()  # ids

    @field_validator("types")
    @classmethod
    def are_known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [word for word in value if word not in TYPES]:
            raise ValueError(f"{wrong[0]} is no type; there are {', '.join(TYPES)}")
        return value


class QuietHours(Part):
    """From ``start`` to ``end``, every day, over midnight where the end is earlier. No zone: the server's."""

    start: ClockTime
    end: ClockTime
    zone: ZoneName = ""

    @field_validator("end")
    @classmethod
    def has_a_length(cls, value: str, info: Any) -> str:
        if value == info.data.get("start"):
            raise ValueError("quiet hours end at another time than they start")
        return value


class Digest(Part):
    """When what was held goes out as one message: at this time of day instead of when the quiet ends."""

    at: ClockTime
    zone: ZoneName = ""


def usable_rules(listed: Any) -> tuple[tuple[Rule, ...] | None, list[str]]:
    """The rules that can be used, and what is wrong with the others. None: there are no rules at all.

    A wrong rule tells nobody anything: what somebody meant by it is not guessed.
    """
    if not listed:
        return None, []
    if not isinstance(listed, list | tuple):
        return (), ["notifications: rules: must be a list"]
    good, problems = [], []
    for number, item in enumerate(listed, 1):
        try:
            good.append(Rule.model_validate(item))
        except ValidationError as error:
            problems.append(f"notifications: rule {number}: {first_words(error)}")
    return tuple(good), problems


def usable_part(kind: type[Part], name: str, value: Any) -> tuple[Any, list[str]]:
    """A part of its own that may be missing; one that is wrong counts as missing, and is named."""
    if value is None:
        return None, []
    try:
        return kind.model_validate(value), []
    except ValidationError as error:
        return None, [f"notifications: {name}: {first_words(error)}"]
