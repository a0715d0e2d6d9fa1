"""A form that was not taken gives back what somebody wrote in it, whichever form it is."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as installed
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from app_runtime.statuses import Status
from tests.app_runtime.escalations.asking import ask
from tests.factories import NINE, make_app, make_run

pytestmark = pytest.mark.django_db
WORDS = "</textarea>half an hour of work & more"
ESCAPED = "&lt;/textarea&gt;half an hour of work &amp; more</textarea>"


@dataclass(frozen=True)
class Form:
    """A form with a long text: the URL name of its verb, the field, and the page that has the form."""

    verb: str
    field: str
    page: str

    def __str__(self) -> str:
        return f"{self.verb} {self.field}"


# By the template or Python file that has the text area
FORMS = {
    "templates/app_manager/new.html": [
        Form("app_manager:app_preview", "spec_text", "app_manager:app_new"),
        Form("app_manager:app_install", "spec_text", "app_manager:app_new"),
    ],
    "templates/app_manager/_spec_text.html": [
        Form("app_manager:app_update_preview", "spec_text", "app_manager:app_update"),
        Form("app_manager:app_update_confirm", "spec_text", "app_manager:app_update"),
    ],
    "templates/app_runtime/thread/_reply_form.html": [
        Form("app_runtime:app_reply", "text", "app_runtime:app_thread")
    ],
    "templates/app_runtime/run/_say.html": [
        Form("app_runtime:run_message", "text", "app_runtime:run_detail"),
        Form("app_runtime:run_continue", "text", "app_runtime:run_detail"),
    ],
    "templates/app_runtime/escalations/_decide.html": [
        Form("app_runtime:question_answer", "text-0", "app_runtime:question_detail"),
        Form("app_runtime:question_answer", "text-19", "app_runtime:question_detail"),
    ],
    "templates/memory/_editor_form.html": [
        Form("memory:document_save", "text", "memory:document_edit"),
        Form("memory:document_create", "text", "memory:document_new"),
    ],
    "templates/memory/conflict.html": [
        Form("memory:document_merge", "text", "memory:document_edit"),
        Form("memory:document_copy", "mine", "memory:document_edit"),
        Form("memory:text_download", "merged", "memory:document_edit"),
    ],
    "app_manager/schedule_form.py": [
        Form("app_manager:app_single_create", "text", "app_manager:app_schedule")
    ],
    "app_manager/config_fields.py": [
        Form("app_manager:app_config_save", "config-it", "app_manager:app_config")
    ],
    "app_manager/app_form.py": [
        Form("admin:app_manager_app_change", field, "")
        for field in ("configuration", "granted_and_denied", "overrides")
    ],
    "scheduler/job_form.py": [Form("admin:scheduler_job_change", "rule", "")],
}
ALL = [form for forms in FORMS.values() for form in forms]
NO_FORMS = {"templates/halo_site/_unsent.html"}  # the texts that are given back


@pytest.fixture
def places(db: None) -> dict[str, list[str]]:
    """The arguments of the addresses, by what an address is about."""
    app = make_app()
    run = make_run(app, Status.RUNNING, at=NINE)
    return {
        "app_runtime:run": [run.pk],
        "app_runtime:question": [ask(app).pk],
        "memory:": ["user"],
        "app_manager:app_new": [],
        "app_manager:app_preview": [],
        "app_manager:app_install": [],
        "admin:": ["x"],
        "": [app.pk],
    }


def address(places: dict[str, list[str]], name: str) -> str:
    return reverse(name, args=next(args for start, args in places.items() if name.startswith(start)))


def strict_client(user: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def test_every_form_with_a_long_text_is_known_here() -> None:
    root, area = Path(installed.BASE_DIR), re.compile(r"<textarea|forms\.Textarea")
    folders = ("templates", "app_manager", "app_runtime", "halo_site", "memory", "scheduler")
    files = [file for folder in folders for file in (root / folder).rglob("*.*")]
    texts = {file: file.read_text() for file in files if file.suffix in {".py", ".html"}}
    found = {str(file.relative_to(root)) for file, text in texts.items() if area.search(text)}
    assert found - NO_FORMS == set(FORMS)


@pytest.mark.parametrize("form", ALL, ids=str)
def test_without_a_session(client: Client, places: dict[str, list[str]], form: Form) -> None:
    answer = client.post(
        address(places, form.verb), {form.field: WORDS}, headers={"referer": "http://testserver/"}
    )
    page = answer.content.decode()
    assert answer.status_code == 403
    assert ESCAPED in page
    back = address(places, form.page) if form.page else "/"
    assert f'href="/login/?next={quote(back, safe="")}"' in page


@pytest.mark.parametrize("form", ALL, ids=str)
def test_with_an_old_token(admin_user: User, places: dict[str, list[str]], form: Form) -> None:
    answer = strict_client(admin_user).post(address(places, form.verb), {form.field: WORDS})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert ESCAPED in page
    assert not form.page or f'href="{address(places, form.page)}" target="_blank"' in page


@pytest.mark.parametrize("form", ALL, ids=str)
def test_of_too_many_bytes(
    operator_client: Client, places: dict[str, list[str]], form: Form, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    sent = {form.field: WORDS + "\n" * 1_000, "choice-0": "x" * 200}
    answer = operator_client.post(address(places, form.verb), sent)
    assert answer.status_code == 413
    assert ESCAPED.removesuffix("</textarea>") in answer.content.decode()


def test_the_answers_of_a_card_come_back_in_their_order(client: Client, places: dict[str, list[str]]) -> None:
    sent = {"text-0": "the first", "text-1": "the second", "digest": "no text", "text-x": "nor this"}
    page = client.post(address(places, "app_runtime:question_answer"), sent).content.decode()
    assert page.index("the first") < page.index("the second")
    assert "no text" not in page
    assert "nor this" not in page


def test_a_single_word_of_a_configuration_may_be_a_key_and_is_not_shown(
    client: Client, places: dict[str, list[str]]
) -> None:
    sent = {"config-key": "k-93af", "config-it": "in many words"}
    page = client.post(address(places, "app_manager:app_config_save"), sent).content.decode()
    assert "in many words" in page
    assert "k-93af" not in page
