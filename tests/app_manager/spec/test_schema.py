"""The schema for editors says what `parse_spec` says, as far as shapes go."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from jsonschema import Draft7Validator, Draft202012Validator

from app_manager.spec import SpecError, parse_spec
from app_manager.spec.schema import app_spec_schema
from app_manager.spec.source import read_document
from tests.app_manager.spec.pieces import specs
from tests.app_manager.spec.samples import FULL
from tests.app_manager.spec.test_mutations import COMMON, SERVER
from tests.app_manager.spec.test_shared_specs import spec_files
from tests.shared import shared_path

SCHEMA = app_spec_schema()
EDITOR = Draft202012Validator(SCHEMA)
SKILL = {**COMMON, "type": "skill", "skill_content": "Boil water."}
SCHEDULE = {"type": "schedule", "config": {"every": "1h"}}


def schema_accepts(data: Any) -> bool:
    """What the editor says of a spec's plain data."""
    return EDITOR.is_valid(data)


def sentences(text: str) -> list[str]:
    """What `parse_spec` says of its text."""
    try:
        parse_spec(text)
    except SpecError as error:
        return [problem.sentence for problem in error.problems]
    return []


def automation(**changes: Any) -> dict[str, Any]:
    """A short legal spec with these keys changed."""
    return {**COMMON, "type": "automation", "system_prompt": "Look.", **changes}


def subscribed(**keys: Any) -> dict[str, Any]:
    return automation(subscriptions=[keys])


def test_it_is_a_legal_schema_in_the_words_of_both_drafts() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft7Validator.check_schema({**SCHEMA, "$schema": "http://json-schema.org/draft-07/schema#"})
    newer = ('"prefixItems"', '"unevaluated', '"dependentSchemas"', '"dependentRequired"', '"minContains"')
    assert [word for word in newer if word in json.dumps(SCHEMA)] == []


@pytest.mark.parametrize("name", spec_files() or [""])
def test_it_accepts_a_real_spec(name: str) -> None:
    data = read_document(shared_path(f"specs/{name}").read_text("utf-8")).data
    assert [error.message for error in EDITOR.iter_errors(data)] == []


@given(specs)
def test_what_is_made_of_valid_pieces_is_accepted_by_both(spec: dict[str, Any]) -> None:
    text = yaml.safe_dump(spec, allow_unicode=True, sort_keys=False, default_style='"')
    assert sentences(text) == []
    assert [error.message for error in EDITOR.iter_errors(spec)] == []


