"""What all types have in common that leave this program: plain pydantic, without Django (DESIGN §4)."""

import json
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
)
from pydantic.alias_generators import to_camel

DIALECT = "https://json-schema.org/draft/2020-12/schema"

LOWEST_MS = -62_135_596_800_000  # the first moment of the year 1
HIGHEST_MS = 253_402_300_799_999  # the last one of the year 9999
EpochMs = Annotated[int, Field(ge=LOWEST_MS, le=HIGHEST_MS)]


class Record(BaseModel):
    """One row. Every field is there; what null means stands with the field."""

    model_config = ConfigDict(strict=True, frozen=True)


class Document(BaseModel):
    """A documented JSON object: keys in camel case, unknown ones are kept, absent ones stay absent."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="allow",
        alias_generator=to_camel,
        serialize_by_alias=True,
    )

    @model_serializer(mode="wrap")
    def _without_absent_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = type(self).model_fields.items()
        absent = {info.alias or name for name, info in fields if not self._has(name, info.default)}
        return {key: value for key, value in write(self).items() if key not in absent}

    def _has(self, name: str, default: Any) -> bool:
        """Whether the key was there; an unknown key may have the name that a field has in Python."""
        is_default = getattr(self, name) == default
        return name in self.model_fields_set and not (is_default and name in (self.model_extra or {}))


def json_schema(contract: Any, title: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a contract, as it is written and read."""
    made = TypeAdapter(contract).json_schema(mode="validation", by_alias=True)
    return {"$schema": DIALECT, **_without_null_defaults(made), "title": title}


def schema_text(schema: dict[str, Any]) -> str:
    """The schema as its file holds it: the same text for the same schema."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _without_null_defaults(schema: Any) -> Any:
    """`"default": null` says of a key that may be absent what its absence says already."""
    if isinstance(schema, list):
        return [_without_null_defaults(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if (key, value) != ("default", None)}
    return {key: _without_null_defaults(value) for key, value in kept.items()}
