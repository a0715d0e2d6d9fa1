"""What is new to a person: the mark moves by POST alone, and never back."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from app_manager.models import App
from app_runtime.models import ReadMark
from app_runtime.statuses import EntryType
from app_runtime.thread.marks import unread_of_each
from halo_site.store.fields import to_ms
from tests.factories import MINUTE, NINE, SECOND, make_app, make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(db: None) -> App:
    return make_app()


def test_looking_marks_nothing(operator_client: Client, app: App) -> None:
    make_entry(app)
    operator_client.get(f"/apps/{app.pk}/")
    assert not ReadMark.objects.exists()


def test_what_came_after_the_mark_stands_above_the_line(operator_client: Client, app: App) -> None:
    old = make_entry(app, EntryType.MILESTONE, at=NINE, summary="old")
    operator_client.post(f"/apps/{app.pk}/read/", {"upto": f"{to_ms(NINE)}-{old.pk}"})
    for number in range(3):
        make_entry(app, EntryType.MILESTONE, at=NINE + (number + 1) * MINUTE, summary=f"new {number}")
    page = operator_client.get(f"/apps/{app.pk}/").content.decode()
    assert page.index("new 0") < page.index('id="unread"') < page.index(">old<")
    assert "3 new above" in page


def test_without_a_mark_a_button_sets_the_first_one(operator_client: Client, app: App) -> None:
    address = f"/apps/{app.pk}/"
    assert "Mark all as read" not in operator_client.get(address).content.decode()
    make_entry(app)
    page = operator_client.get(address).content.decode()
    assert "Mark all as read" in page
    upto = re.search(r'id="read-upto" value="([^"]+)"', page)
    assert upto
    operator_client.post(f"{address}read/", {"upto": upto[1]})
    assert "Mark all as read" not in operator_client.get(address).content.decode()
    make_entry(app, at=NINE + MINUTE)
    assert "1 new above" in operator_client.get(address).content.decode()


def test_a_mark_never_moves_back(operator: User, app: App) -> None:
    ReadMark.advance(operator, app, NINE + MINUTE, "b")
    ReadMark.advance(operator, app, NINE, "c")
    mark = ReadMark.of(operator, app)
    assert mark is not None
    assert (mark.seen_at, mark.seen_id) == (NINE + MINUTE, "b")


@pytest.mark.parametrize("upto", ["", "x", "1-", "-5-a", "1-%00"])
def test_a_strange_mark_changes_nothing(operator_client: Client, app: App, upto: str) -> None:
    assert operator_client.post(f"/apps/{app.pk}/read/", {"upto": upto}).status_code == 302
    assert not ReadMark.objects.exists()


def test_the_future_is_not_read_yet(operator_client: Client, app: App) -> None:
    operator_client.post(f"/apps/{app.pk}/read/", {"upto": "99999999999999-a"})
    assert ReadMark.objects.get().seen_at.year < 2100


def test_the_first_unread_is_a_link_away_however_much_came(operator_client: Client, app: App) -> None:
    old = make_entry(app, at=NINE - MINUTE)
    operator_client.post(f"/apps/{app.pk}/read/", {"upto": f"{to_ms(old.ts)}-{old.pk}"})
    for number in range(40):
        make_entry(app, EntryType.MILESTONE, at=NINE + number * SECOND, summary=f"n{number}.")
    assert "?at=unread#unread" in operator_client.get(f"/apps/{app.pk}/").content.decode()
    page = operator_client.get(f"/apps/{app.pk}/?at=unread").content.decode()
    assert page.index("n0.") < page.index('id="unread"') < page.index(old.pk)


def test_unread_entries_of_many_apps_are_counted_for_one_person(
    operator: User, app: App, django_assert_num_queries: object
) -> None:
    other = make_app("Other")
    ReadMark.advance(operator, app, NINE, "")
    for number in range(2):
        make_entry(app, EntryType.MILESTONE, at=NINE + number * SECOND)
    make_entry(app, EntryType.RUN_SKIPPED, at=NINE + MINUTE)
    make_entry(other)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert unread_of_each(operator, [app.pk, other.pk]) == {app.pk: 2}


@pytest.mark.parametrize("address", ["/", "/apps/"])
def test_cards_say_what_is_new_however_many_there_are(
    operator: User, operator_client: Client, app: App, address: str
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert operator_client.get(address).status_code == 200
        return len(queries)

    ReadMark.advance(operator, app, NINE, "")
    make_entry(app, EntryType.MILESTONE, at=NINE + SECOND)
    page = operator_client.get(address).content.decode()
    assert f'href="/apps/{app.pk}/?at=unread#unread">1 new</a>' in page
    few = asked()
    for number in range(5):
        ReadMark.advance(operator, other := make_app(f"Other {number}"), NINE, "")
        make_entry(other, EntryType.MILESTONE, at=NINE + SECOND)
    assert operator_client.get(address).content.decode().count(">1 new</a>") == 6
    assert asked() == few
