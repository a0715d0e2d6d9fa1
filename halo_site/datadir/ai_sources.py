"""Where models come from: the part `aiSources` of config.json (halo-facts §13), keys by reference only."""

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

Provider = Literal["openai", "anthropic", "openai-compatible"]


class ModelSource(BaseModel):
    """One model of one provider. ``api_key`` is ``env:NAME``, ``secret:NAME`` or empty for none.

    ``base_url`` is the provider's own where it is empty; a compatible server has to have one.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    name: str = Field(min_length=1, max_length=100)
    provider: Provider
    model: str = Field(min_length=1, max_length=200)
    base_url: str = ""
    api_key: str = ""
    allow_private: bool = False  # whether the address may be one of this machine or its network
    stream: bool = True
    quiet_seconds: float = Field(120, gt=0, le=3600)  # the longest time without a byte of an answer

    @field_validator("base_url")
    @classmethod
    def is_an_address(cls, value: str) -> str:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_usable = False
        has_gaps = any(sign.isspace() or not sign.isprintable() for sign in value)
        if not is_usable or has_gaps or parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("is no address such as https://models.example.org/v1")
        return value.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def is_a_reference(cls, value: str) -> str:
        if value and not value.startswith(("env:", "secret:")):
            raise ValueError("must be env:NAME or secret:NAME, never the key itself")
        return value

    @model_validator(mode="after")
    def _has_an_address(self) -> "ModelSource":
        if self.provider == "openai-compatible" and not self.base_url:
            raise ValueError("a compatible server needs its address")
        return self


class AiSources(BaseModel):
    """All sources. ``current_id`` is the default's, ``fallback_ids`` come after it, in order.

    A source that cannot be used as it stands is left out, and ``problems`` says why; the others go on.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    version: int = 2
    current_id: str | None = None
    fallback_ids: tuple[str, ...] = ()
    sources: tuple[ModelSource, ...] = ()
    problems: tuple[str, ...] = Field((), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _without_wrong_ones(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("sources"), list | tuple):
            return value
        good, problems = [], []
        for number, item in enumerate(value["sources"], 1):
            try:
                good.append(ModelSource.model_validate(item))
            except ValidationError as error:
                problems.append(f"aiSources: source {number}: {first_words(error)}")
        return {**value, "sources": good, "problems": problems}

    @property
    def is_meant(self) -> bool:
        """Whether somebody has set up models, even if none of them can be used as it stands."""
        return bool(self.sources or self.problems)

    def get(self, source_id: str) -> ModelSource | None:
        """The source of that id; None where there is none."""
        return next((source for source in self.sources if source.id == source_id), None)

    def chain(self, first_id: str = "") -> list[ModelSource]:
        """The sources to try in order: ``first_id`` or the default, then the fallbacks, each once.

        Ids that name no source are left out.
        """
        wanted = dict.fromkeys([first_id or self.current_id or "", *self.fallback_ids])
        return [source for source in map(self.get, wanted) if source is not None]


def first_words(error: ValidationError) -> str:
    """The first problem with its field; never the value, which may be a key in the wrong place."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else str(first["msg"])
