"""History, one revision, restoring, who wrote which line, deleted files."""

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from memory import blame as blame_module
from memory import deleted, documents, editing, history_page, views
from memory.history_page import history_list
from memory.models import Operation, Revision, digest
from memory.permissions import Caller
from memory.places import Place
from memory.users import register_kept_runs
from tests.conftest import BEGINNING
from tests.memory.conftest import put
from tests.memory.test_editor_pages import url

pytestmark = pytest.mark.django_db
RUN = "8f3c12aa-0000-4000-8000-000000000000"
PAGES = ("document_history", "document_blame", "revision_detail", "deleted_list")


def written(place: Place, app: Caller, *texts: str) -> list[Revision]:
    """The revisions of an app's run that replaced the main file by each of the texts."""
    moments = (BEGINNING + timedelta(minutes=number) for number in range(len(texts)))
    saved = [
        documents.replace(app, place, text, now=moment, run_id=RUN)
        for text, moment in zip(texts, moments, strict=False)
    ]
    return [each.revision for each in saved if each.revision]


def revision_url(place: Place, revision: Revision, name: str = "") -> str:
    names = [name] if name else []
    arguments = {"place_key": place.key, "number": revision.pk, **({"relative": name} if names else {})}
    return reverse("memory:revision_detail", kwargs=arguments)


@pytest.fixture
def kept() -> Iterator[set[str]]:
    """The ids of the runs that have a page."""
    runs = {RUN}
    before = register_kept_runs(runs.intersection)
    yield runs
    register_kept_runs(before)


def test_the_history_names_run_size_and_operation(
    operator_client: Client, place: Place, app: Caller, kept: set[str]
) -> None:
    written(place, app, "one\n", "one\ntwo\n")
    page = operator_client.get(url(place, "history")).content.decode()
    assert reverse("app_runtime:run_detail", args=[RUN]) in page
    assert "+4 <span" in page
    assert "replaced" in page


@pytest.mark.parametrize("verb", PAGES)
def test_a_run_that_is_not_kept_is_named_without_a_link(
    operator_client: Client, place: Place, app: Caller, kept: set[str], verb: str
) -> None:
    address = reverse("app_runtime:run_detail", args=[RUN])
    revision = written(place, app, "one\n")[0]
    if verb == "deleted_list":
        revision.pk, revision.path, revision.sha256 = None, place.path("gone.md"), ""
        revision.operation = Operation.REMOVED
        revision.save()
    page_address = {
        "revision_detail": revision_url(place, revision),
        "deleted_list": reverse("memory:deleted_list", args=[place.key]),
    }.get(verb) or url(place, verb.removeprefix("document_"))
    with_link = operator_client.get(page_address).content.decode()
    kept.clear()
    without = operator_client.get(page_address).content.decode()
    assert (address in with_link, address in without, "run 8f3c12aa" in without) == (True, False, True)


def test_a_page_of_history_ends_and_the_next_begins_there(
    place: Place, app: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_page, "ROWS", 2)
    revisions = written(place, app, "1\n", "22\n", "333\n")
    first = history_list(place, "", None)
    second = history_list(place, "", first.older)
    assert [row.revision.pk for row in first.rows] == [revisions[2].pk, revisions[1].pk]
    assert ([row.revision.pk for row in second.rows], second.older) == ([revisions[0].pk], None)
    assert [row.change for row in [*first.rows, *second.rows]] == [1, 1, 2]


@pytest.mark.parametrize("before", ["", "x", "-1", "0", "9" * 30, "1\0", "²"])
def test_an_odd_place_in_history_is_no_error(
    operator_client: Client, place: Place, app: Caller, before: str
) -> None:
    written(place, app, "one\n")
    assert operator_client.get(url(place, "history"), {"before": before}).status_code == 200


def test_the_history_asks_no_more_as_it_grows(
    operator_client: Client, place: Place, app: Caller, django_assert_max_num_queries: Any
) -> None:
    def queries(verb: str) -> int:
        with django_assert_max_num_queries(50) as captured:
            operator_client.get(url(place, verb))
        return len(captured)

    written(place, app, "0\n", "1\n")
    before = [queries("history"), queries("blame")]
    written(place, app, *(f"line {number}\n" for number in range(6)))
    assert [queries("history"), queries("blame")] == before


