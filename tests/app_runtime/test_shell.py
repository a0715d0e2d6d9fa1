"""The frame of every page: what its navigation leads to, and what it asks again."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from app_manager.models import App
from app_runtime.models import Entry
from app_runtime.shell import AT_HAND, COUNT_CAP
from halo_site.roles import Role
from tests.factories import make_entry, make_question, make_run

pytestmark = pytest.mark.django_db


def signed_in(role: Role) -> Client:
    person = User.objects.create_user(role.value)
    person.groups.add(Group.objects.get(name=role.value))
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER])
def test_a_phone_has_five_places_at_hand_and_the_others_in_a_menu(role: Role) -> None:
    shell = signed_in(role).get("/").context["shell"]
    assert [item.is_at_hand for item in shell.nav[:AT_HAND]] == [True] * AT_HAND
    assert [item.label for item in shell.more] == [item.label for item in shell.nav[AT_HAND:]]
    assert ("Settings" in [item.label for item in shell.more]) == role.covers(Role.MANAGER)


def test_the_menu_says_that_the_page_is_one_of_its_own(operator_client: Client) -> None:
    assert operator_client.get("/usage/").context["shell"].is_in_more
    assert not operator_client.get("/runs/").context["shell"].is_in_more


def test_every_page_asks_again_how_many_questions_wait(operator_client: Client, app: App) -> None:
    assert '<span class="count" id="needs" hidden hx-swap-oob="true"></span>' in polled(operator_client)
    question = make_question(app)
    assert '<span class="count" id="needs" hx-swap-oob="true">1</span>' in polled(operator_client)
    Entry.objects.filter(pk=question.pk).update(user_response={"ts": 1, "choice": "Yes"})
    assert "hidden" in polled(operator_client)


def test_many_questions_are_counted_to_a_hundred(operator_client: Client, app: App) -> None:
    run = make_run(app)
    for _number in range(COUNT_CAP + 1):
        make_entry(app, "escalation", run=run, question="Now?")
    assert ">100+</span>" in polled(operator_client)
    assert "<title>(100+) " in operator_client.get("/runs/").content.decode()


def test_whoever_may_see_nothing_is_told_nothing(app: App) -> None:
    make_question(app)
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))
    assert stranger.get("/machinery/").status_code == 403


def polled(client: Client) -> str:
    response = client.get("/machinery/")
    assert response.status_code == 200
    return response.content.decode()
