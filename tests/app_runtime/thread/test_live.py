"""What a page that stays open is told."""

import pytest
from django.test import Client

from app_manager.models import App
from app_runtime.models import Entry, Reply
from app_runtime.statuses import EntryType, Status
from app_runtime.thread.page import ThreadPage
from tests.factories import MINUTE, NINE, make_app, make_entry, make_question, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(db: None) -> App:
    return make_app()


def address_of(client: Client, app: App) -> str:
    page: ThreadPage = client.get(f"/apps/{app.pk}/").context["page"]
    return page.live.address


def test_nothing_new_is_nothing_sent(operator_client: Client, app: App) -> None:
    make_entry(app)
    assert operator_client.get(address_of(operator_client, app)).status_code == 204


def test_what_came_is_sent_and_counted_and_then_known(operator_client: Client, app: App) -> None:
    make_entry(app, summary="old")
    address = address_of(operator_client, app)
    make_entry(app, EntryType.MILESTONE, at=NINE + MINUTE, summary="Lowest price")
    response = operator_client.get(address)
    page = response.content.decode()
    assert "Lowest price" in page
    assert ">1 new<" in page
    assert ">old<" not in page
    assert operator_client.get(response.context["live"].address).status_code == 204


def test_a_quiet_run_is_a_line_and_no_news(operator_client: Client, app: App) -> None:
    make_entry(app)
    address = address_of(operator_client, app)
    make_entry(app, EntryType.RUN_SKIPPED, run=make_run(app), at=NINE + MINUTE)
    page = operator_client.get(address).content.decode()
    assert "One run without news" in page
    assert "data-new" not in page


def test_a_question_that_was_answered_leaves_the_top_and_stands_below(
    operator_client: Client, app: App
) -> None:
    question = make_question(app)
    address = address_of(operator_client, app)
    Entry.objects.update(user_response={"ts": 1, "choice": "Yes"})
    page = operator_client.get(address).content.decode()
    assert f'id="ask-{question.pk}"' not in page
    assert "<b>Yes</b>" in page


def test_a_reply_on_its_way_says_when_it_has_arrived(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.QUEUED)
    reply = Reply.objects.create(app=app, run_id=run.pk, text="x", sent_by="anna", sent_at=NINE)
    address = address_of(operator_client, app)
    assert operator_client.get(address).status_code == 204
    type(run).objects.update(status=Status.RUNNING, step_count=1)
    page = operator_client.get(address).content.decode()
    assert f'id="reply-state-{reply.pk}" hx-swap-oob="true"' in page
    assert "delivered at step 1" in page


@pytest.mark.parametrize("query", ["", "after=x&asked=%00,&pending=a,b&type=no&token=%00", "after=1-a"])
def test_a_strange_poll_is_answered(operator_client: Client, app: App, query: str) -> None:
    make_entry(app)
    assert operator_client.get(f"/apps/{app.pk}/live/?{query}").status_code in {200, 204}