def test_a_revision_is_shown_beside_the_one_before(
    operator_client: Client, place: Place, app: Caller
) -> None:
    _one, two = written(place, app, "costs 18 now\n", "costs 17 now\n")
    page = operator_client.get(revision_url(place, two)).content.decode()
    assert "<del>18</del>" in page
    assert "<ins>17</ins>" in page


def test_a_revision_is_shown_beside_what_is_there_now(
    operator_client: Client, place: Place, app: Caller
) -> None:
    one, _two, _three = written(place, app, "costs 1 now\n", "costs 2 now\n", "costs 3 now\n")
    page = operator_client.get(revision_url(place, one), {"with": "now"}).content.decode()
    assert "<del>1</del>" in page
    assert "<ins>3</ins>" in page


def test_a_revision_of_another_document_is_not_found(
    operator_client: Client, place: Place, app: Caller, own_place: Place
) -> None:
    (one,) = written(place, app, "one\n")
    put(own_place, "mine")
    assert operator_client.get(revision_url(own_place, one)).status_code == 404
    assert operator_client.post(url(own_place, "restore"), {"revision": one.pk}).status_code == 404


def test_an_earlier_text_is_restored_as_a_new_revision(
    operator_client: Client, place: Place, app: Caller
) -> None:
    one, two = written(place, app, "one\n", "two\n")
    operator_client.post(url(place, "restore"), {"revision": one.pk, "base": two.sha256})
    assert (place.base / place.file).read_text() == "one\n"
    newest = Revision.objects.latest("id")
    assert (newest.author_id, newest.operation) == ("operator", "restored")


def test_restoring_twice_is_one_revision(operator_client: Client, place: Place, app: Caller) -> None:
    one, two = written(place, app, "one\n", "two\n")
    for _time in range(2):
        operator_client.post(url(place, "restore"), {"revision": one.pk, "base": two.sha256})
    assert Revision.objects.count() == 3


def test_what_moved_on_is_not_restored_over(operator_client: Client, place: Place, app: Caller) -> None:
    one, two = written(place, app, "one\n", "two\n")
    put(place, "three\n")
    response = operator_client.post(url(place, "restore"), {"revision": one.pk, "base": two.sha256})
    assert response.status_code == 409
    assert (place.base / place.file).read_text() == "three\n"


@pytest.mark.parametrize("number", ["", "x", "0", "-4", "9" * 40, "²"])
def test_a_revision_that_is_none_is_not_found(operator_client: Client, place: Place, number: str) -> None:
    assert operator_client.post(url(place, "restore"), {"revision": number}).status_code == 404


def test_each_line_names_its_writer(operator_client: Client, place: Place, app: Caller) -> None:
    (one,) = written(place, app, "one\n")
    editing.save(place, "", "one\ntwo\n", base=one.sha256, by="somebody", now=BEGINNING)
    passages = operator_client.get(url(place, "blame")).context["passages"]
    assert [(part.lines, part.revision.author) for part in passages] == [
        (["one"], "run 8f3c12aa"),
        (["two"], "somebody"),
    ]


def test_a_line_from_outside_is_said_not_to_be_recorded(
    operator_client: Client, place: Place, app: Caller
) -> None:
    written(place, app, "one\n")
    put(place, "one\nfrom elsewhere\n")
    page = operator_client.get(url(place, "blame")).content.decode()
    assert "changed on disk, not yet recorded" in page


def test_a_file_that_never_was_has_no_history(operator_client: Client, place: Place) -> None:
    assert operator_client.get(url(place, "history", "none.md")).status_code == 404


def test_a_file_that_nobody_recorded_has_an_empty_history(operator_client: Client, place: Place) -> None:
    put(place, "x")
    assert "Nothing is recorded yet" in operator_client.get(url(place, "history")).content.decode()


