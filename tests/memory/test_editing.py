"""Editing by people: every verb leaves its revision, nothing is overwritten unseen, bad names are refused."""

import stat

import pytest
from django.db import OperationalError

from memory import documents, editing
from memory.editing import Conflict
from memory.exceptions import MemoryRefused
from memory.models import Revision, digest
from memory.names import proposed
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import put

pytestmark = pytest.mark.django_db


def history(place: Place, name: str = "") -> list[tuple[str, str, str]]:
    """Author, operation and text of each revision of a document, oldest first."""
    found = Revision.objects.for_document(place.key, place.path(name)).order_by("id")
    return [(revision.author_kind, revision.operation, revision.data().decode()) for revision in found]


def save(place: Place, text: str, base: str | bytes = b"", name: str = "") -> editing.Saved:
    known = base if isinstance(base, str) else digest(base) if base else ""
    return editing.save(place, name, text, base=known, by="mara", now=BEGINNING)


def on_disk(place: Place, name: str = "") -> bytes | None:
    return documents.on_disk(place, name)


def test_a_save_is_a_revision_by_the_person(place: Place) -> None:
    put(place, "# now\n")
    saved = save(place, "# now\nmore\n", b"# now\n")
    assert saved.revision
    assert (saved.revision.author_kind, saved.revision.author_id) == ("person", "mara")
    assert history(place) == [("outside", "outside", "# now\n"), ("person", "saved", "# now\nmore\n")]
    assert on_disk(place) == b"# now\nmore\n"


def test_a_save_on_a_file_that_moved_on_writes_nothing_and_tells_what_is_there(
    app: Caller, place: Place
) -> None:
    documents.replace(app, place, "old", now=BEGINNING)
    documents.replace(app, place, "new", now=BEGINNING)
    with pytest.raises(Conflict, match="was changed after you opened it") as caught:
        save(place, "mine", b"old")
    assert caught.value.current == b"new"
    assert caught.value.revision
    assert caught.value.revision.author_id == "kettle"
    assert on_disk(place) == b"new"


def test_a_change_from_outside_is_recorded_before_it_is_a_conflict(place: Place) -> None:
    put(place, "old")
    save(place, "older", b"old")
    put(place, "by an editor on the server")
    with pytest.raises(Conflict):
        save(place, "mine", b"older")
    assert history(place)[-1] == ("outside", "outside", "by an editor on the server")


def test_a_file_that_vanished_is_a_conflict_with_nothing_there(place: Place) -> None:
    put(place, "old").unlink()
    with pytest.raises(Conflict, match="was removed after you opened it") as caught:
        save(place, "mine", b"old")
    assert caught.value.current is None
    assert on_disk(place) is None


def test_a_form_that_is_sent_twice_makes_one_revision(place: Place) -> None:
    put(place, "old")
    save(place, "new", b"old")
    assert save(place, "new", b"old").revision is None
    assert len(history(place)) == 2


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        (b"a\r\nb\r\n", "a\r\nb\r\nc\r\n", b"a\r\nb\r\nc\r\n"),
        (b"a\nb\n", "a\r\nB\r\n", b"a\nB\n"),
        (b"a\nb", "a\r\nc", b"a\nc"),
        (b"\xef\xbb\xbfa\r\n", "b\r\n", b"\xef\xbb\xbfb\r\n"),
        (b"a\r\nb\nc\nd\n", "a\nB\nc\nd\n", b"a\r\nB\nc\nd\n"),
        (b"a\rb\nc\n", "a\n\nb\nc\n", b"a\r\n\nb\nc\n"),
        ("a\u2028b\n".encode(), "a\u2028b\nc\n", "a\u2028b\nc\n".encode()),
    ],
    ids=["crlf", "lf", "no last newline", "bom", "mixed", "lone cr", "line separator"],
)
def test_lines_end_as_the_file_ends_them(place: Place, before: bytes, text: str, after: bytes) -> None:
    put(place, before)
    save(place, text, before)
    assert on_disk(place) == after


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\0b", "NUL character"),
        ("a\ud800", "not valid Unicode"),
        ("x" * 5_000_000, "5,000,000 bytes. The limit"),
    ],
    ids=["nul", "surrogate", "5 MB"],
)
def test_a_text_that_is_no_memory_is_refused_and_the_file_stays(place: Place, text: str, words: str) -> None:
    put(place, "old")
    with pytest.raises(MemoryRefused, match=words):
        save(place, text, b"old")
    assert on_disk(place) == b"old"


