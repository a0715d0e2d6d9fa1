"""Good specs, broken in every way: the result is a spec that keeps everything, or sentences with places."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app_manager.spec import AppSpec, Problem, SpecError, parse_spec
from tests.app_manager.spec.samples import FULL

VALUES: list[Any] = [None, True, 0, -1.5, "", "x", "5s", [], [1], {}, {"a": 1}, [[{"b": None}]], "x" * 500]
SERVER = {"transport": "sse", "url": "https://example.org/", "command": "x", "args": ["a"], "env": {"A": "b"}}
COMMON = {key: FULL[key] for key in ("name", "version", "author", "description")}
MCP = {**COMMON, "type": "mcp", "mcp_server": SERVER}

numbers = st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=6,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path of every value below the root."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield (*path, key)
            yield from places(value, (*path, key))


def mutants(good: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The spec with one value deleted, replaced, doubled or nested."""
    for path in places(good):
        for change in ("delete", "list", "mapping", "double", *range(len(VALUES))):
            mutant = copy.deepcopy(good)
            holder: Any = mutant
            for part in path[:-1]:
                holder = holder[part]
            old = holder[path[-1]]
            if change == "delete":
                del holder[path[-1]]
            elif change == "double":
                holder.update({f"{path[-1]}s": old}) if isinstance(holder, dict) else holder.append(old)
            else:
                new = {"list": [old], "mapping": {path[-1]: old}}.get(str(change))
                holder[path[-1]] = VALUES[change] if isinstance(change, int) else new
            yield mutant


def outcome(text: str) -> AppSpec | tuple[Problem, ...]:
    """The spec or its problems, whose places are inside the text; nothing else is raised."""
    try:
        return parse_spec(text)
    except SpecError as error:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for problem in error.problems:
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        return error.problems


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_mutated_spec_is_kept_whole_or_refused_with_places(data: st.DataObject) -> None:
    mutant = copy.deepcopy(FULL)
    path = data.draw(st.sampled_from(sorted(places(FULL), key=str)))
    holder: Any = mutant
    for part in path[:-1]:
        holder = holder[part]
    if data.draw(st.booleans()):
        holder[path[-1]] = data.draw(json_values)
    if isinstance(holder, dict):
        holder["x-unknown"] = data.draw(json_values)
    result = outcome(yaml.safe_dump(mutant, default_style='"', allow_unicode=data.draw(st.booleans())))
    if isinstance(result, AppSpec):
        dump = result.model_dump(mode="json")
        assert AppSpec.model_validate(dump) == result
        assert unknown(dump) == unknown(mutant)


@given(st.text() | st.text("ab:-[]{}&*!|>'\"%@#,? \n\t", max_size=40))
def test_any_text_is_a_spec_or_problems(text: str) -> None:
    assert outcome(text)


@given(st.data())
def test_a_spec_cut_or_scribbled_on_is_a_spec_or_problems(data: st.DataObject) -> None:
    text = yaml.safe_dump(FULL)
    start = data.draw(st.integers(0, len(text)))
    scribble = data.draw(st.text("ab:-[]{}&*!|>'\"%@#,? \n\t\r\x85\u2028\ufeff", max_size=5))
    assert outcome(text[:start] + scribble + text[start + data.draw(st.integers(0, 20)) :])


def unknown(data: Any) -> list[str]:
    """Every value of an `x-unknown` key as JSON, sorted."""
    found: list[str] = []
    if isinstance(data, list):
        found = [text for item in data for text in unknown(item)]
    elif isinstance(data, dict):
        for key, value in data.items():
            found += [json.dumps(value, sort_keys=True)] if key == "x-unknown" else unknown(value)
    return sorted(found)