def test_a_renamed_file_is_not_a_deleted_one(place: Place) -> None:
    editing.create(place, "old.md", "x", by="a", now=BEGINNING)
    editing.rename(place, "old.md", "new.md", by="a", now=BEGINNING)
    assert deleted.deleted_files(place).files == []


def test_a_file_that_came_back_is_no_deleted_one(place: Place) -> None:
    editing.create(place, "old.md", "x", by="a", now=BEGINNING)
    editing.remove(place, "old.md", base=digest(b"x"), by="a", now=BEGINNING)
    assert [file.name for file in deleted.deleted_files(place).files] == ["old.md"]
    put(place, "again", "old.md")
    assert deleted.deleted_files(place).files == []


def test_what_was_not_looked_at_is_said(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.md", "b.md", "c.md"):
        editing.create(place, name, "x", by="a", now=BEGINNING)
        editing.remove(place, name, base=digest(b"x"), by="a", now=BEGINNING)
    monkeypatch.setattr(deleted, "WINDOW", 2)
    page = operator_client.get(reverse("memory:deleted_list", args=[place.key]))
    assert [file.name for file in page.context["found"].files] == ["c.md"]
    assert "Only the newest" in page.content.decode()


def test_the_first_text_of_a_file_was_made(place: Place) -> None:
    editing.create(place, "notes.md", "one", by="operator", now=BEGINNING)
    editing.save(place, "notes.md", "two", base=digest(b"one"), by="operator", now=BEGINNING)
    assert [row.revision.deed for row in history_list(place, "notes.md", None).rows] == ["edited", "made"]


def test_the_lines_of_a_file_that_never_was_are_not_found(operator_client: Client, place: Place) -> None:
    assert operator_client.get(url(place, "blame", "never.md")).status_code == 404
    assert operator_client.get(url(place, "blame")).status_code == 404


def test_the_lines_of_a_vanished_file_are_said_to_be_gone(operator_client: Client, place: Place) -> None:
    editing.create(place, "notes.md", "one", by="operator", now=BEGINNING)
    (place.base / place.below("notes.md")).unlink()
    answer = operator_client.get(url(place, "blame", "notes.md"))
    assert (answer.status_code, "This file is gone" in answer.content.decode()) == (200, True)


def test_a_rename_is_one_act_of_the_history(place: Place) -> None:
    editing.create(place, "a.md", "x", by="operator", now=BEGINNING)
    for old, new in (("a.md", "b.md"), ("b.md", "a.md"), ("a.md", "b.md")):
        editing.rename(place, old, new, by="operator", now=BEGINNING)
    deeds = [row.revision.deed for row in history_list(place, "b.md", None).rows]
    assert deeds == ["renamed", "renamed", "renamed", "made"]
    gone = history_list(place, "a.md", None).rows
    assert (gone[0].revision.deed, gone[0].revision.renamed_to) == ("renamed", "memory/b.md")


def test_what_was_deleted_cannot_be_told_of_a_folder_that_is_missing(
    operator_client: Client, place: Place
) -> None:
    shutil.rmtree((place.base / place.file).parent)
    answer = operator_client.get(reverse("memory:deleted_list", args=[place.key]))
    assert answer.status_code == 200
    assert "is missing: what is remembered there cannot be shown" in answer.content.decode()
    assert "Nothing is deleted here" not in answer.content.decode()


def test_what_was_deleted_cannot_be_told_of_a_folder_that_is_a_link(
    operator_client: Client, place: Place, tmp_path: Path
) -> None:
    (place.base / place.folder).symlink_to(tmp_path)
    answer = operator_client.get(reverse("memory:deleted_list", args=[place.key]))
    assert answer.status_code == 200
    assert "cannot be listed: a link or the disk is in the way" in answer.content.decode()


@pytest.mark.parametrize("view", ["document_blame", "document_raw"])
def test_a_file_that_cannot_be_read_is_said_to_be_so(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    put(place, "secret")

    def refuse(*_arguments: object) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    for module in (documents, blame_module, views):
        monkeypatch.setattr(module, "on_disk", refuse)
    page = operator_client.get(reverse(f"memory:{view}", args=[place.key])).content.decode()
    assert "This file cannot be read" in page
