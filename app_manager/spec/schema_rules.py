"""Rules between fields as pieces of JSON Schema: what `checks.py` and `config_checks.py` say of a spec."""

from typing import Any

from app_manager.spec.fields import FILLED

Schema = dict[str, Any]

SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_TYPES = ("automation", "skill", "mcp", "extension")
_ADDRESS = r"^(?:\s*[hH][tT][tT][pP][sS]?:[\s\S]*)?$"  # empty text is no value
_EMAIL = r"^(?:[^@\s]+@[^@\s]+)?$"


def when(key: str, values: tuple[str, ...], then: Schema) -> Schema:
    """The rule `then` for mappings in which `key` has one of these values."""
    return {"if": {"required": [key], "properties": {key: {"enum": [*values]}}}, "then": then}


def only_one_of(name: str, other: str) -> Schema:
    """Not both of two names of the same thing."""
    return {"not": {"required": [name, other]}}


def given(key: str, value: Schema) -> Schema:
    """The key is there, and what stands behind it is like `value`."""
    return {"required": [key], "properties": {key: value}}


def but(*owners: str) -> tuple[str, ...]:
    """The types of apps but for these."""
    return tuple(kind for kind in _TYPES if kind not in owners)


_TEXT: Schema = {"type": "string"}
_SKILL_CONTENTS = (
    given("skill_content", FILLED),
    given("system_prompt", FILLED),
    given("skill_files", {"not": {"type": "null"}, "pattern": r"\S"}),
)

TYPE_RULES: list[Schema] = [
    when("type", but("skill"), given("author", _TEXT)),
    when("type", ("automation",), given("system_prompt", FILLED)),
    when("type", ("mcp",), given("mcp_server", {"type": "object"})),
    when("type", ("skill",), {"anyOf": [*_SKILL_CONTENTS]}),
    when(
        "type",
        but("automation"),
        {"properties": {"subscriptions": {"maxItems": 0}, "memory_schema": {"maxProperties": 0}}},
    ),
    when("type", but("mcp"), {"properties": {"mcp_server": {"type": "null"}}}),
]

MCP_SERVER_RULES: Schema = {
    **when("transport", ("sse", "streamable-http"), given("url", _TEXT)),
    "else": given("command", _TEXT),
}

SCHEDULE_RULES: Schema = {"anyOf": [given("every", _TEXT), given("cron", _TEXT)]}

CONFIG_RULES: Schema = {
    "allOf": [
        when("type", ("select",), given("options", {"type": "array", "minItems": 1})),
        *(
            when("type", kinds, {"properties": {"default": default}})
            for kinds, default in (
                (("number",), {"type": ["number", "null"]}),
                (("boolean",), {"type": ["boolean", "null"]}),
                (("select",), {"type": [*SCALAR["type"], "null"]}),
                (("text", "string"), {"type": ["string", "null"]}),
                (("url",), {"type": ["string", "null"], "pattern": _ADDRESS}),
                (("email",), {"type": ["string", "null"], "pattern": _EMAIL}),
            )
        ),
    ]
}
