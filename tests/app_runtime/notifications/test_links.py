"""Links in messages: they lead to a question after signing in, and decide nothing, whatever befalls them."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import Settings

from app_manager.models import App
from app_runtime.models import Entry, Notification
from app_runtime.notifications import events, links
from app_runtime.notifications.delivering import send_due
from halo_site import audit
from tests.app_runtime.notifying import use_sink
from tests.factories import NINE, make_question
from tests.wire import Sink

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def question(app: App) -> Entry:
    return make_question(app)


def follow(client: Client, token: str, now: datetime = NINE) -> tuple[int, str]:
    with time_machine.travel(now, tick=False):
        response = client.get(f"/escalations/link/{token}/")
    return response.status_code, response.headers.get("Location", "") + unescape(response.content.decode())


def token(question: Entry, **more: str) -> str:
    return links.token_for(question, "phone", NINE, **more)


def test_a_link_leads_to_the_question_through_the_sign_in(operator: User, question: Entry) -> None:
    browser, address = Client(), f"/escalations/link/{token(question)}/"
    with time_machine.travel(NINE, tick=False):
        first = browser.get(address)
        assert first.headers["Location"].startswith("/login/?next=/escalations/link/")
        fields = {"username": "operator", "password": "correct horse battery"}
        signed_in = browser.post(first.headers["Location"], fields)
        assert signed_in.headers["Location"] == address
        assert question.pk in browser.get(address).headers["Location"]
    question.refresh_from_db()
    assert question.is_open_question


@pytest.mark.parametrize(
    "change",
    [lambda t: t[:-1], lambda t: f"x{t}", lambda t: t.swapcase(), lambda t: "x" * 5000, lambda t: "a:b:c"],
)
def test_a_damaged_link_says_so(
    operator_client: Client, question: Entry, change: Callable[[str], str]
) -> None:
    status, text = follow(operator_client, change(token(question)))
    assert (status, "This link is damaged" in text) == (400, True)


def test_a_link_for_another_purpose_does_not_lead_here(operator_client: Client, question: Entry) -> None:
    status, text = follow(operator_client, token(question, purpose="export"))
    assert (status, "does not lead to a question" in text) == (400, True)


def test_a_link_expires_after_seven_days_or_at_the_deadline(operator_client: Client, app: App) -> None:
    open_ended, due = make_question(app), make_question(app, deadline=NINE + 30 * DAY)
    assert f"/escalations/{open_ended.pk}/" in follow(operator_client, token(open_ended), NINE + 6.9 * DAY)[1]
    assert f"/escalations/{due.pk}/" in follow(operator_client, token(due), NINE + 7.01 * DAY)[1]
    status, text = follow(operator_client, token(open_ended), NINE + 7.01 * DAY)
    assert (status, "This link has expired" in text, "Show the question" in text) == (410, True, True)


def test_a_removed_question_says_so(operator_client: Client, question: Entry) -> None:
    made = token(question)
    question.delete()
    status, text = follow(operator_client, made)
    assert (status, "The question of this link is not there" in text) == (404, True)


def test_a_link_shows_nothing_to_who_may_not_see_the_app(question: Entry) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))
    status, text = follow(stranger, token(question))
    assert (status, "Order now?" in text) == (404, False)


def test_who_may_not_answer_can_sign_in_as_somebody_else_and_comes_back(
    operator: User, question: Entry
) -> None:
    person, browser = User.objects.create_user("viewer"), Client()
    person.groups.add(Group.objects.get(name="viewer"))
    browser.force_login(person)
    card = browser.get(f"/escalations/{question.pk}/").content.decode()
    assert "signed in as viewer" in card
    assert back_in(card) == f"/escalations/{question.pk}/"
    left = browser.post("/logout/", {"next": back_in(card)}, follow=True)
    fields = {"username": "operator", "password": "correct horse battery"}
    arrived = browser.post(left.redirect_chain[-1][0], fields)
    assert arrived.headers["Location"] == f"/escalations/{question.pk}/"


def test_who_may_not_see_the_question_comes_back_to_the_link(question: Entry) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))
    link = token(question)  # once: it is signed with the second in which it is made
    _status, text = follow(stranger, link)
    assert back_in(text) == f"/escalations/link/{link}/"


def back_in(page: str) -> str:
    """Where the form that changes the account leads to."""
    found = re.search(r'action="/logout/".*?name="next" value="([^"]+)".*?Sign in as somebody else', page)
    assert found
    return found[1]


def test_a_used_link_shows_what_was_answered(operator_client: Client, question: Entry) -> None:
    Entry.objects.filter(pk=question.pk).update(user_response={"ts": 1795424400000, "choice": "Yes"})
    status, text = follow(operator_client, token(question))
    assert (status, "This question is answered already" in text) == (410, True)
    assert "“Order now?” was answered at" in text
    assert ": Yes. Your link changed nothing." in text


def test_a_used_link_says_who_answered(operator_client: Client, question: Entry) -> None:
    Entry.objects.filter(pk=question.pk).update(user_response={"ts": 1795424400000, "text": "On Friday"})
    actor = audit.Actor("person", "grace")
    audit.record(actor, "answer", object_type="question", object_id=question.pk, now=NINE)
    text = follow(operator_client, token(question))[1]
    assert "was answered by grace at Mon 23 Nov, 09:00 (UTC): On Friday." in text


def test_the_message_carries_the_link_and_the_log_does_not(
    app: App, settings: Settings, operator_client: Client
) -> None:
    settings.HALO_URL = "https://halo.example.org"
    question = make_question(app)
    with Sink() as sink:
        use_sink(sink)
        events.entry_made(question, NINE)
        send_due(lambda: NINE)
        [(_title, text)] = sink.messages
    address = text.rpartition("Answer Kettle Watch: https://halo.example.org")[2]
    assert address.startswith("/escalations/link/")
    with time_machine.travel(NINE, tick=False):
        assert question.pk in operator_client.get(address).headers["Location"]
    assert "/link/" not in Notification.objects.get().text


def test_without_a_public_address_the_message_says_where_to_look(app: App) -> None:
    with Sink() as sink:
        use_sink(sink)
        events.entry_made(make_question(app), NINE)
        send_due(lambda: NINE)
        [(_title, text)] = sink.messages
    assert text.endswith("Open this site to answer: it is on the page of Kettle Watch.")


@pytest.mark.parametrize("resolution", ["expired", ["expired"], 1])
def test_a_link_to_a_question_that_ended_in_an_unknown_way_says_that_it_is_closed(
    operator_client: Client, question: Entry, resolution: object
) -> None:
    content = {**question.said, "resolution": resolution}
    Entry.objects.filter(pk=question.pk).update(content=content, closed_at=NINE)
    status, text = follow(operator_client, token(question))
    assert (status < 500, "This question is closed" in text) == (True, True)
