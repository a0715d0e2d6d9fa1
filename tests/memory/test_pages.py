"""The read-only pages: what they show, what they refuse, and that looking changes nothing."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from halo_site.datadir.files import PathRefused
from halo_site.datadir.paths import DataDir
from memory import documents
from memory.models import Revision
from memory.pages import DocumentPage, State, document_page
from memory.permissions import Caller
from memory.places import Place
from memory.tree import place_files
from tests.conftest import BEGINNING
from tests.datadir.test_files import REFUSED_NAMES
from tests.memory.conftest import Apps, put
from tests.processes import everything

pytestmark = pytest.mark.django_db

FILE = "# now\n\n## State\n- **kettle**: 19.50 <script>alert(1)</script>\n"


def url(place: Place, name: str = "", view: str = "document_detail") -> str:
    return reverse(f"memory:{view}", args=[place.key, name] if name else [place.key])


def test_the_page_of_all_places_shows_scopes_files_and_sizes(operator_client: Client, place: Place) -> None:
    put(place, "x" * 2048)
    put(place, "x", "run/1.md")
    page = operator_client.get(reverse("memory:place_list")).content.decode()
    for text in (
        "You",
        "Default",
        "Kettle price watch",
        "memory.md",
        "run/1.md",
        "2 KB",
        "1 file in its folder",
    ):
        assert text in page


def test_a_document_is_shown_rendered_and_as_written(
    operator_client: Client, app: Caller, place: Place
) -> None:
    documents.replace(app, place, FILE, now=BEGINNING, run_id="8f3c12aa-0000")
    page = operator_client.get(url(place)).content.decode()
    assert "<strong>kettle</strong>: 19.50" in page
    assert "- **kettle**: 19.50 &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "by run 8f3c12aa" in page
    assert "not yet recorded" not in page


def test_what_nobody_sees_is_a_mark_in_the_text_as_written(operator_client: Client, place: Place) -> None:
    put(place, "see gnp.\u202eexe")
    page = operator_client.get(url(place)).content.decode()
    assert 'see gnp.<span class="diff-hidden">U+202E</span>exe' in page


def test_a_change_on_disk_is_said_and_not_recorded(
    operator_client: Client, app: Caller, place: Place
) -> None:
    documents.replace(app, place, FILE, now=BEGINNING)
    put(place, "changed")
    assert "Changed on disk, not yet recorded" in operator_client.get(url(place)).content.decode()
    assert Revision.objects.count() == 1


def test_looking_changes_neither_files_nor_revisions(
    operator_client: Client, data_directory: DataDir, place: Place
) -> None:
    put(place, FILE)
    put(place, FILE, "run/1.md")
    before = everything(data_directory.root)
    for _turn in range(2):
        for address in (
            reverse("memory:place_list"),
            url(place),
            url(place, "run/1.md"),
            url(place, "", "document_raw"),
        ):
            assert operator_client.get(address).status_code == 200
    assert everything(data_directory.root) == before
    assert not Revision.objects.exists()


def test_pages_are_for_people_who_are_signed_in(client: Client, place: Place) -> None:
    put(place, "secret text")
    for address in (reverse("memory:place_list"), url(place), url(place, "", "document_raw")):
        response = client.get(address)
        assert response.status_code == 302
        assert b"secret" not in response.content


def test_pages_take_no_post(operator_client: Client, place: Place) -> None:
    for address in (reverse("memory:place_list"), url(place), url(place, "", "document_raw")):
        assert operator_client.post(address).status_code == 405


@pytest.mark.parametrize("key", ["app:none", "space:none", "nobody", "user:", "app:\x00"])
def test_an_unknown_place_is_not_found(operator_client: Client, apps: Apps, key: str) -> None:
    for view in ("document_detail", "document_raw"):
        assert operator_client.get(reverse(f"memory:{view}", args=[key])).status_code == 404


@pytest.mark.parametrize("name", [name for name in REFUSED_NAMES if name])
def test_a_name_that_leads_out_is_not_found(operator_client: Client, place: Place, name: str) -> None:
    (place.base / "secret.md").write_text("sentinel")
    with pytest.raises(PathRefused):
        document_page(place, name)
    if "\ud800" not in name:
        for view in ("document_detail", "document_raw"):
            response = operator_client.get(
                url(place, "x.md", view).replace("x.md", name.replace("\n", "%0A"))
            )
            assert response.status_code in {301, 404}
            assert b"sentinel" not in response.content


@pytest.mark.parametrize(
    "path", ["..%2f..%2fsecret.md", "%2e%2e/secret.md", "%252e%252e/secret.md", "..%5csecret.md", "a%00.md"]
)
def test_an_encoded_name_that_leads_out_is_not_found(
    operator_client: Client, place: Place, path: str
) -> None:
    assert operator_client.get(f"{url(place)}{path}/").status_code == 404


@pytest.mark.parametrize(
    ("data", "state", "words"),
    [
        (None, State.NOTHING, "Nothing is remembered here yet"),
        (b" \n", State.EMPTY, "This file is empty"),
        (b"\xff\xfe", State.NOT_UTF8, "not UTF-8 text"),
        (b"x" * (documents.LIMIT_BYTES + 1), State.TOO_LARGE, "too large to edit"),
    ],
)
def test_a_main_file_without_text_has_a_friendly_page(
    operator_client: Client, place: Place, data: bytes | None, state: State, words: str
) -> None:
    if data is not None:
        put(place, data)
    assert document_page(place).state == state
    response = operator_client.get(url(place))
    assert response.status_code == 200
    assert words in response.content.decode()


def test_a_file_that_vanished_has_a_friendly_page(operator_client: Client, app: Caller, place: Place) -> None:
    documents.replace(app, place, FILE, now=BEGINNING)
    (place.base / place.file).unlink()
    page = operator_client.get(url(place)).content.decode()
    assert "This file is gone" in page
    assert "Changed on disk, not yet recorded" in page
    documents.read(app, place, now=BEGINNING)
    assert "not yet recorded" not in operator_client.get(url(place)).content.decode()


def test_a_link_is_refused_with_a_friendly_page(
    operator_client: Client, place: Place, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("sentinel")
    (place.base / place.file).symlink_to(tmp_path / "secret")
    response = operator_client.get(url(place))
    assert response.status_code == 404
    assert "This file is not opened" in response.content.decode()
    assert "sentinel" not in response.content.decode()
    assert operator_client.get(url(place, "", "document_raw")).status_code == 404
    assert operator_client.get(reverse("memory:place_list")).status_code == 200


def test_a_file_that_never_was_is_not_found(operator_client: Client, place: Place) -> None:
    assert operator_client.get(url(place, "run/none.md")).status_code == 404


def test_a_file_name_is_shown_as_text(operator_client: Client, place: Place) -> None:
    name = "<img src=x onerror=alert(1)>{{ 7|add:7 }}.md"
    put(place, FILE, name)
    page = operator_client.get(url(place, name)).content.decode()
    assert "<img" not in page
    assert "{{ 7|add:7 }}" in page


def test_the_download_is_the_bytes_that_no_browser_shows(operator_client: Client, place: Place) -> None:
    put(place, b"<script>\xff", "run/1.md")
    response = operator_client.get(url(place, "run/1.md", "document_raw"))
    assert response.content == b"<script>\xff"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == 'attachment; filename="1.md"'


def test_a_download_has_the_name_of_its_file(operator_client: Client, place: Place) -> None:
    put(place, "x", '播报 "1".md')
    disposition = operator_client.get(url(place, '播报 "1".md', "document_raw"))["Content-Disposition"]
    assert disposition.startswith("attachment; filename*=utf-8''")


def test_a_long_folder_is_listed_in_pages(place: Place) -> None:
    for number in range(5):
        put(place, "x", f"run/{number}.md")
    (first,) = place_files(place, limit=2).folders
    (second,) = place_files(place, before=first.older, limit=2).folders
    (last,) = place_files(place, before=second.older, limit=2).folders
    names = [[file.short for file in part.files] for part in (first, second, last)]
    assert names == [["4.md", "3.md"], ["2.md", "1.md"], ["0.md"]]
    assert (last.older, last.total) == ("", 5)


def test_the_tree_has_folders_and_opens_that_of_the_document(place: Place) -> None:
    for name in ("notes.md", "run/1.md", "archive/1.md"):
        put(place, "x", name)
    folders = place_files(place, current="run/1.md").folders
    assert [(folder.name, folder.total, folder.is_open) for folder in folders] == [
        ("", 1, True),
        ("archive", 1, False),
        ("run", 1, True),
    ]


def test_a_file_row_tells_when_it_changed(place: Place) -> None:
    os.utime(put(place, "x"), (1_000_000, 1_000_000))
    main = place_files(place).main
    assert main
    assert main.changed_at == datetime(1970, 1, 12, 13, 46, 40, tzinfo=UTC)


def test_a_document_page_is_one_query(app: Caller, place: Place, django_assert_num_queries: Any) -> None:
    documents.replace(app, place, FILE, now=BEGINNING)
    with django_assert_num_queries(1):
        document_page(place)


def test_the_pages_ask_no_more_as_tables_and_folders_grow(
    operator_client: Client, apps: Apps, app: Caller, place: Place, django_assert_max_num_queries: Any
) -> None:
    def queries(address: str) -> int:
        with django_assert_max_num_queries(50) as captured:
            operator_client.get(address)
        return len(captured)

    documents.replace(app, place, FILE, now=BEGINNING)
    addresses = [reverse("memory:place_list"), url(place)]
    before = [queries(address) for address in addresses]
    for number in range(20):
        documents.append(app, place, f"line {number}", now=BEGINNING)
        put(apps.install(f"app-{number}"), FILE)
        put(place, FILE, f"run/{number}.md")
    assert [queries(address) for address in addresses] == before


def test_many_apps_are_paged(operator_client: Client, apps: Apps) -> None:
    for number in range(40):
        apps.install(f"app-{number}", f"App {number:02}")
    first = operator_client.get(reverse("memory:place_list")).content.decode()
    second = operator_client.get(reverse("memory:place_list"), {"page": 2}).content.decode()
    assert "App 00" in first
    assert "App 39" not in first
    assert "App 39" in second


def test_a_folder_that_is_missing_is_not_called_empty(operator_client: Client, place: Place) -> None:
    place.base.joinpath(place.file).parent.rename(place.base / "elsewhere")
    page = operator_client.get(reverse("memory:place_list")).content.decode()
    assert f"{place.base.joinpath(place.file).parent} is missing" in page


def test_a_document_of_a_missing_folder_is_not_said_never_to_have_been(
    operator_client: Client, place: Place
) -> None:
    folder = (place.base / place.file).parent
    folder.rename(place.base / "elsewhere")
    page = operator_client.get(url(place)).content.decode()
    assert "The folder of this memory is missing" in page
    assert "Nothing is remembered here yet" not in page


def test_plain_files_are_listed_from_a_to_z_and_in_pages(place: Place) -> None:
    for number in range(3):
        put(place, "x", f"{number}.md")
    (first,) = place_files(place, limit=2).folders
    (second,) = place_files(place, before=first.older, limit=2).folders
    assert [[file.short for file in part.files] for part in (first, second)] == [["0.md", "1.md"], ["2.md"]]


@pytest.mark.parametrize("text", ["a\nb\n", "a\nb", "", "\n"])
def test_lines_are_counted_as_the_tools_count_them(place: Place, text: str) -> None:
    assert DocumentPage(place, "", "", State.READY, text=text).line_count == len(text.splitlines())