ACCEPTED = {
    "inputs": automation(inputs=FULL["config_schema"]),
    "required_mcps": automation(required_mcps=["shop", {"id": "bank", "reason": "money"}]),
    "required_mcps beside skills": automation(required_mcps=["shop"], requires={"skills": ["tea"]}),
    "required_skills": automation(required_skills=["tea"]),
    "requires.mcp": automation(requires={"mcp": ["shop"]}),
    "requires.skill": automation(requires={"skill": ["tea", {"id": "milk"}]}),
    "input": automation(inputs=FULL["config_schema"], subscriptions=[{"source": SCHEDULE, "input": "page"}]),
    "flat": subscribed(**SCHEDULE),
    "flat without config": subscribed(type="custom"),
    "timezone": subscribed(source=SCHEDULE, timezone="Asia/Tokyo"),
    "missed": subscribed(source=SCHEDULE, missed="skip"),
    "overlap": subscribed(source=SCHEDULE, overlap="queue_one"),
    "prompt": subscribed(source=SCHEDULE, prompt="Be brief."),
    "display_name": automation(display_name="Kessel"),
    "browser_login": automation(browser_login=[{"url": "https://example.org/", "label": "Shop"}]),
    "unknown keys": automation(**{"x-mine": [1], "store": {"mine": 1}}),
    "keys with nothing behind them": automation(permissions=None, requires=None, subscriptions=None),
    "sse": {**COMMON, "type": "mcp", "mcp_server": {"transport": "sse", "url": "https://example.org/"}},
    "stdio": {**COMMON, "type": "mcp", "mcp_server": {"command": "npx", "args": ["x", 1]}},
    "a skill of nobody": {key: value for key, value in SKILL.items() if key != "author"},
}
WRONG_DEFAULTS = [
    ("number", "5"),
    ("number", True),
    ("boolean", "true"),
    ("boolean", 1),
    ("text", 5),
    ("string", False),
    ("url", "example.org"),
    ("url", "ftp://example.org/"),
    ("email", "ada"),
    ("email", ["ada@example.org"]),
]
REFUSED = {
    "two names of the form": automation(config_schema=[], inputs=[]),
    "two names of mcps": automation(requires={"mcps": []}, required_mcps=[]),
    "two names in requires": automation(requires={"skill": [], "skills": []}),
    "two names of the key": subscribed(source=SCHEDULE, input="page", config_key="page"),
    "flat beside source": subscribed(source=SCHEDULE, type="schedule"),
    "config beside source": subscribed(source=SCHEDULE, config={}),
    "neither source nor type": subscribed(id="a"),
    "a duration with a space": subscribed(type="schedule", config={"every": "30 m"}),
    "a duration with a decimal": subscribed(type="schedule", config={"every": "1.5h"}),
    "a number as duration": subscribed(type="schedule", config={"every": 30}),
    "under 10 s": subscribed(type="schedule", config={"every": "9s"}),
    "nothing": subscribed(type="schedule", config={"every": "0h"}),
    "no schedule": subscribed(type="schedule"),
    "four fields": subscribed(type="schedule", config={"cron": "0 9 * *"}),
    "an unknown source": subscribed(type="moon"),
    "an unknown policy": subscribed(source=SCHEDULE, missed="never"),
    "an unknown type": automation(type="robot"),
    "no author": automation(author=None),
    "an empty prompt": automation(system_prompt=" "),
    "a version without quotes": automation(version=1.0),
    "a long name": automation(name="x" * 201),
    "subscriptions of a skill": {**SKILL, "subscriptions": [{"source": SCHEDULE}]},
    "a server of an automation": automation(mcp_server=SERVER),
    "an mcp without server": {**COMMON, "type": "mcp"},
    "stdio without command": {**COMMON, "type": "mcp", "mcp_server": {}},
    "sse without url": {**COMMON, "type": "mcp", "mcp_server": {"transport": "sse", "command": "x"}},
    "an empty skill": {**SKILL, "skill_content": ""},
    "a select without options": automation(inputs=[{"key": "a", "label": "A", "type": "select"}]),
    "101 subscriptions": automation(subscriptions=[{"source": SCHEDULE}] * 101),
    **{
        f"the default {default!r} of a {kind}": automation(
            inputs=[{"key": "a", "label": "A", "type": kind, "default": default}]
        )
        for kind, default in WRONG_DEFAULTS
    },
    "hours": automation(escalation={"timeout_hours": 0}),
    "a list": [],
}


@pytest.mark.parametrize("spec", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_both_accept(spec: dict[str, Any]) -> None:
    assert (sentences(json.dumps(spec)), schema_accepts(spec)) == ([], True)


@pytest.mark.parametrize("spec", REFUSED.values(), ids=REFUSED.keys())
def test_both_refuse(spec: dict[str, Any]) -> None:
    assert (bool(sentences(json.dumps(spec))), schema_accepts(spec)) == (True, False)


def described(schema: dict[str, Any]) -> dict[str, str]:
    """Every key that an editor can complete, as part.key, with its description."""
    parts = {"": schema, **schema["$defs"]}
    return {
        f"{part}.{key}": value.get("description", "")
        for part, inner in parts.items()
        for key, value in inner.get("properties", {}).items()
    }


def test_every_key_is_described() -> None:
    assert [key for key, words in described(SCHEMA).items() if not words] == []
