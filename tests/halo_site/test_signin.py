"""Signing in, and the brake on guessing (abuse cases S1, S3, S6)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from halo_site.signin import PER_ADDRESS, PER_NAME_AND_ADDRESS, WINDOW

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RIGHT = "correct horse battery"


def sign_in(
    client: Client, name: str = "operator", password: str = RIGHT, address: str = "127.0.0.1", **more: str
):
    """The answer to a sign-in."""
    data = {"username": name, "password": password, **more}
    return client.post(reverse("login"), data, REMOTE_ADDR=address)


def fail(client: Client, times: int, name: str = "operator", address: str = "127.0.0.1") -> None:
    for _number in range(times):
        assert sign_in(client, name, "wrong", address).status_code == 422


def test_the_page_is_open_to_everybody(client: Client, db: None) -> None:
    assert client.get(reverse("login")).status_code == 200


def test_the_right_password_leads_to_the_overview(client: Client, operator: User) -> None:
    assert sign_in(client)["Location"] == "/"


def test_it_leads_to_the_page_that_was_wanted(client: Client, operator: User) -> None:
    assert sign_in(client, next="/memory/")["Location"] == "/memory/"


@pytest.mark.parametrize(
    "foreign", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_it_leads_to_no_foreign_address(client: Client, operator: User, foreign: str) -> None:
    assert sign_in(client, next=foreign)["Location"] == "/"


def test_signing_in_begins_a_new_session(client: Client, operator: User) -> None:
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before


@pytest.mark.parametrize(("name", "password"), [("operator", "wrong"), ("nobody", RIGHT), ("asleep", RIGHT)])
def test_every_failure_says_the_same(client: Client, operator: User, name: str, password: str) -> None:
    User.objects.create_user("asleep", password=RIGHT, is_active=False)
    response = sign_in(client, name, password)
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "Please enter a correct username and password. Note that both fields may be case-sensitive."
    ]


def test_a_form_without_its_token_is_refused(operator: User) -> None:
    response = sign_in(Client(enforce_csrf_checks=True))
    assert response.status_code == 403
    assert "403_csrf.html" in [template.name for template in response.templates]


def test_the_cookies_are_not_for_other_sites_or_scripts(client: Client, operator: User) -> None:
    sign_in(client)
    cookie = client.cookies["sessionid"]
    assert (cookie["samesite"], cookie["httponly"]) == ("Lax", True)


def test_a_stranger_is_led_to_the_sign_in(client: Client, db: None) -> None:
    response = client.get("/memory/")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/memory/"


def test_after_ten_failures_even_the_right_password_waits(client: Client, operator: User) -> None:
    fail(client, PER_NAME_AND_ADDRESS)
    assert sign_in(client).status_code == 429


def test_the_page_says_when_to_try_again(client: Client, operator: User) -> None:
    with time_machine.travel(NOW, tick=False):
        fail(client, PER_NAME_AND_ADDRESS)
        response = sign_in(client)
    assert "after 09:05:00 (UTC)" in response.content.decode()
    assert response["Retry-After"] == "301"


def test_after_the_window_it_goes_on(client: Client, operator: User) -> None:
    with time_machine.travel(NOW, tick=False) as time:
        fail(client, PER_NAME_AND_ADDRESS)
        time.shift(WINDOW + timedelta(seconds=1))
        assert sign_in(client).status_code == 302


def test_attempts_while_waiting_do_not_prolong_it(client: Client, operator: User) -> None:
    with time_machine.travel(NOW, tick=False) as time:
        fail(client, PER_NAME_AND_ADDRESS)
        time.shift(WINDOW / 2)
        assert sign_in(client).status_code == 429
        time.shift(WINDOW / 2 + timedelta(seconds=1))
        assert sign_in(client).status_code == 302


def test_another_person_at_the_same_address_may_sign_in(client: Client, operator: User) -> None:
    fail(client, PER_NAME_AND_ADDRESS, name="guessed")
    assert sign_in(client).status_code == 302


def test_the_same_person_at_another_address_may_sign_in(client: Client, operator: User) -> None:
    fail(client, PER_NAME_AND_ADDRESS, address="203.0.113.7")
    assert sign_in(client).status_code == 302


def test_spellings_of_one_name_count_together(client: Client, operator: User) -> None:
    for name in ["operator", "OPERATOR", "Operator", "\uff4fperator"] * 3:
        response = sign_in(client, name, "wrong")
    assert response.status_code == 429


def test_a_success_begins_a_new_count(client: Client, operator: User) -> None:
    fail(client, PER_NAME_AND_ADDRESS - 1)
    sign_in(client)
    fail(client, PER_NAME_AND_ADDRESS)


def test_an_address_that_tries_many_names_waits(client: Client, operator: User) -> None:
    for number in range(PER_ADDRESS):
        sign_in(client, f"name{number}", "wrong")
    assert sign_in(client).status_code == 429


def test_an_address_where_people_sign_in_does_not_wait(client: Client, operator: User) -> None:
    for _number in range(PER_ADDRESS + 1):
        assert sign_in(client).status_code == 302


def test_no_password_is_looked_at_while_waiting(
    client: Client, operator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fail(client, PER_NAME_AND_ADDRESS)
    with django_assert_num_queries(0):
        sign_in(client)


def test_the_admin_has_no_door_of_its_own(client: Client) -> None:
    answer = client.post(
        "/admin/login/?next=/admin/auth/user/", {"username": "operator", "password": "wrong"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=%2Fadmin%2Fauth%2Fuser%2F")
