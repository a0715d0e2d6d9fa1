"""Every verb of the site leaves a line in the audit log, or stands here with the reason why it does not."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from app_manager.models import App
from app_manager.permissions import digest_of
from app_runtime.escalations.questions import digest_of as question_digest
from app_runtime.models import Run
from app_runtime.settings.targets import rule_digest
from halo_site.datadir import space_index
from halo_site.datadir.config import site_config
from halo_site.datadir.spaces import default_space
from halo_site.models import AuditEntry
from tests.factories import SPEC, add_space, set_status
from tests.urltable import SOURCE, Planted, Url, every_url, plant

pytestmark = [pytest.mark.django_db, pytest.mark.sweep]
REVISION = "each edit is a revision: who, when, before and after, for ever (the page of its history)"
PREVIEW = "shows what would be done, and does nothing"
# URL name → why a successful POST leaves no line
EXCEPTIONS = {
    "app_manager:app_preview": PREVIEW,
    "app_manager:app_update_preview": PREVIEW,
    "app_manager:app_schedule_preview": PREVIEW,
    "app_runtime:source_test": "asks a model one question, and changes nothing",
    "app_runtime:target_test": "sends a test message, which stands in the log of messages",
    "app_runtime:mail_test": "sends a test message; nothing of it is kept",
    "app_runtime:thread_read": "moves the sender's own mark in a thread, as reading does",
    "memory:document_create": REVISION,
    "memory:document_save": REVISION,
    "memory:document_merge": REVISION,
    "memory:document_copy": REVISION,
    "memory:document_rename": REVISION,
    "memory:document_remove": REVISION,
    "memory:document_restore": REVISION,
    "memory:document_preview": PREVIEW,
    "memory:new_preview": PREVIEW,
    "memory:text_download": "hands the text of the form back as a file",
}
# Addresses that take a GET as well
DOORS = {"login", "logout", "welcome", "app_manager:spec_version_restore"}
Given = dict[str, Any]
# Seen by a test of its own, since they need more than a form
ELSEWHERE = {
    "login": "below",
    "logout": "below",
    "welcome": "tests/halo_site/test_welcome.py",
    "app_manager:app_install": "tests/app_manager/test_install.py",
    "app_manager:app_update_confirm": "tests/app_manager/test_update_pages.py",
    "app_manager:spec_version_restore": "tests/app_manager/test_update_pages.py",
    "app_manager:space_repair": "tests/app_manager/test_spaces.py",
    "app_manager:space_recovery_seen": "below",
    "app_manager:app_schedule_reset": "tests/app_manager/test_in_force.py",
    "app_manager:app_single_cancel": "tests/app_manager/test_single_page.py",
    "app_manager:app_config_save": "tests/app_manager/test_decisions.py",
    "app_manager:app_config_reset": "tests/app_manager/test_decisions.py",
    "app_manager:space_delete": "tests/app_manager/test_spaces.py",
    "app_runtime:run_cancel": "below",
    "app_runtime:run_message": "below",
    "app_runtime:run_stop": "tests/app_runtime/test_stopping.py",
    "app_runtime:runs_again": "tests/app_runtime/runs/test_batches.py",
    "app_runtime:runs_cancel": "tests/app_runtime/runs/test_batches.py",
}


def uninstalled(planted: Planted) -> None:
    Run.objects.filter(pk=planted.live.pk).delete()
    set_status(planted.app, "uninstalled")


def without_live(planted: Planted) -> None:
    Run.objects.filter(pk=planted.live.pk).delete()


def permissions(planted: Planted) -> Given:
    return {"base": digest_of(App.objects.get(pk=planted.app.pk).permissions)}


def answer(planted: Planted) -> Given:
    return {"digest": question_digest(planted.question), "choice-0": "Yes", "text-0": "as said"}


def rule(planted: Planted) -> Given:
    return {"digest": rule_digest(site_config().notifications.rules[0].model_dump(mode="json"))}


TARGET_FORM = {"name": "Chat", "address": "json://127.0.0.1:9/never-shown-anywhere"}
# URL name → what is sent, and what makes it possible before
VERBS: dict[str, tuple[Given | Callable[[Planted], Given], Callable[[Planted], Any]]] = {
    "app_manager:app_pause": ({}, without_live),
    "app_manager:app_resume": ({}, lambda planted: set_status(planted.app, "paused")),
    "app_manager:app_uninstall": ({}, without_live),
    "app_manager:app_reinstall": ({}, uninstalled),
    "app_manager:app_delete": ({"name": "Canary Watch", "confirm": "Canary Watch"}, uninstalled),
    "app_manager:app_move": (lambda planted: {"space": add_space("Other").id}, without_live),
    "app_manager:app_access_save": (permissions, without_live),
    "app_manager:space_create": ({"name": "Another", "icon": "folder"}, without_live),
    "app_manager:space_save": ({"name": "Renamed", "icon": "folder"}, without_live),
    "app_manager:space_reorder": (
        lambda planted: {"order": f"{add_space('Other').id},{planted.space.id}"},
        without_live,
    ),
    "app_runtime:app_run": ({}, without_live),
    "app_runtime:app_limits_save": ({"model_turns": "7"}, without_live),
    "app_runtime:limits_save": ({"model_turns": "7"}, without_live),
    "app_runtime:price_create": (
        {"model": "m-9", "input_usd": "1", "output_usd": "2", "valid_from": "2026-11-23"},
        without_live,
    ),
    "app_runtime:price_delete": ({}, without_live),
    "app_runtime:source_create": (
        {"name": "Two", "provider": "openai", "model": "m-2", "key": "sk-never-shown-anywhere"},
        without_live,
    ),
    "app_runtime:source_save": (
        {"name": "Renamed", "provider": "openai", "model": "m-2", "key": "sk-never-shown-anywhere"},
        without_live,
    ),
    "app_runtime:source_default": ({}, without_live),
    "app_runtime:source_order": ({"order": ""}, without_live),
    "app_runtime:source_delete": ({"confirmed": "yes"}, without_live),
    "app_runtime:run_repeat": ({}, without_live),
    "app_runtime:app_reply": (
        {"text": "Look at kettles too", "form": "7b0d3f52-7f0c-4b3e-9a51-3c5f2a9d1e44"},
        without_live,
    ),
    "app_runtime:question_answer": (answer, without_live),
    "app_runtime:question_dismiss": (answer, without_live),
    "app_runtime:notification_again": ({}, without_live),
    "app_runtime:target_create": (TARGET_FORM, without_live),
    "app_runtime:target_save": (TARGET_FORM, without_live),
    "app_runtime:target_delete": ({}, without_live),
    "app_runtime:rule_create": ({"targets": ["chat"], "types": ["output"]}, without_live),
    "app_runtime:rule_delete": (rule, without_live),
    "app_runtime:quiet_save": (
        {"start": "22:00", "end": "07:00", "zone": "UTC", "same_failure_minutes": "60"},
        without_live,
    ),
    "app_runtime:mail_save": (
        {"host": "mail.example", "port": "25", "security": "starttls", "sender": "halo@site.example"},
        without_live,
    ),
    "app_manager:app_notifications_save": ({"level": "none"}, without_live),
    "app_manager:app_schedule_save": (
        {"key": "often", "kind": "every", "every": "1h", "missed": "skip", "overlap": "skip"},
        without_live,
    ),
    "app_manager:app_schedule_switch": ({"key": "often"}, without_live),
    "app_manager:app_single_create": (
        {
            "form": "7b0d3f52-7f0c-4b3e-9a51-3c5f2a9d1e44",
            "date": "2999-01-01",
            "time": "09:00",
            "overlap": "skip",
        },
        without_live,
    ),
    "app_runtime:run_continue": ({"text": "Look again"}, without_live),
}


@pytest.fixture
def planted() -> Planted:
    space = default_space()
    assert space is not None
    return plant(space)


def posted_to(client: Client, planted: Planted) -> list[Url]:
    """Every address outside of the admin that takes a POST and refuses a GET, and the doors."""
    found = []
    for url in every_url():
        if url.name and not url.route.startswith("admin/"):
            response = client.get(url.path(planted))
            if response.status_code == 405 or url.name in DOORS:
                found.append(url)
    return found


def test_every_verb_is_looked_at_or_has_a_reason(operator_client: Client, planted: Planted) -> None:
    names = {url.name for url in posted_to(operator_client, planted)}
    assert sorted(names - {*VERBS, *EXCEPTIONS, *ELSEWHERE}) == []
    assert sorted({*VERBS, *EXCEPTIONS, *ELSEWHERE} - names) == []


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_leaves_a_line_with_who_did_it(operator_client: Client, planted: Planted, name: str) -> None:
    given, prepare = VERBS[name]
    prepare(planted)
    data = given(planted) if callable(given) else given
    url = next(url for url in every_url() if url.name == name)
    seen = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    response = operator_client.post(url.path(planted), data)
    lines = list(AuditEntry.objects.filter(pk__gt=seen))
    assert response.status_code in (200, 302, 303), response.content.decode()[-1500:]
    assert [line.actor for line in lines] == ["person:operator"] * len(lines)
    assert lines != []
    assert "never-shown" not in repr([(line.summary, line.before, line.after) for line in lines])


@pytest.mark.parametrize(
    ("name", "data"), [("app_runtime:run_cancel", {}), ("app_runtime:run_message", {"text": "Hello"})]
)
def test_a_verb_of_a_living_run_leaves_a_line(
    operator_client: Client, planted: Planted, name: str, data: Given
) -> None:
    path = next(url for url in every_url() if url.name == name).path(planted)
    response = operator_client.post(path.replace(planted.run.pk, planted.live.pk), data)
    assert response.status_code == 302
    assert AuditEntry.objects.filter(object_type="run", object_id=planted.live.pk).count() == 1


def test_what_became_of_the_index_is_read_once(operator_client: Client) -> None:
    space_index.update(lambda content: {**content, "recovered": {"reason": "missing", "at": 1}})
    for _time in range(2):
        operator_client.post("/spaces/recovery-seen/")
    assert [line.verb for line in AuditEntry.objects.filter(object_type="space")] == ["recovery_seen"]


def lines_of_sessions() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(object_type="session").order_by("pk").values_list("actor", "verb"))


def test_signing_in_and_out_leaves_lines(operator: User) -> None:
    client = Client()
    client.post("/login/", {"username": "operator", "password": "correct horse battery"})
    client.post("/logout/")
    assert lines_of_sessions() == [("person:operator", "sign_in"), ("person:operator", "sign_out")]


def test_a_failed_sign_in_leaves_a_line_without_what_was_typed(operator: User) -> None:
    client = Client()
    client.post("/login/", {"username": "operator", "password": "typed-wrong"})
    client.post("/login/", {"username": "a-password-in-the-wrong-field", "password": "x"})
    assert lines_of_sessions() == [
        ("person:operator", "sign_in_failed"),
        ("system:unknown", "sign_in_failed"),
    ]
    told = repr(list(AuditEntry.objects.values()))
    assert "typed-wrong" not in told
    assert "wrong-field" not in told


def test_a_person_changed_in_the_administration_leaves_before_and_after(operator_client: Client) -> None:
    person = User.objects.create_user("somebody", password="secret words")
    data = {
        "username": "somebody", "first_name": "Some", "is_active": "on", "date_joined_0": "2026-11-23",
        "date_joined_1": "09:00:00", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
    }  # fmt: skip
    response = operator_client.post(f"/admin/auth/user/{person.pk}/change/", data)
    assert response.status_code == 302
    line = AuditEntry.objects.get(object_type="user", verb="change")
    assert (line.before["first_name"], line.after["first_name"]) == ("", "Some")
    assert "password" not in line.before


def test_a_stored_key_is_a_line_with_its_name_only(operator_client: Client, planted: Planted) -> None:
    data = {"name": "A model", "provider": "openai", "model": "m-2", "key": "sk-never-shown-anywhere"}
    operator_client.post(f"/settings/models/{SOURCE['id']}/save/", data)
    verbs = dict(AuditEntry.objects.filter(object_type="source").values_list("verb", "after"))
    assert set(verbs) == {"secret.set", "source.save"}
    assert verbs["source.save"]["sources"]["main"]["apiKey"].startswith("secret:")


def test_the_samples_are_of_the_spec_that_is_installed(planted: Planted) -> None:
    assert planted.app.parsed_spec.name == f"{planted.word} Watch" != SPEC["name"]
