"""Long texts in the editor, and files that are larger than any text may be."""

import errno
import os

import pytest
from django.test import Client

from halo_site.datadir import trash
from halo_site.datadir.paths import data_dir
from memory import editing
from memory.history import history
from memory.places import Place
from memory.recording import LIMIT_BYTES
from tests.conftest import BEGINNING
from tests.memory.conftest import put
from tests.memory.test_editor_pages import url

pytestmark = pytest.mark.django_db


def test_a_long_text_has_its_preview_when_it_is_asked_for(operator_client: Client, place: Place) -> None:
    put(place, "# top\n\n" + "words\n" * 20_000)
    opened = operator_client.get(url(place, "edit")).content.decode()
    asked = operator_client.post(
        url(place, "preview"), {"text": "# top\n\n" + "words\n" * 20_000}
    ).content.decode()
    assert ("<h1>top</h1>" in opened, "<h1>top</h1>" in asked) == (False, True)


def test_an_outline_that_is_cut_says_so(operator_client: Client, place: Place) -> None:
    put(place, "# one more\n" * 501)
    assert "Outline: the first 500 headings" in operator_client.get(url(place, "edit")).content.decode()


HUGE = b"x" * (LIMIT_BYTES + 1)


def trashed() -> list[bytes]:
    return [path.read_bytes() for path in data_dir().trash.glob("*")]


def test_a_file_over_the_limit_goes_to_the_trash_and_its_page_says_so_before(
    operator_client: Client, place: Place
) -> None:
    path = put(place, HUGE, "notes.md")
    page = operator_client.get(url(place, "detail", "notes.md"))
    assert "Deleting moves it to the folder trash/" in page.content.decode()
    answer = operator_client.post(
        url(place, "remove", "notes.md"), {"base": page.context["document"].base}, follow=True
    )
    assert "was moved to the folder trash/" in answer.content.decode()
    assert (path.exists(), trashed()) == (False, [HUGE])


def test_what_was_never_recorded_is_not_offered_to_be_brought_back(
    operator_client: Client, place: Place
) -> None:
    put(place, HUGE, "notes.md")
    base = {"base": f"{len(HUGE)} bytes"}
    page = operator_client.post(url(place, "remove", "notes.md"), base, follow=True).content.decode()
    assert "It lies in the folder trash/" in page
    assert "Bring back" not in page


def test_a_file_over_the_limit_that_changed_since_is_not_removed(
    operator_client: Client, place: Place
) -> None:
    path = put(place, HUGE + b"more", "notes.md")
    answer = operator_client.post(url(place, "remove", "notes.md"), {"base": f"{len(HUGE)} bytes"})
    assert (answer.status_code, path.exists(), trashed()) == (409, True, [])


def test_a_trash_on_another_disk_has_a_copy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(place, HUGE, "notes.md")

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(trash, "move_out_below", refuse)
    editing.remove(place, "notes.md", base=f"{len(HUGE)} bytes", by="mara", now=BEGINNING)
    assert (path.exists(), trashed()) == (False, [HUGE])


@pytest.mark.parametrize("was_recorded", [True, False])
def test_a_file_over_the_limit_gets_another_name(place: Place, was_recorded: bool) -> None:
    if was_recorded:
        editing.create(place, "notes.md", "small", by="mara", now=BEGINNING)
    put(place, HUGE, "notes.md")
    saved = editing.rename(place, "notes.md", "other.md", by="mara", now=BEGINNING)
    assert (place.base / place.below("other.md")).read_bytes() == HUGE
    told = [(row.path, row.operation, row.text()) for row in history(place, "other.md").revisions]
    recorded = [(place.path("other.md"), "renamed", "small"), (place.path("notes.md"), "saved", "small")]
    assert (saved.size, told) == (len(HUGE), recorded if was_recorded else [])
