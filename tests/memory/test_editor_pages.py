"""The editor: what it shows, what each verb does, and that a refused text comes back with its reason."""

import os
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from django.test import Client
from django.urls import reverse

from halo_site.datadir import locks
from memory import editing, editor_page
from memory.models import AuthorKind, Revision, digest
from memory.places import Place
from memory.recording import LIMIT_BYTES
from tests.conftest import BEGINNING
from tests.memory.conftest import Apps, put

pytestmark = pytest.mark.django_db
TEXT = "# now\n\nThe kettle costs 18.90.\n"
VERBS = ("save", "preview", "merge", "copy", "text_download", "rename", "remove", "restore")


def url(place: Place, verb: str, name: str = "") -> str:
    view = verb if "_" in verb else f"document_{verb}"
    return reverse(f"memory:{view}", args=[place.key, *([name] if name else [])])


def save(client: Client, place: Place, text: str, *, base: str, name: str = ""):  # type: ignore[no-untyped-def]
    return client.post(url(place, "save", name), {"text": text, "base": base})


def test_the_editor_holds_the_text_and_what_it_started_from(operator_client: Client, place: Place) -> None:
    put(place, TEXT)
    page = operator_client.get(url(place, "edit"))
    assert page.context["page"].text == TEXT
    assert f'name="base" value="{digest(TEXT.encode())}"' in page.content.decode()


def test_a_leading_empty_line_survives_the_browser(operator_client: Client, place: Place) -> None:
    put(place, "\nfirst\n")
    page = operator_client.get(url(place, "edit")).content.decode()
    assert 'aria-describedby="memory-counts">\n\nfirst\n</textarea>' in page


def test_looking_at_the_editor_writes_nothing(operator_client: Client, place: Place) -> None:
    path = put(place, TEXT)
    before = (path.stat().st_mtime_ns, Revision.objects.count())
    operator_client.get(url(place, "edit"))
    assert (path.stat().st_mtime_ns, Revision.objects.count()) == before


def test_what_is_saved_is_on_the_disk_and_says_by_whom(operator_client: Client, place: Place) -> None:
    path = put(place, TEXT)
    response = save(operator_client, place, "# now\r\n\r\nNew.\r\n", base=digest(TEXT.encode()))
    assert response.headers["Location"] == url(place, "edit")
    assert path.read_bytes() == b"# now\n\nNew.\n"
    newest = Revision.objects.latest("id")
    assert (newest.author_kind, newest.author_id) == (AuthorKind.PERSON, "operator")


def test_the_first_save_makes_the_main_file(operator_client: Client, place: Place) -> None:
    assert save(operator_client, place, TEXT, base="").status_code == 302
    assert (place.base / place.file).read_text() == TEXT


def test_the_same_form_twice_is_one_revision(operator_client: Client, place: Place) -> None:
    for _time in range(2):
        assert save(operator_client, place, TEXT, base="").status_code == 302
    assert Revision.objects.count() == 1


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_is_done_by_looking(operator_client: Client, place: Place, verb: str) -> None:
    put(place, TEXT)
    assert operator_client.get(url(place, verb)).status_code == 405
    assert (place.base / place.file).read_text() == TEXT


@pytest.mark.parametrize("verb", VERBS)
def test_a_stranger_is_sent_to_sign_in(client: Client, place: Place, verb: str) -> None:
    put(place, TEXT)
    answer = client.post(url(place, verb), {"base": digest(TEXT.encode())})
    page = "document_detail" if verb in {"rename", "remove", "restore"} else "edit"
    assert unquote(answer.headers["Location"]) == f"/login/?next={unquote(url(place, page))}"
    assert (place.base / place.file).read_text() == TEXT


