"""The commands print exactly what an agent gets, and fail with one line."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from memory import tools
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import Apps, put

pytestmark = pytest.mark.django_db

FILE = "# now\n\n## State\n- a"


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--mode", "headers"],
        ["--mode", "section", "--section", "state"],
        ["--mode", "tail", "--limit", "1"],
    ],
)
def test_reading_prints_exactly_what_the_tool_returns(
    user: Caller, own_place: Place, options: list[str]
) -> None:
    put(own_place, FILE)
    names = {"--mode": "mode", "--section": "section", "--limit": "limit"}
    given: dict[str, Any] = {
        names[key]: value for key, value in zip(options[::2], options[1::2], strict=True)
    }
    given |= {"limit": int(given["limit"])} if "limit" in given else {}
    expected = tools.memory_read(user, "user", **given, now=BEGINNING)
    assert run("memory_read", "--as", "user", "--scope", "user", *options) == expected


def test_a_file_of_the_folder_is_read_by_path(app: Caller, place: Place) -> None:
    put(place, FILE, "run/1.md")
    assert run("memory_read", "--as", "app:kettle", "--scope", "app", "--path", "run/1.md") == FILE


def test_the_content_of_a_write_is_an_option(own_place: Place) -> None:
    said = run("memory_write", "--as", "user", "--scope", "user", "--mode", "replace", "--content", FILE)
    assert said == "Replaced user-memory.md (19 of 1,048,576 bytes)."
    assert (own_place.base / own_place.file).read_text() == FILE


def test_the_content_of_a_write_may_come_from_standard_input(
    app: Caller, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("价格 19.50\n".encode())))
    run("memory_write", "--as", "app:kettle", "--scope", "app")
    assert (place.base / place.file).read_text().endswith(" by app:kettle -->\n价格 19.50\n")


def test_standard_input_that_is_not_utf8_is_refused(app: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    with pytest.raises(CommandError, match="not UTF-8"):
        run("memory_write", "--as", "app:kettle", "--scope", "app")


def test_the_list_is_what_the_tool_returns(app: Caller, place: Place) -> None:
    put(place, FILE)
    assert run("memory_list", "--as", "app:kettle", "--scope", "app") == tools.memory_list(app, "app")


def test_the_user_works_in_the_space_default_unless_another_is_named(apps: Apps, shared_place: Place) -> None:
    run("memory_write", "--as", "user", "--scope", "space", "--content", "x")
    assert (shared_place.base / shared_place.file).exists()
    assert "no memory.md" in run("memory_read", "--as", "user", "--scope", "space", "--space", "halo-temp")


def test_the_grant_of_an_app_is_looked_up(apps: Apps) -> None:
    apps.install("lamp", space_memory=False)
    with pytest.raises(CommandError, match=r"not granted.*memory\.space"):
        run("memory_read", "--as", "app:lamp", "--scope", "space")


@pytest.mark.parametrize(
    "arguments",
    [
        ["memory_read", "--as", "app:none", "--scope", "app"],
        ["memory_read", "--as", "app:", "--scope", "app"],
        ["memory_read", "--as", "person", "--scope", "user"],
        ["memory_read", "--as", "user", "--scope", "app"],
        ["memory_read", "--as", "user", "--scope", "world"],
        ["memory_read", "--as", "user", "--scope", "space", "--space", "none"],
        ["memory_read", "--as", "user", "--scope", "user", "--mode", "middle"],
        ["memory_read", "--as", "user", "--scope", "user", "--path", "../x.md"],
        ["memory_read", "--as", "user", "--scope", "user", "--path", "a\nb.md"],
        ["memory_write", "--as", "app:kettle", "--scope", "user", "--content", "x"],
        ["memory_write", "--as", "user", "--scope", "user", "--content", " "],
    ],
)
def test_a_refusal_is_one_line(app: Caller, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert len(str(caught.value).splitlines()) == 1
