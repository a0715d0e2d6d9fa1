"""The one-time link that creates the first administrator."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import Settings

from halo_site import welcome
from halo_site.models import AuditEntry

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FORM = {"username": "ada", "password1": "a long enough phrase", "password2": "a long enough phrase"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def address() -> str:
    """A link made just now, as a path."""
    return welcome.link("", datetime.now(UTC))


def test_the_link_stands_below_the_public_address() -> None:
    assert welcome.link("https://halo.example.org/", NOW).startswith("https://halo.example.org/welcome/")


def test_the_link_shows_the_form(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200
    assert "halo_site/welcome.html" in [template.name for template in response.templates]


def test_looking_at_the_form_creates_nobody(client: Client, address: str) -> None:
    client.get(address)
    assert not User.objects.exists()


def test_the_form_creates_an_administrator(client: Client, address: str) -> None:
    client.post(address, FORM)
    user = User.objects.get()
    assert (user.username, user.is_superuser, user.is_staff, user.is_active) == ("ada", True, True, True)


def test_the_administrator_is_signed_in_and_led_to_the_overview(client: Client, address: str) -> None:
    response = client.post(address, FORM)
    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_it_stands_in_the_audit_log(client: Client, address: str) -> None:
    client.post(address, FORM)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.object_type) == ("person:ada", "create", "user")


def test_a_weak_password_is_refused(client: Client, address: str) -> None:
    response = client.post(address, {**FORM, "password1": "12345", "password2": "12345"})
    assert response.status_code == 422
    assert not User.objects.exists()


def test_an_empty_form_is_refused(client: Client, address: str) -> None:
    assert client.post(address).status_code == 422


def test_a_form_without_its_token_is_refused(address: str) -> None:
    assert Client(enforce_csrf_checks=True).post(address, FORM).status_code == 403


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_used_link_is_closed(client: Client, address: str, method: str) -> None:
    Client().post(address, FORM)
    response = getattr(client, method)(address, {**FORM, "username": "eve"})
    assert response.status_code == 410
    assert User.objects.count() == 1


def test_a_used_link_stays_closed_when_the_administrator_is_deactivated(client: Client, address: str) -> None:
    client.post(address, FORM)
    User.objects.update(is_active=False)
    assert client.get(address).status_code == 410


def test_a_link_is_closed_while_there_is_an_administrator(
    client: Client, address: str, operator: User
) -> None:
    assert client.get(welcome.link("", datetime.now(UTC))).status_code == 410


def test_an_inactive_administrator_is_none(client: Client, operator: User) -> None:
    User.objects.update(is_active=False)
    assert client.get(welcome.link("", datetime.now(UTC))).status_code == 200


def test_an_expired_link_is_closed(client: Client) -> None:
    link = welcome.link("", NOW)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert client.get(link).status_code == 410


def test_a_link_lives_an_hour(client: Client) -> None:
    link = welcome.link("", NOW)
    with time_machine.travel(NOW + timedelta(minutes=59), tick=False):
        assert client.get(link).status_code == 200


def test_a_link_that_was_changed_is_unknown(client: Client, address: str) -> None:
    assert client.get(address[:-2] + "x/").status_code == 404


def test_a_link_signed_with_another_key_is_unknown(client: Client, address: str, settings: Settings) -> None:
    settings.SECRET_KEY = "another key, which is also long enough"
    assert client.get(address).status_code == 404


def test_the_page_is_not_kept_by_browsers(client: Client, address: str) -> None:
    assert "no-store" in client.get(address)["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_wins() -> None:
    link = welcome.link("", datetime.now(UTC))
    start, statuses = threading.Barrier(4), []

    def post(number: int) -> None:
        start.wait()
        try:
            statuses.append(Client().post(link, {**FORM, "username": f"person{number}"}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 410, 410, 410]
    assert User.objects.count() == 1
