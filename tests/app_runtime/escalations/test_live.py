"""What an inbox that stays open is told."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from app_manager.models import App
from tests.app_runtime.escalations.asking import ask, drop, page
from tests.factories import MINUTE, NINE

pytestmark = pytest.mark.django_db


def poll(client: Client, query: str = "") -> str:
    """What the inbox asks again while it is open, as a browser puts it together."""
    html = page(client, query=query)
    address = re.search(r'hx-get="([^"]+)"[^>]*hx-include="#inbox-shown, #inbox-told"', html)
    shown = re.search(r'id="inbox-shown" name="shown" value="([^"]*)"', html)
    assert address
    assert shown
    asked = unescape(address[1])
    return f"{asked}{'&' if '?' in asked else '?'}shown={shown[1]}"


def test_nothing_new_is_nothing_sent(operator_client: Client, app: App) -> None:
    ask(app)
    assert operator_client.get(poll(operator_client)).status_code == 204


def test_an_empty_list_is_filled(operator_client: Client, app: App) -> None:
    address = poll(operator_client)
    ask(app, question="Shall I stop?", summary="Shall I stop?")
    html = operator_client.get(address).content.decode()
    assert "Shall I stop?" in html
    assert "One question waits for you" in html
    assert "new-pill" not in html
    assert html.count("hx-swap-oob") == 2


def test_a_list_with_questions_is_never_sent_anew(operator_client: Client, app: App) -> None:
    ask(app)
    address = poll(operator_client)
    ask(app, at=NINE + MINUTE, question="Shall I stop?", summary="Shall I stop?")
    html = operator_client.get(address).content.decode()
    assert "1 new question" in html
    assert "Shall I stop?" not in html
    assert "hx-swap-oob" not in html


def test_what_was_told_is_not_told_again(operator_client: Client, app: App) -> None:
    ask(app)
    address = poll(operator_client)
    ask(app, at=NINE + MINUTE)
    told = re.search(r'name="told" value="([^"]+)"', operator_client.get(address).content.decode())
    assert told
    assert operator_client.get(f"{address}&told={told[1]}").status_code == 204
    ask(app, at=NINE + 2 * MINUTE)
    assert "2 new questions" in operator_client.get(f"{address}&told={told[1]}").content.decode()


def test_a_question_that_was_decided_says_by_whom_in_its_place(operator_client: Client, app: App) -> None:
    question = ask(app)
    address = poll(operator_client)
    drop(question)
    html = operator_client.get(address).content.decode()
    assert f'id="ended-{question.pk}" hx-swap-oob="true"' in html
    assert "by anna" in html
    assert "The list has changed: show it" in html
    assert html.count("hx-swap-oob") == 1


def test_what_the_filters_leave_out_is_no_news(operator_client: Client, app: App) -> None:
    ask(app)
    address = poll(operator_client, "?q=kettle&due=any")
    assert "q=kettle" in address
    ask(app, at=NINE + MINUTE, question="Shall I stop?", summary="Shall I stop?")
    html = operator_client.get(address).content.decode()
    assert "new question" not in html
    assert "Shall I stop?" not in html


@pytest.mark.parametrize("query", ["?state=answered", "?state=nonsense", "?after=0.0.x"])
def test_a_page_of_what_does_not_wait_first_asks_nothing(operator_client: Client, query: str) -> None:
    assert "inbox-live" not in page(operator_client, query=query)
    assert operator_client.get(f"/escalations/live/{query}&shown=0.0:").status_code == 204


@pytest.mark.parametrize("shown", ["", "x", "1.1:", "\0"])
def test_whatever_names_no_question_brings_the_list(operator_client: Client, app: App, shown: str) -> None:
    question = ask(app)
    response = operator_client.get("/escalations/live/", {"shown": shown})
    assert f'id="question-{question.pk}"' in response.content.decode()


@pytest.mark.parametrize("shown", ["1.1:\0,<b>,nobody", "1.1:" + ",".join(["x"] * 5_000)])
def test_any_text_in_the_place_of_what_is_shown_is_another_list(
    operator_client: Client, app: App, shown: str
) -> None:
    ask(app)
    response = operator_client.get("/escalations/live/", {"shown": shown})
    assert "1 new question" in response.content.decode()


def test_nobody_is_told_of_what_they_may_not_see(app: App, operator_client: Client) -> None:
    question = ask(app)
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))
    response = stranger.get("/escalations/live/", {"shown": f"1.1:{question.pk}"})
    assert response.status_code == 403


def test_an_open_inbox_asks_little(
    operator_client: Client, app: App, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ask(app)
    address = poll(operator_client)
    with django_assert_max_num_queries(8):
        assert operator_client.get(address).status_code == 204
