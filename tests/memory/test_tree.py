"""The tree by scope with its marks, who uses what, the table of rights, and the counts of a text."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from halo_site.doctor.findings import Finding
from memory import checkups, documents, tree
from memory.hexdump import hexdump
from memory.measures import measured
from memory.permissions import Caller
from memory.places import Place
from memory.rights import rights_of
from memory.sections import outline
from memory.tools import memory_list
from memory.tree import tree_of
from memory.users import User, register_users, users_now, users_of
from tests.conftest import BEGINNING
from tests.memory.conftest import Apps, put
from tests.memory.test_editor_pages import url

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(app: Caller) -> Iterator[User]:
    """A run of the app ``kettle`` that is going on."""
    run = User("8f3c12aa-0000-4000-8000-000000000000", "Kettle price watch", app)
    before = register_users(lambda: [run])
    yield run
    register_users(before)


def test_the_tree_has_all_scopes_and_the_files_of_the_place(place: Place) -> None:
    put(place, "x", "notes.md")
    found = tree_of(place, "notes.md")
    assert [link.place.scope for link in found.links] == ["user", "space", "app"]
    assert [link.is_current for link in found.links] == [False, False, True]
    assert found.files.folders[0].files[0].name == "notes.md"


def test_the_tree_is_bounded_and_has_the_place_that_is_looked_at(
    apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "APPS_LISTED", 2)
    places = [apps.install(f"app-{number}") for number in range(4)]
    found = tree_of(places[3])
    assert [link.place.key for link in found.links if link.place.scope == "app"] == [
        "app:app-0",
        "app:app-1",
        "app:app-3",
    ]
    assert found.has_more


def test_a_run_uses_what_it_may_read(place: Place, own_place: Place, apps: Apps, user: User) -> None:
    other = apps.install("other")
    used = {link.place.key: link.is_used for link in tree_of(place).links}
    assert used == {"user": True, f"space:{apps.space.id}": True, place.key: True, other.key: False}


def test_the_editor_says_that_a_run_uses_it(operator_client: Client, place: Place, user: User) -> None:
    page = operator_client.get(url(place, "edit")).content.decode()
    assert "A run may be using this memory now" in page
    assert "run 8f3c12aa" in page


def test_the_owners_run_comes_first(place: Place, own_place: Place, user: User) -> None:
    stranger = User("1", "Other", Caller("app", "other", place.space_id, space_memory=True))
    assert users_of(own_place, [stranger, user]) == [stranger, user]
    assert users_of(place, [stranger, user]) == [user]


def test_nobody_uses_memory_until_somebody_knows(place: Place) -> None:
    before = register_users(list)
    assert users_now() == []
    register_users(before)


def test_what_the_tools_wrote_is_recorded(app: Caller, place: Place) -> None:
    documents.replace(app, place, "one\n", now=timezone.now())
    assert tree_of(place).files.main is not None
    assert not tree_of(place).files.main.is_unrecorded  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["another length\n", "two\n"], ids=["size", "time"])
def test_what_changed_past_us_is_marked(app: Caller, place: Place, text: str) -> None:
    documents.replace(app, place, "one\n", now=timezone.now() - timedelta(hours=1))
    put(place, text)
    assert tree_of(place).files.main.is_unrecorded  # type: ignore[union-attr]


def test_a_file_that_was_only_touched_is_not_marked(app: Caller, place: Place) -> None:
    documents.replace(app, place, "one\n", now=timezone.now() - timedelta(hours=1))
    os.utime(place.base / place.file)
    assert not tree_of(place).files.main.is_unrecorded  # type: ignore[union-attr]


def test_the_main_file_of_an_app_is_read_each_run(place: Place, own_place: Place) -> None:
    put(place, "x")
    put(own_place, "x")
    assert tree_of(place).files.main.is_read_each_run  # type: ignore[union-attr]
    assert not tree_of(own_place).files.main.is_read_each_run  # type: ignore[union-attr]


def test_a_file_over_the_limit_is_marked(place: Place) -> None:
    put(place, "x" * (documents.LIMIT_BYTES + 1), "big.md")
    assert tree_of(place).files.folders[0].files[0].is_over_limit


def test_the_rights_are_those_that_are_enforced(place: Place, shared_place: Place, own_place: Place) -> None:
    def table(of: Place) -> list[tuple[bool, bool, bool]]:
        return [(row.can_read, row.can_append, row.can_replace) for row in rights_of(of)]

    everything, reading, nothing = (True, True, True), (True, False, False), (False, False, False)
    people = [everything, reading, nothing]  # operators, viewers, and people of other spaces
    assert table(own_place) == [*people, everything, reading]
    assert table(place) == [*people, nothing, everything, nothing]
    assert table(shared_place) == [*people, everything, (True, True, False), nothing, nothing]


@pytest.mark.parametrize(
    ("text", "words", "tokens"),
    [("", 0, 0), ("one two-three\n", 3, 4), ("价格 is 18", 4, 4), ("ключ", 1, 4), ("カケ", 2, 2)],
)
def test_a_text_is_counted(text: str, words: int, tokens: int) -> None:
    counts = measured(text)
    assert (counts.words, counts.tokens, counts.size) == (words, tokens, len(text.encode()))


def test_a_long_text_counts_as_what_a_run_is_shown() -> None:
    counts = measured("# now\n" + "x" * 100 + "\n" + "# more\n" * 5000)
    assert 0 < counts.snapshot_bytes <= counts.snapshot_limit


@pytest.mark.parametrize("text", ["", "# now\n", "# a\n\nb\n" * 40, "```\n# no\n```\n" * 40 + "# yes\n"])
def test_a_known_outline_changes_nothing_of_the_counts(text: str) -> None:
    assert measured(text, outline(text)) == measured(text)


def test_bytes_are_dumped_sixteen_a_line() -> None:
    assert hexdump(b"\0" + b"A" * 16).split("\n") == [
        "00000000  00 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41  .AAAAAAAAAAAAAAA",
        "00000010  41                                               A",
    ]


def test_only_the_first_bytes_are_dumped() -> None:
    assert len(hexdump(b"x" * 100_000).split("\n")) == 256


def test_a_run_that_starts_while_somebody_types_is_announced(
    operator_client: Client, place: Place, user: User
) -> None:
    answer = operator_client.post(url(place, "preview"), {"text": "x"}, headers={"hx-request": "true"})
    page = answer.content.decode()
    assert '<div id="memory-users" aria-live="polite" hx-swap-oob="true">' in page
    assert "A run may be using this memory now" in page


def test_the_editor_names_its_runs_once(operator_client: Client, place: Place, user: User) -> None:
    page = operator_client.get(url(place, "edit")).content.decode()
    assert page.count('id="memory-users"') == 1
    assert "hx-swap-oob" not in page


def planted(place: Place, tmp_path: Path) -> None:
    """One file that is memory, others that are not, and one that nobody takes for it."""
    folder = put(place, "x", "good.md").parent
    for name in ("cafe\u0301.md", " lead.md", "zero\u200bwidth.md", "UPPER.MD", "notes.txt", ".hidden.md"):
        (folder / name).write_text("x")
    Path(os.fsdecode(os.fsencode(folder) + b"/latin\xe9.md")).write_text("x")
    os.mkfifo(folder / "pipe.md")
    (folder / "link.md").symlink_to(tmp_path)
    (folder / "twice.md").write_text("x")
    (folder / "also.md").hardlink_to(folder / "twice.md")


REASONS = (
    "composed form",
    "starts or ends with a space",
    "control or invisible character",
    "does not end in .md",
    "not a regular file",
    "it is a link",
    "hard-linked",
)


@pytest.mark.parametrize("address", ["/memory/", "/memory/app:kettle/"])
def test_files_that_are_not_shown_are_said_to_be_there(
    operator_client: Client, place: Place, tmp_path: Path, address: str
) -> None:
    planted(place, tmp_path)
    page = operator_client.get(address).content.decode()
    assert "9 files are not shown" in page
    assert [reason for reason in REASONS if reason not in page] == []
    assert "notes.txt" not in page
    assert ".hidden.md" not in page


def test_an_agent_hears_of_files_that_are_no_memory(place: Place, app: Caller, tmp_path: Path) -> None:
    planted(place, tmp_path)
    first, last = memory_list(app, "app").splitlines()
    assert first == "good.md (1 byte)"
    assert last.startswith("(9 more are no memory files: ")


def test_the_doctor_names_files_that_are_no_memory(place: Place, tmp_path: Path) -> None:
    planted(place, tmp_path)
    found = [each for each in checkups.documents(BEGINNING) if isinstance(each, Finding)]
    assert sum("it is no memory" in each.what for each in found) == 9
