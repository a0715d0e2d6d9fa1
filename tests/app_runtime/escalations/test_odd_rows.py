"""Questions whose rows another program wrote, in ways in which ours never writes them."""

import pytest
from django.db import connection
from django.test import Client

from app_manager.models import App
from app_runtime.escalations.exceptions import AlreadyAnswered
from app_runtime.escalations.questions import Answer, State, state_of
from app_runtime.models import Entry
from tests.app_runtime.escalations.asking import ask, drop, say

pytestmark = pytest.mark.django_db
HALF = '{"summary": "ok", "question": "Half an emoji \\ud83d", "choices": ["Yes \\uD83D", "No"]}'
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL takes no such JSON")


def overwrite(entry: Entry, column: str, text: str) -> Entry:
    """Have the row hold this JSON, as a stranger's INSERT does."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE activity_entries SET {column} = %s WHERE id = %s", [text, entry.pk])
    return Entry.objects.select_related("app").get(pk=entry.pk)


def pages_of(entry: Entry) -> list[str]:
    return [
        "/",
        "/escalations/",
        "/escalations/?q=half",
        f"/escalations/{entry.pk}/",
        f"/apps/{entry.app_id}/",
        f"/apps/{entry.app_id}/entries/{entry.pk}/",
        f"/runs/{entry.run_id}/",
        f"/admin/app_runtime/entry/{entry.pk}/change/",
        "/admin/app_runtime/entry/",
    ]


@on_sqlite
def test_every_page_shows_a_question_with_half_a_character(app: App, operator_client: Client) -> None:
    entry = overwrite(ask(app), "content_json", HALF)
    assert {page: operator_client.get(page).status_code for page in pages_of(entry)} == dict.fromkeys(
        pages_of(entry), 200
    )
    assert "Half an emoji \N{REPLACEMENT CHARACTER}" in operator_client.get("/escalations/").content.decode()


@on_sqlite
def test_a_question_with_half_a_character_can_be_answered(app: App) -> None:
    entry = overwrite(ask(app), "content_json", HALF)
    assert say(entry, Answer("Yes \N{REPLACEMENT CHARACTER}")) is not None


@on_sqlite
def test_a_question_with_half_a_character_can_be_dismissed(app: App) -> None:
    entry = overwrite(ask(app), "content_json", HALF)
    drop(entry)
    assert state_of(Entry.objects.get(pk=entry.pk)) == State.DISMISSED


@on_sqlite
def test_every_page_shows_an_answer_with_half_a_character(app: App, operator_client: Client) -> None:
    entry = overwrite(ask(app), "user_response_json", '{"ts": 1, "text": "\\ud83d"}')
    assert {operator_client.get(page).status_code for page in pages_of(entry)} == {200}


def test_whole_characters_are_read_as_they_are(app: App) -> None:
    entry = overwrite(ask(app), "content_json", '{"question": "\\ud83d\\ude00 \\u00e9"}')
    assert entry.said["question"] == "\N{GRINNING FACE} é"


def test_an_answer_that_is_jsons_null_is_an_answer_that_cannot_be_read(
    app: App, operator_client: Client
) -> None:
    entry = overwrite(ask(app), "user_response_json", "null")
    assert (entry.is_open_question, Entry.objects.open().exists()) == (False, False)
    html = operator_client.get(f"/escalations/{entry.pk}/").content.decode()
    assert ('name="text-0"' in html, "Its answer cannot be read." in html) == (False, True)
    listed = operator_client.get("/escalations/?state=answered").content.decode()
    assert "Its answer cannot be read." in listed
    thread = operator_client.get(f"/apps/{app.pk}/").content.decode()
    assert "Answered, in words that cannot be read." in thread


def test_an_answer_that_cannot_be_read_is_not_replaced(app: App) -> None:
    entry = overwrite(ask(app), "user_response_json", "null")
    with pytest.raises(AlreadyAnswered, match="nothing that can be read"):
        say(entry, Answer("Yes"))