@pytest.mark.parametrize("verb", ["save", "merge", "preview", "copy"])
def test_a_text_without_a_session_is_given_back(client: Client, place: Place, verb: str) -> None:
    put(place, TEXT)
    answer = client.post(url(place, verb, "notes.md"), {"text": "\n</textarea>words", "base": ""})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert 'readonly dir="auto">\n\n&lt;/textarea&gt;words</textarea>' in page
    editor = quote(url(place, "edit", "notes.md"), safe="")
    assert f'href="/login/?next={editor}" target="_blank"' in page


def test_a_new_file_without_a_session_is_given_back_with_its_name(client: Client, place: Place) -> None:
    address = reverse("memory:document_create", args=[place.key])
    page = client.post(address, {"name": "x<y>.md", "text": "words"}).content.decode()
    assert 'value="x&lt;y&gt;.md" readonly' in page
    assert quote(reverse("memory:document_new", args=[place.key]), safe="") in page


def test_a_text_with_an_old_token_is_given_back(operator: object, place: Place) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)  # type: ignore[arg-type]
    answer = client.post(url(place, "merge"), {"text": "put together", "mine": "<b>mine"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "put together</textarea>" in page
    assert "&lt;b&gt;mine</textarea>" in page
    assert f'href="{url(place, "edit")}" target="_blank"' in page
    assert "reload the page and send it once more" not in page


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_of_another_site_is_refused(operator: object, place: Place, verb: str) -> None:
    put(place, TEXT)
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)  # type: ignore[arg-type]
    assert client.post(url(place, verb), {"text": "x"}).status_code == 403


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ["../x.md", "a/../../x.md", ".hidden.md", "a\\b.md"])
def test_no_verb_leaves_the_place(operator_client: Client, place: Place, verb: str, name: str) -> None:
    address = url(place, verb, "NAME").replace("NAME", name.replace("\\", "%5C"))
    assert operator_client.post(address, {"text": "x", "base": ""}).status_code == 404


@pytest.mark.parametrize("verb", VERBS)
def test_a_place_that_is_not_there_is_not_found(operator_client: Client, db: None, verb: str) -> None:
    view = verb if "_" in verb else f"document_{verb}"
    assert operator_client.post(reverse(f"memory:{view}", args=["app:nobody"])).status_code == 404


@pytest.mark.parametrize(
    ("text", "reason"),
    [("x" * (1024 * 1024 + 1), "The limit is 1,048,576 bytes"), ("before\0after", "NUL"),
     ("价" * 1_750_000, "would have 5,250,000 bytes")],
    ids=["too large", "NUL", "a paste of 5 MB"],
)  # fmt: skip
def test_a_refused_text_comes_back_with_its_reason(
    operator_client: Client, place: Place, text: str, reason: str
) -> None:
    path = put(place, TEXT)
    response = save(operator_client, place, text, base=digest(TEXT.encode()))
    assert response.status_code == 422
    assert reason in response.content.decode()
    assert text in response.content.decode()
    assert path.read_text() == TEXT


def test_a_disk_that_objects_gives_the_text_back(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, TEXT)

    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    response = save(operator_client, place, "kept words", base=digest(TEXT.encode()))
    assert response.status_code == 422
    assert "kept words" in response.content.decode()
    assert "No space left on device" in response.content.decode()


def test_a_lock_that_is_not_free_gives_the_text_back(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, TEXT)
    monkeypatch.setattr(locks, "_acquired", lambda *_arguments: None)
    response = save(operator_client, place, "kept words", base=digest(TEXT.encode()))
    assert response.status_code == 422
    assert "kept words" in response.content.decode()


@pytest.mark.parametrize(
    ("data", "words"), [(b"caf\xe9", "not UTF-8 text"), (b"a\0b", "NUL bytes")], ids=["latin", "NUL"]
)
def test_what_is_no_text_is_shown_as_bytes_and_not_edited(
    operator_client: Client, place: Place, data: bytes, words: str
) -> None:
    put(place, data)
    page = operator_client.get(url(place, "edit")).content.decode()
    assert words in page
    assert data.hex(" ") in page
    assert "<textarea" not in page


