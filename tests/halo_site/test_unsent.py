"""A form that was not taken gives back what somebody wrote in it, whichever form it is."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as installed
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from app_runtime.statuses import Status
from halo_site.models import SpaceMember
from halo_site.roles import Role
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


OF_ONE = [form for form in ALL if form.page and form.page != "app_manager:app_new"]


@pytest.fixture
def viewer_client(db: None) -> Client:
    """Somebody who may look at everything and change nothing."""
    user = User.objects.create_user("viewer")
    user.groups.add(Group.objects.get(name=Role.VIEWER.value))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("form", ALL, ids=str)
def test_of_somebody_who_may_not_send_it(
    viewer_client: Client, places: dict[str, list[str]], form: Form
) -> None:
    answer = viewer_client.post(address(places, form.verb), {form.field: WORDS})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert ESCAPED in page
    assert "What you wrote was not stored." in page


@pytest.mark.parametrize("form", OF_ONE, ids=str)
def test_about_what_is_not_there_any_more(admin_client: Client, form: Form) -> None:
    answer = admin_client.post(reverse(form.verb, args=["space:gone"]), {form.field: WORDS})
    page = answer.content.decode()
    assert answer.status_code == 404
    assert ESCAPED in page
    assert "What you wrote was not stored." in page


def test_a_role_that_is_too_low_there_gives_the_text_back_too(client: Client, db: None) -> None:
    app, user = make_app(), User.objects.create_user("anna")
    SpaceMember.objects.create(user=user, space_id=str(app.space_id), role=Role.OPERATOR)
    client.force_login(user)
    answer = client.post(reverse("app_manager:app_config_save", args=[app.pk]), {"config-it": WORDS})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "This needs the role" in page
    assert ESCAPED in page


def test_a_new_file_in_a_folder_that_became_a_link_comes_back_with_its_name(
    operator_client: Client, tmp_path: Path
) -> None:
    app = make_app()
    folder = app.folder
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    target = reverse("memory:document_create", args=[f"app:{app.pk}"])
    answer = operator_client.post(target, {"name": "notes.md", "text": WORDS})
    page = answer.content.decode()
    assert answer.status_code == 404
    assert ESCAPED in page
    assert 'value="notes.md" readonly' in page


@pytest.mark.parametrize("more", [{"hx-request": "true"}, {"origin": "http://elsewhere.test"}])
def test_a_script_and_another_site_get_no_text(viewer_client: Client, more: dict[str, str]) -> None:
    for answer in (
        viewer_client.post("/memory/user/save/", {"text": WORDS}, headers=more),
        viewer_client.post("/nowhere/", {"text": WORDS}, headers=more),
    ):
        assert answer.status_code in {403, 404}
        assert "half an hour" not in answer.content.decode()


def test_looking_at_what_is_not_there_shows_no_text(admin_client: Client) -> None:
    page = admin_client.get("/nowhere/", {"text": WORDS}).content.decode()
    assert "half an hour" not in page
    assert "What you wrote" not in page
