"""The inbox as a list: filters, pages, and what it costs."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from app_manager.models import App
from app_runtime.escalations.expiry import expire
from app_runtime.escalations.questions import Answer
from app_runtime.models import Entry
from tests.app_runtime.escalations.asking import LATER, ask, drop, page, say, title
from tests.factories import MINUTE, NINE, make_app

pytestmark = pytest.mark.django_db
YES = Answer("Yes")


@pytest.fixture
def asked(app: App) -> Entry:
    return ask(app)


def test_filters_narrow_and_can_be_taken_away(operator_client: Client, app: App, asked: Entry) -> None:
    other = make_app("Teapot Radar")
    theirs = ask(other, question="要买茶壶吗", summary="要买茶壶吗")
    for query in (f"?app={other.pk}", "?q=茶壶", "?q=teapot"):
        html = page(operator_client, query=query)
        assert f"question-{theirs.pk}" in html
        assert f"question-{asked.pk}" not in html
        assert ">Clear</a>" in html
    assert "Nothing matches" in page(operator_client, query="?q=nothing+like+it")


def test_what_ended_is_listed_by_how_it_ended(operator_client: Client, app: App) -> None:
    answered, dropped, silent = ask(app), ask(app), ask(app, deadline=NINE + MINUTE)
    say(answered, YES)
    drop(dropped)
    expire(LATER)
    for state, entry in (("answered", answered), ("dismissed", dropped), ("expired", silent)):
        found = re.findall(r'id="question-([^"]+)"', page(operator_client, query=f"?state={state}"))
        assert found == [entry.pk]
    assert f"question-{answered.pk}" in page(operator_client, query="?state=answered&q=yes")


@pytest.mark.parametrize("query", ["?state=odd", "?app=odd", "?space=odd", "?due=odd"])
def test_a_filter_that_is_wrong_finds_nothing_and_says_so(
    operator_client: Client, asked: Entry, query: str
) -> None:
    html = page(operator_client, query=query)
    assert title(html) == "A filter is wrong"
    assert "question-" not in html


def test_pages_follow_one_another_without_a_gap(operator_client: Client, app: App) -> None:
    asked = [ask(app, at=NINE + number * MINUTE) for number in range(65)]
    found, address = [], "/escalations/"
    while address:
        html = operator_client.get(address).content.decode()
        found += re.findall(r'id="question-([^"]+)"', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        address = following[1].replace("&amp;", "&") if following else ""
    assert found == [entry.pk for entry in asked]


@pytest.mark.parametrize("after", ["odd", "1", "1.2", "1..a", "-1.1.a", "9" * 30 + ".1.a", "1.1.a%00"])
def test_a_place_that_nobody_wrote_shows_the_first_page(
    operator_client: Client, asked: Entry, after: str
) -> None:
    assert f"question-{asked.pk}" in page(operator_client, query=f"?after={after}")


@pytest.mark.parametrize("query", ["", "?state=answered", "?state=expired", "?q=order"])
def test_the_inbox_asks_the_database_as_often_for_many_as_for_few(
    operator_client: Client, app: App, query: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page(operator_client, query=query)
        return len(captured)

    def add(number: int) -> None:
        other = make_app(f"Kettle {number}")
        say(ask(other), YES)
        ask(other, deadline=NINE + MINUTE)
        expire(LATER)
        ask(other)

    add(0)
    queries()
    few = queries()
    for number in range(1, 6):
        add(number)
    assert queries() == few
