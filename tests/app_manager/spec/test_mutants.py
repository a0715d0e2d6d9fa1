"""Good specs with one value deleted, replaced, doubled or nested; each is parsed once for all questions."""

import json
from functools import cache
from typing import Any

import pytest

from app_manager.spec import AppSpec
from tests.app_manager.spec.samples import FULL
from tests.app_manager.spec.test_mutations import MCP, mutants, outcome
from tests.app_manager.spec.test_schema import SKILL, schema_accepts

FOREIGN_WORDS = (
    "Input should", "valid string", "valid dictionary", "valid list", "Field required", "Value error",
    "pydantic", "instance of", "is not valid here", "not valid YAML", "None", "{sentence}",
)  # fmt: skip
# What no schema can see: other values, calendars, time zones
BEYOND_SHAPES = (
    "is already used by entry",
    "no config item has the key",
    "must be the value of one of the options",
    "at most 36500d",
    "cron rule",
    "time zone",
    "timezone",
)
GOOD = {"automation": FULL, "mcp": MCP, "skill": SKILL}


@cache
def judged(kind: str) -> list[tuple[dict[str, Any], list[str]]]:
    """Every mutant of a good spec, with what `parse_spec` says of it."""
    results = [(mutant, outcome(json.dumps(mutant))) for mutant in mutants(GOOD[kind])]
    return [
        (mutant, [] if isinstance(result, AppSpec) else [problem.sentence for problem in result])
        for mutant, result in results
    ]


def differ(spec: dict[str, Any], said: list[str]) -> bool:
    """Whether the editor refuses what is legal, or takes what has a wrong shape."""
    about_shapes = [words for words in said if not any(beyond in words for beyond in BEYOND_SHAPES)]
    return bool(about_shapes) if schema_accepts(spec) else not said


@pytest.mark.parametrize("kind", ["automation", "mcp"])
def test_no_sentence_is_the_wording_of_a_library(kind: str) -> None:
    sentences = {sentence for _mutant, said in judged(kind) for sentence in said}
    assert len(sentences) > 50
    assert [text for text in sentences if any(word in text for word in FOREIGN_WORDS)] == []


@pytest.mark.parametrize("kind", GOOD)
def test_of_a_broken_spec_the_schema_says_what_parse_spec_says(kind: str) -> None:
    assert [mutant for mutant, said in judged(kind) if differ(mutant, said)] == []
