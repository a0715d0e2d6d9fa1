"""No page tells a member of one space anything of another: a word that stands in all of it is sought."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from halo_site.models import SpaceMember
from halo_site.roles import Role
from tests.factories import add_space
from tests.urltable import Planted, Url, every_url, plant

pytestmark = [pytest.mark.django_db, pytest.mark.sweep]
WORD, OWN = "Canary", "Magpie"
# Searches and filters of lists; small letters, so that a page that repeats them is none that tells
QUERIES = {
    "app_runtime:app_list": ("q=canary",),
    "app_runtime:run_list": (
        "q=canary",
        "app={app}",
        "space={space}",
        "q={run}",
        "period=month",
        "status=error",
    ),
    "app_runtime:runs_cancel_preview": ("run={live}", "all=1", "all=1&app={app}"),
    "app_runtime:runs_again_preview": ("run={run}", "all=1&space={space}"),
    "app_runtime:usage_detail": ("period=365", "app={app}", "show=tokens"),
    "app_runtime:usage_export": ("period=365", "app={app}"),
    "memory:search_detail": ("q=canary", "q=canary&place=app:{app}", "q=canary&scope=app"),
    "memory:orphan_list": ("place=app:{app}", "place=space:{space}", "place=user"),
    "memory:place_list": ("page=2",),
    "scheduler:schedule_list": ("q=canary", "space={space}", "state=planned", "state=off"),
    "scheduler:schedule_day": ("from=2026-11-23T00",),
    "scheduler:job_detail": ("at=2026-11-23T09:00", "verdict=ran"),
}
OF_A_SPACE = {"app_id", "space_id", "run_id", "entry_id", "batch_id", "place_key", "job_id"}
ENDED = 286  # "poll no more": a page all the same


@pytest.fixture
def hidden() -> Planted:
    return plant(add_space(f"{WORD} space"), WORD)


@pytest.fixture
def own() -> Planted:
    return plant(add_space(f"{OWN} space"), OWN)


@pytest.fixture
def member(own: Planted) -> Client:
    """A browser of somebody who may do everything in the other space."""
    user = User.objects.create_user("member")
    SpaceMember.objects.create(user=user, space_id=own.space.id, role=Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    return client


def told(response: Any) -> str:
    """Everything that an answer says, its headers too."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return unescape(body.decode(errors="replace")) + str(dict(response.headers))


def addresses(planted: Planted, about: Planted) -> Iterator[tuple[Url, str]]:
    """Every address with samples of ``planted``, lists also with filters that ask for what is ``about``'s."""
    names = {"app": about.app.pk, "run": about.run.pk, "live": about.live.pk, "space": about.space.id}
    for url in every_url():
        path = url.path(planted)
        yield url, path
        for query in QUERIES.get(url.name, ()):
            yield url, f"{path}?{query.format(**names)}"


def test_every_page_of_another_space_is_not_found(member: Client, hidden: Planted) -> None:
    found = {}
    for url in every_url():
        if OF_A_SPACE & set(url.parameters) and not url.name.startswith("admin:"):
            status = member.get(url.path(hidden)).status_code
            if status not in (404, 405):
                found[url.label] = status
    assert found == {}


def test_no_page_tells_a_word_or_an_id_of_another_space(
    member: Client, hidden: Planted, own: Planted
) -> None:
    secrets = (WORD, hidden.app.pk, hidden.run.pk, hidden.live.pk, hidden.question.pk, hidden.space.id)
    leaks = []
    for url, path in addresses(own, hidden):
        if url.name == "logout":
            continue
        text = told(member.get(path)).replace("Atlantic/Canary", "")  # a time zone
        asked = [secret for secret in secrets if secret in path]  # a page may repeat what it was asked for
        leaks += [f"{path}: {secret}" for secret in secrets if secret in text and secret not in asked]
    assert leaks == []


def test_whoever_sees_everything_is_told_the_word_on_many_pages(
    operator_client: Client, hidden: Planted
) -> None:
    """Else the test above could pass because the word stands nowhere."""
    telling = {
        url.name
        for url, path in addresses(hidden, hidden)
        if url.name != "logout" and WORD in told(operator_client.get(path))
    }
    ours = {name for name in telling if not name.startswith("admin:")}
    assert len(ours) > 30
    lists = {"app_runtime:overview", "app_runtime:app_list", "app_runtime:run_list", "memory:search_detail"}
    lists |= {"memory:place_list", "app_manager:space_list", "app_runtime:usage_export"}
    assert lists <= ours


