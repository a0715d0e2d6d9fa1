"""The three tools: the text that an agent gets."""

from typing import Any

import pytest

from memory import documents
from memory.exceptions import MemoryRefused
from memory.permissions import Caller
from memory.places import Place
from memory.tools import (
    ListArguments,
    ReadArguments,
    WriteArguments,
    memory_list,
    memory_read,
    memory_write,
    parse_arguments,
)
from tests.conftest import BEGINNING
from tests.memory.conftest import Apps, put

pytestmark = pytest.mark.django_db

FILE = "# now\n\n## State\n- a\n\n# History\n"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, FILE),
        ({"mode": "headers"}, "L1: # now\nL3: ## State\nL6: # History"),
        ({"mode": "section", "section": "state"}, "## State\n- a\n"),
        ({"mode": "section"}, FILE),
        ({"mode": "tail", "limit": 2}, "(last 2 of 6 lines)\n\n# History\n"),
        ({"mode": "tail", "limit": 6}, FILE),
    ],
)
def test_each_mode_reads_its_part(app: Caller, place: Place, options: dict[str, Any], text: str) -> None:
    put(place, FILE)
    assert memory_read(app, "app", **options, now=BEGINNING) == text


def test_a_file_of_the_folder_is_read_by_the_name_that_the_list_gives(app: Caller, place: Place) -> None:
    put(place, FILE, "run/1.md")
    name = memory_list(app, "app").split(" ")[0]
    assert memory_read(app, "app", path=name, now=BEGINNING) == FILE


def test_a_missing_file_is_a_friendly_sentence(app: Caller) -> None:
    assert memory_read(app, "app", now=BEGINNING) == "(There is no memory.md yet. memory_write makes it.)"
    assert "memory_list" in memory_read(app, "app", path="run/1.md", now=BEGINNING)


@pytest.mark.parametrize("mode", ["full", "headers", "section", "tail"])
def test_an_empty_file_is_a_friendly_sentence(app: Caller, place: Place, mode: str) -> None:
    put(place, "\n")
    assert memory_read(app, "app", mode, "State", now=BEGINNING) == "(memory.md is empty.)"


def test_a_missing_section_is_answered_with_the_headings(app: Caller, place: Place) -> None:
    put(place, FILE)
    found = memory_read(app, "app", "section", "rules", now=BEGINNING)
    assert (
        found
        == "(No heading of memory.md contains “rules”. Its headings:)\nL1: # now\nL3: ## State\nL6: # History"
    )


def test_a_missing_section_of_a_plain_text_is_a_friendly_sentence(app: Caller, place: Place) -> None:
    put(place, "text")
    assert "has no headings" in memory_read(app, "app", "section", "rules", now=BEGINNING)


def test_writing_says_what_is_there_now(app: Caller) -> None:
    assert (
        memory_write(app, "app", "abc", "replace", now=BEGINNING)
        == "Replaced memory.md (3 of 1,048,576 bytes)."
    )
    assert "already had exactly this" in memory_write(app, "app", "abc", "replace", now=BEGINNING)
    assert memory_write(app, "app", "def", "append", now=BEGINNING).startswith("Appended to memory.md (")


def test_each_scope_is_its_own_memory(app: Caller, user: Caller) -> None:
    memory_write(user, "user", "of the user", "replace", now=BEGINNING)
    memory_write(user, "space", "of the space", "replace", now=BEGINNING)
    memory_write(app, "app", "of the app", "replace", now=BEGINNING)
    read = [memory_read(app, scope, now=BEGINNING) for scope in ("user", "space", "app")]
    assert read == ["of the user", "of the space", "of the app"]


def test_the_list_has_the_main_file_and_the_newest_names_first(app: Caller, place: Place) -> None:
    put(place, "abc")
    put(place, "x" * 1234, "run/2026-01-01.md")
    put(place, "x", "run/2026-01-02.md")
    listed = "memory.md (main file, 3 bytes)\nrun/2026-01-02.md (1 byte)\nrun/2026-01-01.md (1,234 bytes)"
    assert memory_list(app, "app") == listed


