"""A reply becomes input of a run, at once and once, and says how far it has come."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from app_manager.models import App, new_id
from app_runtime.models import Reply, Run, RunMessage
from app_runtime.statuses import Status, Trigger
from app_runtime.thread.items import ReplyItem
from app_runtime.transcript import Transcript
from halo_site.roles import Role
from tests.factories import NINE, SECOND, make_app, make_run, set_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(db: None) -> App:
    return make_app()


def send(client: Client, app: App, text: str = "And the teapot?", form: str = "") -> object:
    return client.post(f"/apps/{app.pk}/reply/", {"text": text, "form": form or new_id()})


@pytest.mark.parametrize("status", [Status.RUNNING, Status.QUEUED])
def test_a_run_under_way_is_told(operator_client: Client, app: App, status: str) -> None:
    run = make_run(app, status)
    send(operator_client, app)
    message, reply = RunMessage.objects.get(), Reply.objects.get()
    assert (message.run_id, message.text, message.pk) == (run.pk, "And the teapot?", reply.pk)
    assert Run.objects.count() == 1


def test_else_the_newest_conversation_goes_on(operator_client: Client, app: App) -> None:
    make_run(app, at=NINE - SECOND)
    newest = make_run(app, Status.ERROR)
    Transcript(app, newest.pk).append("prompt", NINE, message="Look.")
    send(operator_client, app)
    run = Run.objects.get(status=Status.QUEUED)
    assert (run.trigger_type, run.parent_run_id) == (Trigger.CONTINUE_FOLLOWUP, newest.pk)
    assert Reply.objects.get().run_id == run.pk


def test_without_a_transcript_a_run_by_hand_is_told(operator_client: Client, app: App) -> None:
    make_run(app)
    send(operator_client, app)
    run = Run.objects.get(status=Status.QUEUED)
    assert run.trigger_type == Trigger.MANUAL
    assert run.trigger_data["continue"] == {"userMessage": "And the teapot?"}


def test_a_form_that_is_sent_twice_sends_once(operator_client: Client, app: App) -> None:
    form = new_id()
    first, second = (send(operator_client, app, form=form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]  # type: ignore[attr-defined]
    assert (Reply.objects.count(), Run.objects.count(), RunMessage.objects.count()) == (1, 1, 0)


def test_another_text_with_a_form_that_was_sent_is_kept_to_be_sent_anew(
    operator_client: Client, app: App
) -> None:
    form = new_id()
    send(operator_client, app, form=form)
    response = send(operator_client, app, "And the pan?", form)
    page = response.content.decode()  # type: ignore[attr-defined]
    assert response.status_code == 409  # type: ignore[attr-defined]
    assert "This one was not sent" in page
    assert "And the pan?</textarea>" in page
    assert f'name="form" value="{form}"' not in page
    assert [reply.text for reply in Reply.objects.all()] == ["And the teapot?"]


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [(" ", 422, "The message is empty"), ("x" * 20_001, 422, "20,001 characters")],
)
def test_a_text_that_cannot_be_told_comes_back(
    operator_client: Client, app: App, text: str, status: int, words: str
) -> None:
    response = send(operator_client, app, text)
    page = response.content.decode()  # type: ignore[attr-defined]
    assert response.status_code == status  # type: ignore[attr-defined]
    assert words in page
    assert text.strip() in page
    assert not Reply.objects.exists()


def test_an_app_that_cannot_run_says_why_and_keeps_the_text(operator_client: Client) -> None:
    app = make_app(config_schema=[{"key": "page", "label": "Page", "type": "url", "required": True}])
    response = send(operator_client, app)
    assert response.status_code == 409  # type: ignore[attr-defined]
    page = response.content.decode()  # type: ignore[attr-defined]
    assert "it needs configuration" in page
    assert "And the teapot?" in page


def test_an_uninstalled_app_takes_no_reply(operator_client: Client, app: App) -> None:
    set_status(app, "uninstalled")
    response = send(operator_client, app)
    assert response.status_code == 409  # type: ignore[attr-defined]
    assert "And the teapot?" in response.content.decode()  # type: ignore[attr-defined]
    assert not Run.objects.exists()


def test_a_form_of_nobody_is_refused(operator_client: Client, app: App) -> None:
    assert send(operator_client, app, form="x").status_code == 409  # type: ignore[attr-defined]


def test_a_viewer_reads_and_does_not_reply(app: App, client: Client) -> None:
    viewer = User.objects.create_user("viewer")
    viewer.groups.add(group_of(Role.VIEWER))
    client.force_login(viewer)
    assert 'id="reply-text"' not in client.get(f"/apps/{app.pk}/").content.decode()
    assert send(client, app).status_code == 403  # type: ignore[attr-defined]
    assert not Reply.objects.exists()


def group_of(role: Role) -> object:
    from django.contrib.auth.models import Group

    return Group.objects.get_or_create(name=role.value)[0]


@pytest.mark.parametrize(
    ("status", "delivered", "words"),
    [
        (Status.QUEUED, None, "waits for a worker"),
        (Status.RUNNING, None, "waits for the next step"),
        (Status.RUNNING, 3, "delivered at step 3"),
        (Status.OK, None, "not delivered: the run ended"),
    ],
)
def test_a_reply_says_how_far_it_has_come(app: App, status: str, delivered: int | None, words: str) -> None:
    run = make_run(app, status)
    message = RunMessage(run=run, text="x", sent_by="anna", sent_at=NINE, delivered_step=delivered)
    item = ReplyItem(Reply(app=app, run_id=run.pk, text="x", sent_by="anna", sent_at=NINE), run, message)
    assert item.state.text == words


def test_a_reply_stands_in_the_thread_with_who_sent_it(operator_client: Client, app: App) -> None:
    send(operator_client, app)
    page = operator_client.get(f"/apps/{app.pk}/").content.decode()
    assert "operator replied" in page
    assert "waits for a worker" in page