def test_the_line_ends_of_a_form_do_not_count_against_the_limit(place: Place) -> None:
    text = "x\n" * (documents.LIMIT_BYTES // 2)
    put(place, "old")
    assert save(place, text.replace("\n", "\r\n"), b"old").size == documents.LIMIT_BYTES


@pytest.mark.parametrize("error", [OperationalError("database is locked"), OperationalError("disk is full")])
def test_a_database_that_does_not_take_the_revision_is_a_sentence_and_no_change(
    place: Place, monkeypatch: pytest.MonkeyPatch, error: OperationalError
) -> None:
    put(place, "old")
    save(place, "older", b"old")

    def refuse(**_facts: object) -> None:
        raise error

    monkeypatch.setattr(Revision, "record", refuse)
    with pytest.raises(MemoryRefused, match="could not be written"):
        save(place, "mine", b"older")
    assert on_disk(place) == b"older"


def test_a_file_that_is_not_utf_8_is_not_edited(place: Place) -> None:
    put(place, b"caf\xe9")
    with pytest.raises(MemoryRefused, match="not UTF-8"):
        save(place, "café", b"caf\xe9")
    assert on_disk(place) == b"caf\xe9"


def test_a_new_file_is_made_below_a_new_folder(place: Place) -> None:
    saved = editing.create(place, "topics/kettles.md", "x\r\n", by="mara", now=BEGINNING)
    assert saved.path == "memory/topics/kettles.md"
    assert on_disk(place, "topics/kettles.md") == b"x\n"


def test_creating_what_is_there_is_a_conflict(place: Place) -> None:
    put(place, "old", "a.md")
    with pytest.raises(Conflict, match="already"):
        editing.create(place, "a.md", "new", by="mara", now=BEGINNING)
    assert on_disk(place, "a.md") == b"old"


@pytest.mark.parametrize(
    "name",
    [
        "CON.md", "con.extra.md", "lpt1.md", "COM\u00b9.md", "aux/x.md", "../x.md", ".hidden.md", "a/.b/c.md",
        "a.txt", "a .md", "a..md", "b./x.md", "b /x.md", "x" * 300 + ".md", "a\u202e.md", "a\n.md", "a\0.md",
        "/etc/x.md", "a//b.md", "a\\b.md", "e\u0301.md", "why?.md", "a/b/c/d/e/f/g/h/i/x.md", "\ud800.md",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_name_that_cannot_be_everywhere_is_refused(place: Place, name: str) -> None:
    with pytest.raises(MemoryRefused):
        editing.create(place, name, "x", by="mara", now=BEGINNING)
    assert not (place.base / place.folder).exists()
    assert not Revision.objects.exists()


@pytest.mark.parametrize(
    ("there", "name", "twin"),
    [
        ("Notes.md", "notes.md", "Notes.md"),
        ("Topics/a.md", "topics/b.md", "Topics"),
        ("straße.md", "STRASSE.md", "straße.md"),
    ],
)
def test_a_name_that_differs_in_case_only_is_refused(place: Place, there: str, name: str, twin: str) -> None:
    put(place, "x", there)
    with pytest.raises(MemoryRefused, match=f"“{twin}” is there"):
        editing.create(place, name, "x", by="mara", now=BEGINNING)


def test_a_name_whose_letters_are_composed_otherwise_is_refused(place: Place) -> None:
    put(place, "x")
    folder = place.base / place.folder
    folder.mkdir()
    (folder / "cafe\u0301.md").write_text("x")
    with pytest.raises(MemoryRefused, match="is there"):
        editing.create(place, "caf\u00e9.md", "x", by="mara", now=BEGINNING)


def test_a_file_in_the_place_of_a_folder_is_a_sentence(place: Place) -> None:
    put(place, "x", "a.md")
    with pytest.raises(MemoryRefused, match="not a folder"):
        editing.create(place, "a.md/b.md", "x", by="mara", now=BEGINNING)


def test_renaming_moves_the_file_and_both_names_say_so(place: Place) -> None:
    put(place, "x", "a.md")
    saved = editing.rename(place, "a.md", "deep/b.md", by="mara", now=BEGINNING)
    assert (on_disk(place, "a.md"), on_disk(place, "deep/b.md")) == (None, b"x")
    assert history(place, "a.md")[-1] == ("person", "renamed", "")
    assert history(place, "deep/b.md") == [("person", "renamed", "x")]
    left = Revision.objects.for_document(place.key, "memory/a.md").newest()
    assert left
    assert left.is_removal
    assert saved.revision
    assert (left.other_path, saved.revision.other_path) == ("memory/deep/b.md", "memory/a.md")


def test_renaming_never_overwrites(place: Place) -> None:
    put(place, "x", "a.md")
    put(place, "y", "b.md")
    with pytest.raises(Conflict, match="already"):
        editing.rename(place, "a.md", "b.md", by="mara", now=BEGINNING)
    assert (on_disk(place, "a.md"), on_disk(place, "b.md")) == (b"x", b"y")


def test_a_name_can_change_its_case(place: Place) -> None:
    put(place, "x", "a.md")
    editing.rename(place, "a.md", "A.md", by="mara", now=BEGINNING)
    assert on_disk(place, "A.md") == b"x"


@pytest.mark.parametrize(
    ("new", "words"),
    [("a.md", "memory/a.md has this name already"), ("", "memory/a.md needs a name")],
    ids=["its own", "empty"],
)
def test_a_name_that_is_none_or_no_other_is_refused_as_that(place: Place, new: str, words: str) -> None:
    put(place, "x", "a.md")
    with pytest.raises(MemoryRefused) as refused:
        editing.rename(place, "a.md", new, by="mara", now=BEGINNING)
    assert not isinstance(refused.value, Conflict)
    assert str(refused.value).startswith(words)


def test_what_is_not_there_is_not_renamed(place: Place) -> None:
    with pytest.raises(MemoryRefused, match="There is no file"):
        editing.rename(place, "a.md", "b.md", by="mara", now=BEGINNING)


@pytest.mark.parametrize(
    ("old", "new"), [("", "b.md"), ("a.md", ""), ("run/r.md", "b.md"), ("a.md", "run/b.md")]
)
def test_main_files_and_records_keep_their_names(place: Place, old: str, new: str) -> None:
    for name in ("", "a.md", "run/r.md"):
        put(place, "x", name)
    with pytest.raises(MemoryRefused):
        editing.rename(place, old, new, by="mara", now=BEGINNING)
    assert on_disk(place, old) == b"x"


@pytest.mark.parametrize("name", ["run/r.md", "archive/2026-11-23-0900.md"])
def test_records_are_not_edited_but_can_be_removed_and_brought_back(place: Place, name: str) -> None:
    put(place, "x", name)
    with pytest.raises(MemoryRefused, match="is a record"):
        save(place, "y", b"x", name)
    editing.remove(place, name, base=digest(b"x"), by="mara", now=BEGINNING)
    assert on_disk(place, name) is None
    first = Revision.objects.order_by("id")[0]
    editing.restore(place, name, first, base="", by="mara", now=BEGINNING)
    assert on_disk(place, name) == b"x"


def test_the_users_own_folder_may_have_an_archive(own_place: Place) -> None:
    editing.create(own_place, "archive/a.md", "x", by="mara", now=BEGINNING)
    assert on_disk(own_place, "archive/a.md") == b"x"


def test_removing_is_a_revision_and_restoring_brings_every_byte_back(place: Place) -> None:
    put(place, b"caf\xe9\r\n")
    editing.remove(place, "", base=digest(b"caf\xe9\r\n"), by="mara", now=BEGINNING)
    assert on_disk(place) is None
    first = Revision.objects.order_by("id")[0]
    editing.restore(place, "", first, base="", by="mara", now=BEGINNING)
    assert on_disk(place) == b"caf\xe9\r\n"
    rows = Revision.objects.order_by("id").values_list("author_kind", "operation")
    assert list(rows) == [("outside", "outside"), ("person", "removed"), ("person", "restored")]


def test_what_changed_meanwhile_is_neither_removed_nor_restored_over(place: Place) -> None:
    put(place, "old")
    save(place, "new", b"old")
    with pytest.raises(Conflict):
        editing.remove(place, "", base=digest(b"old"), by="mara", now=BEGINNING)
    first = Revision.objects.order_by("id")[0]
    with pytest.raises(Conflict):
        editing.restore(place, "", first, base=digest(b"old"), by="mara", now=BEGINNING)
    assert on_disk(place) == b"new"


def test_a_removal_and_another_memorys_version_are_not_restored(place: Place, own_place: Place) -> None:
    put(place, "x")
    removed = editing.remove(place, "", base=digest(b"x"), by="mara", now=BEGINNING)
    with pytest.raises(MemoryRefused, match="has no text"):
        editing.restore(place, "", removed, base="", by="mara", now=BEGINNING)
    with pytest.raises(MemoryRefused, match="another memory"):
        editing.restore(own_place, "", removed, base="", by="mara", now=BEGINNING)


def test_a_file_with_nul_bytes_is_not_edited(place: Place) -> None:
    path = put(place, b"a\0b")
    with pytest.raises(MemoryRefused, match="NUL bytes"):
        editing.save(place, "", "ab", base=digest(b"a\0b"), by="operator", now=BEGINNING)
    assert path.read_bytes() == b"a\0b"


@pytest.mark.parametrize(("typed", "name"), [("x/", "x/"), ("..", ".."), ("a/.", "a/."), ("a", "a.md")])
def test_a_name_is_refused_as_it_was_typed(typed: str, name: str) -> None:
    assert proposed(typed) == name


@pytest.mark.parametrize("mode", [0o444, 0o640, 0o666])
def test_a_replaced_file_is_its_owner_s_alone_whatever_its_mode_was(place: Place, mode: int) -> None:
    put(place, "old").chmod(mode)
    editing.save(place, "", "new", base=digest(b"old"), by="mara", now=BEGINNING)
    assert stat.S_IMODE(place.lock.stat().st_mode) == 0o600