def test_the_record_of_a_run_is_only_read(operator_client: Client, place: Place) -> None:
    put(place, "# Run\n", "run/1.md")
    assert "<textarea" not in operator_client.get(url(place, "edit", "run/1.md")).content.decode()


def test_the_preview_for_htmx_is_a_fragment(operator_client: Client, place: Place) -> None:
    response = operator_client.post(url(place, "preview"), {"text": "# Hi"}, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert page.startswith('<section class="preview" id="memory-preview"')
    assert "<h1>Hi</h1>" in page


def test_the_preview_without_htmx_is_the_editor_with_the_text(operator_client: Client, place: Place) -> None:
    page = operator_client.post(url(place, "preview"), {"text": "# Hi there", "base": "ab"}).content.decode()
    assert "\n# Hi there</textarea>" in page
    assert 'name="base" value="ab"' in page


def test_a_preview_writes_nothing(operator_client: Client, place: Place) -> None:
    operator_client.post(url(place, "preview"), {"text": "# Hi"})
    assert not (place.base / place.file).exists()
    assert not Revision.objects.exists()


def test_a_text_over_the_limit_has_a_sentence_for_its_preview(operator_client: Client, place: Place) -> None:
    text = "x" * (1024 * 1024 + 1)
    response = operator_client.post(url(place, "preview"), {"text": text}, headers={"HX-Request": "true"})
    assert "The text has 1,048,577 bytes" in response.content.decode()


def test_the_counts_stand_beside_the_limits(operator_client: Client, place: Place) -> None:
    put(place, "# now\n\n价格 is 18\n")
    page = operator_client.get(url(place, "edit")).content.decode()
    assert "5 words" in page
    assert "about 6 tokens" in page
    assert "fills 0 % of the 16 KB that a run is shown" in page


def test_a_new_file_is_made_under_the_name_that_was_typed(operator_client: Client, place: Place) -> None:
    made = operator_client.post(
        reverse("memory:document_create", args=[place.key]), {"name": " notes/shops ", "text": "x"}
    )
    assert made.headers["Location"] == url(place, "edit", "notes/shops.md")
    assert (place.base / place.below("notes/shops.md")).read_text() == "x"


@pytest.mark.parametrize(
    "name", ["", "CON.md", "x" * 300, "../x", "a\0b", "there.md"], ids=lambda name: name[:8] or "empty"
)
def test_a_refused_name_keeps_the_text(operator_client: Client, place: Place, name: str) -> None:
    put(place, TEXT, "there.md")
    made = operator_client.post(
        reverse("memory:document_create", args=[place.key]), {"name": name, "text": "kept words"}
    )
    assert made.status_code == 422
    assert "kept words" in made.content.decode()


def test_a_renamed_file_has_its_new_address(operator_client: Client, place: Place) -> None:
    put(place, TEXT, "old.md")
    response = operator_client.post(url(place, "rename", "old.md"), {"name": "new"})
    assert response.headers["Location"] == url(place, "detail", "new.md")
    assert not (place.base / place.below("old.md")).exists()


def test_a_rename_onto_a_file_changes_neither(operator_client: Client, place: Place) -> None:
    put(place, "old", "old.md")
    put(place, "there", "there.md")
    assert operator_client.post(url(place, "rename", "old.md"), {"name": "there.md"}).status_code == 409
    assert (place.base / place.below("old.md")).read_text() == "old"
    assert (place.base / place.below("there.md")).read_text() == "there"


def test_a_removed_file_is_listed_and_comes_back(operator_client: Client, place: Place) -> None:
    path = put(place, TEXT, "old.md")
    removed = operator_client.post(url(place, "remove", "old.md"), {"base": digest(TEXT.encode())})
    assert removed.headers["Location"] == reverse("memory:deleted_list", args=[place.key])
    page = operator_client.get(removed.headers["Location"])
    assert [file.name for file in page.context["found"].files] == ["old.md"]
    revision = page.context["found"].files[0].revision.pk
    operator_client.post(url(place, "restore", "old.md"), {"revision": revision, "base": ""})
    assert path.read_text() == TEXT


def test_what_changed_since_is_not_removed(operator_client: Client, place: Place) -> None:
    path = put(place, TEXT)
    assert operator_client.post(url(place, "remove"), {"base": digest(b"older")}).status_code == 409
    assert path.read_text() == TEXT


def test_a_file_that_vanished_offers_its_last_text(operator_client: Client, place: Place) -> None:
    save(operator_client, place, TEXT, base="")
    path = place.base / place.file
    path.unlink()
    page = operator_client.get(url(place, "detail"))
    assert "Put the last recorded text back" in page.content.decode()
    revision = page.context["document"].revision.pk
    operator_client.post(url(place, "restore"), {"revision": revision, "base": ""})
    assert path.read_text() == TEXT


def test_a_file_over_the_limit_shows_how_it_begins(operator_client: Client, place: Place) -> None:
    put(place, "the beginning " + "x" * 1024 * 1024)
    page = operator_client.get(url(place, "edit")).content.decode()
    assert "too large to edit" in page
    assert "the beginning" in page


def test_the_editor_asks_no_more_as_files_and_history_grow(
    operator_client: Client, apps: Apps, place: Place, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    def queries() -> int:
        with django_assert_max_num_queries(50) as captured:
            operator_client.get(url(place, "edit"))
        return len(captured)

    save(operator_client, place, TEXT, base="")
    put(place, TEXT, "first.md")
    before = queries()
    base = TEXT
    for number in range(10):
        save(operator_client, place, f"{TEXT}{number}", base=digest(base.encode()))
        base = f"{TEXT}{number}"
        put(place, TEXT, f"{number}.md")
        put(apps.install(f"app-{number}"), TEXT)
    assert queries() == before


def test_the_limits_of_page_and_file_are_one() -> None:
    assert editor_page.Preview().limit == 1024 * 1024


def test_nobody_writes_outside_of_the_place(operator_client: Client, place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "sentinel.md"
    outside.write_text("untouched")
    link = place.base / place.below("link.md")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    assert save(operator_client, place, "x", base="", name="link.md").status_code == 422
    assert outside.read_text() == "untouched"


def test_the_line_ends_of_a_form_do_not_count_in_a_preview(operator_client: Client, place: Place) -> None:
    text = "x\r\n" * (LIMIT_BYTES // 2)
    page = operator_client.post(url(place, "preview"), {"text": text}).context["page"]
    assert (page.preview.problem, page.preview.measure.size) == ("", LIMIT_BYTES)


def test_the_preview_of_an_opened_editor_has_its_wiki_links(operator_client: Client, place: Place) -> None:
    put(place, "there", "notes.md")
    put(place, "[[notes]]")
    editing.save(place, "notes.md", "there now", base=digest(b"there"), by="operator", now=BEGINNING)
    preview = operator_client.get(url(place, "edit")).context["preview"]
    assert f'href="{url(place, "document_detail", "notes.md")}' in preview.html


def test_a_file_that_is_not_there_yet_has_no_history_to_lead_to(
    operator_client: Client, place: Place
) -> None:
    page = operator_client.get(url(place, "edit")).content.decode()
    assert url(place, "history") not in page
    assert url(place, "blame") not in page


def test_the_history_of_a_vanished_file_can_be_reached_from_its_editor(
    operator_client: Client, place: Place
) -> None:
    editing.create(place, "notes.md", TEXT, by="operator", now=BEGINNING)
    (place.base / place.below("notes.md")).unlink()
    page = operator_client.get(url(place, "edit", "notes.md")).content.decode()
    assert url(place, "history", "notes.md") in page
    assert url(place, "blame", "notes.md") not in page