def test_a_long_list_says_what_it_leaves_out(
    app: Caller, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.tools.LISTED_FILES", 2)
    for number in range(5):
        put(place, "x", f"run/{number}.md")
    assert memory_list(app, "app").splitlines()[-1] == "(3 older files are not listed)"


def test_the_list_of_nothing_is_a_friendly_sentence(app: Caller) -> None:
    assert "no memory.md yet" in memory_list(app, "app")


@pytest.mark.parametrize(
    ("caller", "options", "sentence"),
    [
        (Caller("user"), {"scope": "app"}, "Only an app has memory of its own"),
        (Caller("user"), {"scope": "space"}, "Which space is not said"),
        (Caller("user"), {"scope": "space", "space_id": "none"}, "There is no space “none”"),
        (Caller("user"), {"scope": "world"}, "the scopes are user, space and app"),
        (Caller("user"), {"scope": "user", "mode": "middle"}, "the modes are"),
        (Caller("user"), {"scope": "user", "limit": 0}, "at least 1"),
        (Caller("user"), {"scope": "user", "path": "../../etc/passwd"}, "not accepted as a file name"),
        (Caller("user"), {"scope": "user", "path": "/etc/passwd"}, "absolute path"),
        (Caller("user"), {"scope": "user", "path": "notes.txt"}, "ends in .md"),
        (Caller("app", "gone"), {"scope": "app"}, "is not installed"),
        (Caller("app", "kettle"), {"scope": "space", "space_id": "halo-temp"}, "own space"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    apps: Apps, caller: Caller, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(MemoryRefused, match=sentence):
        memory_read(caller, **options, now=BEGINNING)


def test_a_write_mode_that_is_none_is_refused(app: Caller) -> None:
    with pytest.raises(MemoryRefused, match="append and replace"):
        memory_write(app, "app", "x", "prepend", now=BEGINNING)


def test_arguments_have_their_defaults() -> None:
    parsed = parse_arguments(ReadArguments, {"scope": "app"})
    assert parsed.model_dump() == {"scope": "app", "mode": "full", "section": None, "limit": 50, "path": None}


@pytest.mark.parametrize(
    ("model", "raw", "sentence"),
    [
        (ReadArguments, {"scope": "app", "line": 3}, "there is no argument “line”"),
        (ReadArguments, {}, "scope is missing"),
        (ReadArguments, {"scope": "world"}, "scope: input should be 'user', 'space' or 'app'"),
        (ReadArguments, {"scope": "app", "limit": 0}, "limit: input should be greater than or equal to 1"),
        (WriteArguments, {"scope": "app", "content": "x"}, "mode is missing"),
        (WriteArguments, {"scope": "app", "mode": "append"}, "content is missing"),
        (ListArguments, {"scope": "app", "path": "x"}, "The arguments are scope"),
    ],
)
def test_wrong_arguments_are_refused_with_a_sentence(model: Any, raw: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MemoryRefused, match=sentence):
        parse_arguments(model, raw)


@pytest.mark.parametrize("model", [ReadArguments, WriteArguments, ListArguments])
def test_the_schema_that_a_model_is_shown_describes_every_argument(model: Any) -> None:
    schema = model.model_json_schema()
    assert schema["additionalProperties"] is False
    assert all(field.get("description") for field in schema["properties"].values())


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_a_nul_is_refused_as_it_is_for_people(app: Caller, place: Place, mode: str) -> None:
    path = put(place, FILE)
    with pytest.raises(MemoryRefused, match="NUL"):
        memory_write(app, "app", "before\0after", mode, now=BEGINNING)
    assert path.read_text() == FILE


def test_a_record_with_a_nul_is_kept_as_a_text(place: Place) -> None:
    name = documents.write_run_record(place, BEGINNING, "8f3c12aa", "x", "before\0after")
    assert (place.base / place.below(name)).read_text() == "before\ufffdafter"
