"""The addresses of the verbs, and the page that says what each would do."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from app_manager.models import App
from app_manager.states import Status
from halo_site.models import AuditEntry
from scheduler.models import Job
from tests.app_manager.factories import NINE, PAGE, TESTER, install_app
from tests.factories import add_space, make_question, make_run, set_status

pytestmark = pytest.mark.django_db
VERBS = {
    "pause": (Status.ACTIVE, Status.PAUSED),
    "resume": (Status.PAUSED, Status.ACTIVE),
    "uninstall": (Status.ACTIVE, Status.UNINSTALLED),
    "reinstall": (Status.UNINSTALLED, Status.ACTIVE),
    "delete": (Status.UNINSTALLED, None),
}


def address(verb: str, app: App) -> str:
    return reverse(f"app_manager:app_{verb}", args=[app.pk])


def manage(client: Client, app: App) -> str:
    response = client.get(reverse("app_runtime:app_manage", args=[app.pk]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(("verb", "before", "after"), [(verb, *ends) for verb, ends in VERBS.items()])
def test_each_address_does_its_verb_in_the_name_of_the_person(operator_client, verb, before, after):
    app = install_app()
    set_status(app, before)
    assert operator_client.post(address(verb, app)).status_code == 302
    stored = App.objects.filter(pk=app.pk).first()
    assert (stored.status if stored else None) == after
    line = AuditEntry.objects.latest("id")
    assert (line.verb, line.actor) == (verb, "person:operator")


@pytest.mark.parametrize("verb", [*VERBS, "move"])
def test_no_verb_is_done_by_looking(operator_client, verb):
    app = install_app()
    assert operator_client.get(address(verb, app)).status_code == 405
    assert App.objects.get().status == "active"


@pytest.mark.parametrize("verb", [*VERBS, "move"])
def test_a_stranger_is_sent_to_sign_in(client, verb):
    app = install_app()
    assert "/login/" in client.post(address(verb, app)).headers["Location"]
    assert App.objects.get().status == "active"


@pytest.mark.parametrize("verb", [*VERBS, "move"])
def test_a_form_of_another_site_is_refused(operator, verb):
    app, client = install_app(), Client(enforce_csrf_checks=True)
    client.force_login(operator)
    assert client.post(address(verb, app)).status_code == 403
    assert App.objects.get().status == "active"


@pytest.mark.parametrize("verb", [*VERBS, "move"])
def test_an_app_that_is_not_there_is_not_found(operator_client, verb):
    assert operator_client.post(reverse(f"app_manager:app_{verb}", args=["nowhere"])).status_code == 404


@pytest.mark.parametrize("verb", ["pause", "uninstall", "delete"])
def test_the_second_click_is_told_how_it_stands(operator_client, verb):
    app = install_app()
    set_status(app, VERBS[verb][0])
    operator_client.post(address(verb, app))
    lines = AuditEntry.objects.count()
    assert operator_client.post(address(verb, app)).status_code == (404 if verb == "delete" else 409)
    assert AuditEntry.objects.count() == lines


def test_a_resumed_app_says_when_it_runs_next(operator_client):
    app = install_app()
    set_status(app, Status.PAUSED)
    response = operator_client.post(address("resume", app))
    (message,) = get_messages(response.wsgi_request)
    assert str(message).startswith("It is active. Next run: ")


def test_a_resume_without_a_needed_value_is_refused_in_words(operator_client):
    app = install_app(config_schema=[PAGE])
    response = operator_client.post(address("resume", app))
    assert response.status_code == 409
    assert "needs configuration: Page" in response.content.decode()


def test_an_app_is_moved_by_the_form(operator_client):
    app, work = install_app(), add_space("Work")
    operator_client.post(address("move", app), {"space": work.id})
    assert App.objects.get().space_id == work.id


def test_a_move_to_nowhere_is_refused_in_words(operator_client):
    app = install_app()
    response = operator_client.post(address("move", app), {"space": "nowhere"})
    assert response.status_code == 409
    assert "no space with the id nowhere" in response.content.decode()


def test_the_manage_page_names_the_runs_that_a_pause_takes_back(operator_client):
    app = install_app()
    run = make_run(app, "queued")
    assert f"/runs/{run.pk}/" in manage(operator_client, app)


def test_the_manage_page_says_when_a_resume_would_have_it_run(operator_client):
    app = install_app()
    set_status(app, "error", error_message="Stopped.")
    Job.objects.update(enabled=False, next_run_at=None, consecutive_errors=5)
    page = operator_client.get(f"/apps/{app.pk}/manage/").context["page"]
    assert page.times == []
    app.resume(actor=TESTER, now=page.now)
    assert [at for _words, at in page.times_after_resume] == [Job.objects.get().next_run_at]


def test_the_manage_page_counts_open_questions(operator_client):
    app = install_app()
    make_question(app)
    assert "1 open question stays open." in manage(operator_client, app)


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("active", {"pause", "move", "uninstall"}),
        ("waiting_user", {"pause", "resume", "move", "uninstall"}),
        ("paused", {"resume", "move", "uninstall"}),
        ("error", {"pause", "resume", "move", "uninstall"}),
        ("uninstalled", {"reinstall", "delete"}),
    ],
)
def test_only_what_the_state_allows_is_offered(operator_client, status, offered):
    app = install_app()
    set_status(app, status)
    page = manage(operator_client, app)
    sections = {"pause", "resume", "move", "uninstall", "reinstall", "delete"}
    assert {verb for verb in sections if f'<section class="panel" id="{verb}">' in page} == offered


def test_an_uninstalled_app_is_in_the_closed_list(operator_client):
    app = install_app()
    app.uninstall(actor=TESTER, now=NINE)
    page = operator_client.get(reverse("app_runtime:app_list")).content.decode()
    assert "1 uninstalled app" in page
    assert reverse("app_runtime:app_manage", args=[app.pk]) in page


def test_the_head_of_a_running_app_offers_a_pause(operator_client):
    page = manage(operator_client, install_app())
    assert page.index(address("pause", App.objects.get())) < page.index('class="tabs"')
