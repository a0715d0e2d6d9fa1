"""History and blame: who did what to a document, across its names, with bounded work."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from memory import documents, editing
from memory.blame import blame
from memory.history import compared, history, previous, revision_of, text_of
from memory.models import Revision, digest
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import put

pytestmark = pytest.mark.django_db


def save(place: Place, text: str, by: str, name: str = "") -> Revision:
    base = digest(documents.on_disk(place, name))
    revision = editing.save(place, name, text, base=base, by=by, now=BEGINNING).revision
    assert revision
    return revision


def blamed(place: Place, name: str = "") -> list[tuple[str, str]]:
    return [
        (line.text, line.revision.author_id if line.revision else "?") for line in blame(place, name).lines
    ]


def test_revisions_come_newest_first_in_pages_without_content(place: Place) -> None:
    made = [save(place, f"{number}", "mara").pk for number in range(5)]
    page = history(place, "", size=2)
    assert [revision.pk for revision in page.revisions] == made[:2:-1]
    assert page.revisions[0].get_deferred_fields() == {"content"}
    rest = history(place, "", before=page.older, size=10)
    assert [revision.pk for revision in rest.revisions] == made[2::-1]
    assert rest.older is None


def test_a_long_history_costs_no_more_queries(place: Place) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as context:
            history(place, "", size=3)
        return len(context)

    save(place, "x", "mara")
    few = queries()
    for number in range(10):
        save(place, f"{number}", "mara")
    assert queries() == few == 2


def test_history_goes_on_under_earlier_names(place: Place) -> None:
    save(place, "1", "mara", "a.md")
    editing.rename(place, "a.md", "b.md", by="ben", now=BEGINNING)
    editing.rename(place, "b.md", "c.md", by="ben", now=BEGINNING)
    save(place, "2", "mara", "c.md")
    save(place, "another file", "ben", "a.md")
    found = [(row.path, row.operation) for row in history(place, "c.md").revisions]
    assert found == [
        ("memory/c.md", "saved"),
        ("memory/c.md", "renamed"),
        ("memory/b.md", "renamed"),
        ("memory/a.md", "saved"),
    ]


def test_a_name_that_a_file_had_twice_is_followed_twice(place: Place) -> None:
    made = [save(place, "1", "mara", "b.md")]
    for old, new in (("b.md", "a.md"), ("a.md", "b.md"), ("b.md", "c.md")):
        editing.rename(place, old, new, by="ben", now=BEGINNING)
        made.append(save(place, f"{old}\n{len(made)}", "mara", new))
    found = [row for row in history(place, "c.md").revisions if row.operation == "saved"]
    assert found == made[::-1]
    assert len({row.pk for row in history(place, "c.md").revisions}) == 7


def test_what_was_removed_before_another_file_came_by_its_name_is_found(place: Place) -> None:
    gone = save(place, "gone", "mara", "b.md")
    editing.remove(place, "b.md", base=digest(b"gone"), by="mara", now=BEGINNING)
    save(place, "x", "mara", "a.md")
    editing.rename(place, "a.md", "b.md", by="mara", now=BEGINNING)
    assert gone in history(place, "b.md").revisions
    assert revision_of(place, "b.md", gone.pk) == gone
    assert blamed(place, "b.md") == [("x", "mara")]


def test_a_revision_of_another_document_is_none_of_this_one(place: Place, own_place: Place) -> None:
    other = save(place, "x", "mara", "a.md")
    theirs = save(own_place, "x", "mara")
    for pk in (other.pk, theirs.pk, 0, -1, 2**70, other.pk + 1000):
        assert revision_of(place, "", pk) is None


def test_the_state_before_a_change_follows_a_rename(place: Place) -> None:
    first = save(place, "one\n", "mara", "a.md")
    assert previous(first) is None
    arrival = editing.rename(place, "a.md", "b.md", by="ben", now=BEGINNING).revision
    assert arrival
    assert previous(arrival) == first
    second = save(place, "one\ntwo\n", "mara", "b.md")
    assert previous(second) == arrival
    assert (compared(previous(second), second).added, compared(None, first).added) == (1, 1)
    assert text_of(second) == "one\ntwo\n"


def test_each_line_is_by_whoever_brought_it_in(app: Caller, place: Place) -> None:
    documents.replace(app, place, "a\nb\n", now=BEGINNING)
    save(place, "a\nb\nc\n", "mara")
    save(place, "A\nb\nc\n", "ben")
    assert blamed(place) == [("A", "ben"), ("b", "kettle"), ("c", "mara")]
    assert blame(place, "").is_complete


def test_blame_follows_renames_and_restored_texts(place: Place) -> None:
    first = save(place, "a\nb\n", "mara", "x.md")
    save(place, "a\n", "ben", "x.md")
    editing.rename(place, "x.md", "y.md", by="ben", now=BEGINNING)
    editing.restore(place, "y.md", first, base=digest(b"a\n"), by="ben", now=BEGINNING)
    assert blamed(place, "y.md") == [("a", "mara"), ("b", "mara")]


def test_blame_stops_at_a_new_file_of_an_old_name(place: Place) -> None:
    save(place, "a\n", "mara", "x.md")
    editing.rename(place, "x.md", "y.md", by="mara", now=BEGINNING)
    save(place, "a\n", "ben", "x.md")
    assert blamed(place, "x.md") == [("a", "ben")]


def test_lines_that_nobody_recorded_yet_are_said_to_be(place: Place) -> None:
    save(place, "a\nb\n", "mara")
    put(place, "a\nnew\nb\n")
    lines = blame(place, "").lines
    assert [(line.text, line.is_unrecorded) for line in lines] == [("a", False), ("new", True), ("b", False)]
    assert Revision.objects.count() == 1


def test_a_file_without_any_revision_is_unrecorded(place: Place) -> None:
    put(place, "a")
    assert [line.is_unrecorded for line in blame(place, "").lines] == [True]


def test_no_file_has_no_lines(place: Place) -> None:
    assert blame(place, "").lines == ()


def test_blame_of_a_long_history_says_where_it_stops(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.blame.MOST_REVISIONS", 3)
    save(place, "old\n", "mara")
    for number in range(4):
        save(place, f"old\n{number}\n", "ben")
    found = blame(place, "")
    assert [(line.text, line.revision is None) for line in found.lines] == [("old", True), ("3", False)]
    assert found.known_since == BEGINNING


def test_blame_without_time_looks_at_one_state_and_says_so(place: Place) -> None:
    save(place, "old\n", "mara")
    save(place, "old\nnew\n", "ben")
    save(place, "old\nnew\nnewest\n", "ben")
    found = blame(place, "", seconds=-1)
    assert [line.revision is None for line in found.lines] == [True, True, False]
    assert not found.is_complete
