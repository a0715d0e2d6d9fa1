"""What was renamed outside: one revision says so, and the history goes with the file."""

from typing import Any

import pytest

from halo_site.datadir.files import locked
from memory import documents, editing
from memory.history import history
from memory.models import Revision, digest
from memory.outside import Watch
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import put

pytestmark = pytest.mark.django_db
TEXT = "kettle\n"


@pytest.fixture
def watch(place: Place, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """With time for everything, which knows a file ``old.md`` that a person wrote."""
    monkeypatch.setattr("memory.outside.LONGEST_SECONDS", 600)
    editing.save(place, "old.md", TEXT, base="", by="mara", now=BEGINNING)
    watch = Watch()
    watch.sweep(BEGINNING)
    return watch


def move(place: Place, old: str, new: str) -> None:
    """As ``mv`` does; also what our own renaming leaves where it is killed before its rows are there."""
    target = place.base / place.below(new)
    target.parent.mkdir(exist_ok=True)
    (place.base / place.below(old)).rename(target)


def told(place: Place, name: str) -> list[tuple[str, str]]:
    """The history as a person sees it, newest first."""
    return [(each.operation, each.author_kind) for each in history(place, name).revisions]


RENAMED, SAVED = ("renamed", "outside"), ("saved", "person")
REMOVED, FOUND = ("removed", "outside"), ("outside", "outside")


@pytest.mark.parametrize("new", ["new.md", "topics/new.md"])
def test_a_file_that_was_renamed_keeps_its_history(watch: Watch, place: Place, new: str) -> None:
    move(place, "old.md", new)
    watch.sweep(BEGINNING)
    watch.sweep(BEGINNING)
    assert told(place, new) == [RENAMED, SAVED]
    [departure] = Revision.objects.departures()
    assert departure.renamed_to == place.path(new)


def test_also_where_no_clock_ran_meanwhile(watch: Watch, place: Place) -> None:
    move(place, "old.md", "new.md")
    Watch().sweep(BEGINNING)
    assert told(place, "new.md") == [RENAMED, SAVED]


def test_a_name_that_was_used_before_can_be_the_new_one(watch: Watch, place: Place) -> None:
    saved = editing.save(place, "new.md", "x", base="", by="mara", now=BEGINNING)
    assert saved.revision
    editing.remove(place, "new.md", base=saved.revision.sha256, by="mara", now=BEGINNING)
    move(place, "old.md", "new.md")
    watch.sweep(BEGINNING)
    assert told(place, "new.md")[:2] == [RENAMED, ("removed", "person")]


def test_a_file_that_was_renamed_and_changed_is_another_one(watch: Watch, place: Place) -> None:
    move(place, "old.md", "new.md")
    put(place, "another text", "new.md")
    watch.sweep(BEGINNING)
    assert (told(place, "new.md"), told(place, "old.md")) == ([FOUND], [REMOVED, SAVED])


def test_of_two_copies_nobody_says_which_it_became(watch: Watch, place: Place) -> None:
    put(place, TEXT, "copy.md")
    move(place, "old.md", "new.md")
    watch.sweep(BEGINNING)
    assert (told(place, "new.md"), told(place, "copy.md")) == ([FOUND], [FOUND])


def test_a_copy_that_was_there_before_is_not_what_it_became(watch: Watch, place: Place) -> None:
    put(place, TEXT, "copy.md")
    watch.sweep(BEGINNING)
    (place.base / place.below("old.md")).unlink()
    watch.sweep(BEGINNING)
    assert (told(place, "copy.md"), told(place, "old.md")) == ([FOUND], [REMOVED, SAVED])


def test_one_that_left_for_another_place_is_removed_here(
    watch: Watch, place: Place, own_place: Place
) -> None:
    put(own_place, TEXT, "new.md")
    (place.base / place.below("old.md")).unlink()
    watch.sweep(BEGINNING)
    assert (told(own_place, "new.md"), told(place, "old.md")) == ([FOUND], [REMOVED, SAVED])


def test_the_main_file_keeps_its_name(watch: Watch, place: Place) -> None:
    editing.save(place, "", "main", base="", by="mara", now=BEGINNING)
    move(place, "", "new.md")
    watch.sweep(BEGINNING)
    assert (told(place, "new.md"), told(place, "")) == ([FOUND], [REMOVED, SAVED])


def test_empty_files_say_nothing_of_each_other(watch: Watch, place: Place) -> None:
    put(place, "", "empty.md")
    watch.sweep(BEGINNING)
    move(place, "empty.md", "other.md")
    watch.sweep(BEGINNING)
    assert told(place, "other.md") == [FOUND]


def test_a_place_in_which_somebody_writes_is_left_for_later(
    watch: Watch, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("outside", "moved"):
        monkeypatch.setattr(f"memory.{module}.LOCK_SECONDS", 0.01)
    move(place, "old.md", "new.md")
    with locked(place.lock):
        watch.sweep(BEGINNING)
    watch.sweep(BEGINNING)
    assert told(place, "new.md") == [RENAMED, SAVED]


BASE = digest(TEXT.encode())


def test_a_save_under_the_old_name_is_told_the_new_one(watch: Watch, place: Place) -> None:
    move(place, "old.md", "new.md")
    words = r"was renamed to memory/new\.md by a program outside Halo Site after"
    with pytest.raises(editing.Conflict, match=words) as met:
        editing.save(place, "old.md", "more", base=BASE, by="mara", now=BEGINNING)
    assert met.value.revision
    assert met.value.revision.renamed_to == place.path("new.md")
    assert told(place, "new.md") == [RENAMED, SAVED]


def test_a_save_under_the_new_name_goes_on_with_the_history(watch: Watch, place: Place) -> None:
    move(place, "old.md", "new.md")
    editing.save(place, "new.md", "more", base=BASE, by="mara", now=BEGINNING)
    watch.sweep(BEGINNING)
    assert told(place, "new.md") == [SAVED, RENAMED, SAVED]


@pytest.mark.parametrize("name", ["old.md", "new.md"])
def test_a_read_of_either_name_finds_that_it_was_renamed(
    watch: Watch, place: Place, app: Caller, name: str
) -> None:
    move(place, "old.md", "new.md")
    documents.read(app, place, name, now=BEGINNING)
    assert told(place, "new.md") == [RENAMED, SAVED]


@pytest.mark.parametrize("name", ["old.md", "new.md"])
def test_of_two_copies_nobody_says_so_in_a_read_either(
    watch: Watch, place: Place, app: Caller, name: str
) -> None:
    put(place, TEXT, "copy.md")
    move(place, "old.md", "new.md")
    documents.read(app, place, name, now=BEGINNING)
    assert not Revision.objects.departures()


@pytest.mark.parametrize("name", ["old.md", "other.md", "new.md"])
def test_of_two_that_are_gone_with_one_text_nobody_says_which_it_was(
    watch: Watch, place: Place, app: Caller, name: str
) -> None:
    editing.save(place, "other.md", TEXT, base="", by="mara", now=BEGINNING)
    (place.base / place.below("other.md")).unlink()
    move(place, "old.md", "new.md")
    documents.read(app, place, name, now=BEGINNING)
    assert not Revision.objects.departures()


def test_a_read_of_a_copy_that_is_new_leaves_the_first_one_alone(
    watch: Watch, place: Place, app: Caller
) -> None:
    put(place, TEXT, "copy.md")
    documents.read(app, place, "copy.md", now=BEGINNING)
    assert (told(place, "copy.md"), told(place, "old.md")) == ([FOUND], [SAVED])


def test_an_ordinary_save_never_looks_for_what_was_renamed(
    watch: Watch, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("memory.recording.record_move_of", lambda *facts: asked.append(facts))
    editing.save(place, "old.md", "more", base=BASE, by="mara", now=BEGINNING)
    editing.save(place, "fresh.md", "x", base="", by="mara", now=BEGINNING)
    put(place, "changed outside", "old.md")
    editing.save(place, "old.md", "y", base=digest(b"changed outside"), by="mara", now=BEGINNING)
    assert asked == []