def test_a_member_sees_their_own(member: Client, own: Planted, hidden: Planted) -> None:
    missing = []
    for url in every_url():
        if OF_A_SPACE & set(url.parameters) and not url.name.startswith("admin:"):
            status = member.get(url.path(own)).status_code
            if status not in (200, 405, ENDED) and url.name != "app_runtime:quiet_list":  # needs its places
                missing.append(f"{url.label}: {status}")
    assert missing == []


def test_questions_of_other_spaces_are_not_counted(
    member: Client, own: Planted, hidden: Planted, operator_client: Client
) -> None:
    assert "<title>(1)" in member.get("/").content.decode()
    assert "<title>(2)" in operator_client.get("/").content.decode()


def test_the_sums_of_usage_are_of_their_own_apps(member: Client, own: Planted, hidden: Planted) -> None:
    page = member.get(reverse("app_runtime:usage_detail")).context["page"]
    assert {row.key for row in page.by_app.rows} == {own.app.pk}
    assert page.total.runs == 3


def test_what_comes_next_is_of_their_own_apps(member: Client, own: Planted, hidden: Planted) -> None:
    coming = member.get("/").context["page"].coming
    assert {job.metadata["appId"] for job in coming} == {own.app.pk}


def test_the_memory_of_the_user_is_the_sites(member: Client, own: Planted) -> None:
    assert member.get(reverse("memory:document_detail", args=["user"])).status_code == 404
    assert "/memory/user/" not in member.get(reverse("memory:place_list")).content.decode()


def test_a_batch_of_several_spaces_shows_each_their_own(
    member: Client, own: Planted, hidden: Planted, operator_client: Client
) -> None:
    batch = "6a1c3a4e-0000-4000-8000-000000000001"
    both = {"batch": batch, "run": [own.live.pk, hidden.live.pk]}
    operator_client.post(reverse("app_runtime:runs_cancel"), both)
    page = member.get(reverse("app_runtime:batch_detail", args=[batch])).content.decode()
    assert own.live.pk in page
    assert hidden.live.pk not in page


def test_a_batch_acts_on_the_runs_that_the_person_may_act_on(
    member: Client, own: Planted, hidden: Planted
) -> None:
    batch = "6a1c3a4e-0000-4000-8000-000000000002"
    both = {"batch": batch, "run": [own.live.pk, hidden.live.pk]}
    member.post(reverse("app_runtime:runs_cancel"), both)
    own.live.refresh_from_db()
    hidden.live.refresh_from_db()
    assert (own.live.status, hidden.live.status) == ("cancelled", "queued")


def test_a_batch_leaves_out_runs_where_the_role_is_too_low(own: Planted, hidden: Planted) -> None:
    user = User.objects.create_user("both")
    SpaceMember.objects.create(user=user, space_id=own.space.id, role=Role.OPERATOR)
    SpaceMember.objects.create(user=user, space_id=hidden.space.id, role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    query = {"run": [own.live.pk, hidden.live.pk]}
    preview = client.get(reverse("app_runtime:runs_cancel_preview"), query).context["page"]
    assert [row.run_id for row in preview.reached] == [own.live.pk]
    assert [row.why for row in preview.left_out] == ["Your role in its space does not let you do this."]
    batch = "6a1c3a4e-0000-4000-8000-000000000003"
    client.post(reverse("app_runtime:runs_cancel"), {"batch": batch, **query})
    hidden.live.refresh_from_db()
    assert hidden.live.status == "queued"


def test_an_app_is_not_moved_to_where_the_role_is_too_low(own: Planted, hidden: Planted) -> None:
    user = User.objects.create_user("mover")
    SpaceMember.objects.create(user=user, space_id=own.space.id, role=Role.MANAGER)
    SpaceMember.objects.create(user=user, space_id=hidden.space.id, role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    address = reverse("app_manager:app_move", args=[own.app.pk])
    assert client.post(address, {"space": hidden.space.id}).status_code == 403
    own.app.refresh_from_db()
    assert own.app.space_id == own.space.id


def test_the_folder_that_agents_work_in_is_the_sites_to_decide(own: Planted) -> None:
    user = User.objects.create_user("roamer")
    SpaceMember.objects.create(user=user, space_id=own.space.id, role=Role.MANAGER)
    client = Client()
    client.force_login(user)
    address = reverse("app_manager:space_save", args=[own.space.id])
    fields = {"name": own.space.name, "icon": "folder"}
    assert client.post(address, {**fields, "working_dir": "/etc"}).status_code == 403
    assert client.post(address, {**fields, "name": "Renamed"}).status_code == 302


def test_somebody_without_a_role_is_told_what_to_do(hidden: Planted) -> None:
    client = Client()
    client.force_login(User.objects.create_user("newcomer"))
    page = client.get("/").content.decode()
    assert "No space is yours yet" in page
    assert reverse("app_runtime:run_list") not in page
    assert reverse("app_runtime:settings_index") not in page
