"""No address of the URL table takes a POST of somebody who may not send it, and nothing is changed by one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import Space
from halo_site.models import SpaceMember
from halo_site.roles import Role
from tests.factories import add_space, tree
from tests.urltable import Planted, Url, every_url, plant

pytestmark = [pytest.mark.django_db, pytest.mark.sweep]
# Sending to these concerns nobody but the sender; the others of their kind are marked `own_account`
OWN = frozenset({"login", "logout", "welcome", "admin:login", "admin:logout", "app_runtime:thread_read"})
UNCHANGED = ("django_session", "auth_user")  # a session is written for every sign-in, and the user with it
REFUSED = (403, 404, 405)
WORD, FOREIGN = "Canary", "Magpie"


@dataclass
class House:
    """Two spaces with an app each, and people."""

    planted: Planted
    foreign: Planted


@pytest.fixture
def house() -> House:
    own, foreign = add_space(f"{WORD} space"), add_space(f"{FOREIGN} space")
    return House(plant(own, WORD), plant(foreign, FOREIGN))


def person(name: str, role: Role | None = None, space: Space | None = None) -> User:
    user = User.objects.create_user(name)
    if role and space is None:
        user.groups.add(Group.objects.get(name=role.value))
    elif role and space is not None:
        SpaceMember.objects.create(user=user, space_id=space.id, role=role)
    return user


def browser(user: User, **more: Any) -> Client:
    client = Client(**more)
    client.force_login(user)
    return client


def body(url: Url, planted: Planted) -> dict[str, Any]:
    """Something that most verbs could act on."""
    return {
        "text": "hello", "base": "", "name": "made.md", "spec_text": planted.app.written_spec,
        "space": planted.space.id, "run": planted.live.pk, "batch": "00000000-0000-4000-8000-00000000beef",
        "key": "morning", "revision": str(planted.revision.pk), "order": planted.space.id, "model": "m-9",
        "valid_from": "2026-11-01", "input_usd": "1", "output_usd": "1", "post": "yes", "answer": "Yes",
        "username": "somebody", "password1": "correct horse battery", "password2": "correct horse battery",
        "provider": "openai", "confirmed": "yes", "icon": "folder",
    }  # fmt: skip


def rows() -> dict[str, list[Any]]:
    """Every row of every table but those of sign-ins."""
    models = [model for model in apps.get_models() if model._meta.db_table not in UNCHANGED]
    return {model._meta.db_table: list(model._default_manager.order_by("pk").values()) for model in models}


def state() -> tuple[dict[str, list[Any]], dict[str, bytes | None]]:
    return rows(), tree(data_dir().root)


def mutating(house: House) -> Iterator[tuple[Url, str]]:
    """Every address with samples of the planted app; 405 is the answer of one that takes no POST."""
    for url in every_url():
        if url.name in OWN or not url.name:
            continue
        yield url, url.path(house.planted)


def refused_everywhere(house: House, client: Client, statuses: tuple[int, ...]) -> list[str]:
    """The addresses that do not refuse; 405 is one that takes no POST from anybody."""
    odd = []
    for url, path in mutating(house):
        status = client.post(path, body(url, house.planted)).status_code
        if status not in statuses:
            odd.append(f"{url.label}: {status}")
    return odd


def test_a_visitor_can_send_nothing(house: House) -> None:
    before = state()
    client, odd = Client(), []
    for url, path in mutating(house):
        response = client.post(path, body(url, house.planted))
        led = response.status_code == 302 and response.headers["Location"].startswith("/login/")
        if not led and response.status_code not in REFUSED:
            odd.append(f"{url.label}: {response.status_code}")
    assert odd == []
    assert state() == before


def viewer(house: House) -> User:
    return person("viewer", Role.VIEWER)


def stranger(house: House) -> User:
    return person("stranger")


def manager_of_another_space(house: House) -> User:
    return person("neighbour", Role.MANAGER, house.foreign.space)


def viewer_here_who_manages_elsewhere(house: House) -> User:
    user = manager_of_another_space(house)
    SpaceMember.objects.create(user=user, space_id=house.planted.space.id, role=Role.VIEWER)
    return user


def staff_without_a_role(house: House) -> User:
    user = person("staff")
    user.is_staff = True
    user.save()
    return user


@pytest.mark.parametrize("who", [viewer, stranger, staff_without_a_role])
def test_who_may_only_look_can_send_nothing(house: House, who: Callable[[House], User]) -> None:
    client = browser(who(house))
    before = state()
    assert refused_everywhere(house, client, REFUSED) == []
    assert state() == before


# For who manages any space these are open: they look at a spec, and the spaces that they offer are their own
OFFERED = {"app_manager:app_preview": 200, "app_manager:app_install": 422}


@pytest.mark.parametrize("who", [manager_of_another_space, viewer_here_who_manages_elsewhere])
def test_a_manager_of_another_space_can_send_nothing(house: House, who: Callable[[House], User]) -> None:
    client = browser(who(house))
    before = state()
    odd = refused_everywhere(house, client, REFUSED)
    assert odd == [f"{name}: {status}" for name, status in OFFERED.items()]
    assert state() == before


RUNS = (
    "app_reply",
    "app_run",
    "notification_again",
    "question_answer",
    "question_dismiss",
    "run_cancel",
    "run_continue",
    "run_message",
    "run_repeat",
    "run_stop",
    "runs_again",
    "runs_cancel",
)
MEMORY = ("document_copy", "document_create", "document_merge", "document_preview", "document_remove")
MEMORY += ("document_rename", "document_restore", "document_save", "new_preview", "text_download")
OPERATED = {*(f"app_runtime:{name}" for name in RUNS), *(f"memory:{name}" for name in MEMORY)}
ADMINISTERED = {"app_manager:app_delete", "app_manager:space_delete"}


def sorted_out(house: House, user: User) -> tuple[set[str], set[str]]:
    """The verbs of the site's own pages that this person may use, and those that they may not."""
    client, may, may_not = browser(user), set(), set()
    for url, path in mutating(house):
        if url.name.startswith("admin:"):
            continue
        status = client.post(path, body(url, house.planted)).status_code
        if status != 405:
            (may_not if status == 403 else may).add(url.name)
    return may, may_not


def test_an_operator_runs_apps_and_writes_memory_and_nothing_else(house: House) -> None:
    assert sorted_out(house, person("olga", Role.OPERATOR))[0] == OPERATED


def test_a_manager_does_everything_but_what_is_the_administrators(house: House) -> None:
    assert sorted_out(house, person("mona", Role.MANAGER))[1] == ADMINISTERED


def test_without_a_token_nobody_can_send_anything(house: House, operator: User) -> None:
    client = browser(operator, enforce_csrf_checks=True)
    before = state()
    odd = [
        f"{url.label}: {status}"
        for url, path in mutating(house)
        if (status := client.post(path, body(url, house.planted)).status_code) not in (403, 405)
    ]
    assert odd == []
    assert state() == before


def test_an_administrator_is_refused_nowhere(house: House, operator: User) -> None:
    """Else the tests above could pass because nothing is let through at all."""
    client = browser(operator)
    refused = set()
    for url, path in mutating(house):
        if url.name.startswith("admin:") or url.name in {"app_manager:app_delete"}:
            continue
        if client.post(path, body(url, house.planted)).status_code == 403:
            refused.add(url.label)
    assert refused == set()
