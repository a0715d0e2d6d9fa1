"""The log of messages: what became of each, filters, sending again; and a target that is down for an hour."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.test import Client

from app_manager.models import App
from app_runtime.models import Notification
from app_runtime.notifications import events
from app_runtime.notifications.delivering import send_due
from app_runtime.notifications.models import PAUSES
from halo_site.models import AuditEntry, SpaceMember
from tests.app_runtime.notifying import make_notification, set_targets, use_sink
from tests.factories import MINUTE, NINE, add_space, make_app, make_question, make_run
from tests.wire import Sink

pytestmark = pytest.mark.django_db


def shown(client: Client, query: str = "", now: datetime = NINE) -> str:
    with time_machine.travel(now, tick=False):
        response = client.get(f"/notifications/{query}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def test_a_target_that_is_down_for_an_hour_gets_everything_afterwards(
    app: App, operator_client: Client
) -> None:
    set_targets(phone="json://127.0.0.1:1/a")
    question = make_question(app)
    events.entry_made(question, NINE)
    moments, now = [], NINE
    for minute in range(60):  # a worker looks every minute
        now = NINE + minute * MINUTE
        if send_due(at(now)):
            moments.append(minute)
    assert moments == [0, 1, 3, 13, 43]  # growing pauses
    waiting = Notification.objects.get()
    assert (waiting.state, waiting.attempts) == ("pending", 5)
    assert waiting.next_try_at == NINE + 43 * MINUTE + PAUSES[4]
    text = shown(operator_client, f"?entry={question.pk}", now)
    assert "5 tries" in text
    assert "(the connection was refused)" in text
    with Sink() as sink:
        use_sink(sink)
        send_due(at(waiting.next_try_at))
        assert [title for title, _text in sink.messages] == ["Kettle Watch asks: Order now?"]
    assert Notification.objects.get().state == "sent"


def test_a_test_that_failed_is_no_message_that_did_not_arrive(app: App, operator_client: Client) -> None:
    test = make_notification(app, make_run(app), kind="test", state="failed", last_error="Down.")
    assert not test.may_be_sent_again
    with time_machine.travel(NINE, tick=False):
        assert "did not arrive" not in operator_client.get("/").content.decode()
        assert "Down." in shown(operator_client, "?state=failed")


def test_what_is_given_up_is_said_on_the_overview_and_can_be_sent_again(
    app: App, operator_client: Client
) -> None:
    run = make_run(app, engine="model")
    row = make_notification(app, run, state="failed", attempts=6, next_try_at=None, last_error="Down.")
    with time_machine.travel(NINE, tick=False):
        overview = operator_client.get("/").content.decode()
        assert "1 message of the last 24 hours did not arrive" in overview
        assert "Try again" in shown(operator_client, "?state=failed")
        again = operator_client.post(f"/notifications/{row.pk}/again/", follow=True)
        assert "tried again as soon as a worker is free" in again.content.decode()
    row.refresh_from_db()
    run.refresh_from_db()
    assert (row.state, row.next_try_at, row.attempts, run.delivery) == ("pending", NINE, 6, "pending")
    assert AuditEntry.objects.get(verb="notification.again").object_id == row.pk
    set_targets(phone="json://127.0.0.1:1/a")
    send_due(at(NINE))
    row.refresh_from_db()
    assert (row.attempts, row.next_try_at) == (7, NINE + PAUSES[0])  # all its pauses again


def test_only_what_failed_is_sent_again(app: App, operator_client: Client) -> None:
    row = make_notification(app, make_run(app), state="sent", next_try_at=None)
    operator_client.post(f"/notifications/{row.pk}/again/")
    row.refresh_from_db()
    assert (row.state, row.next_try_at) == ("sent", None)


def test_filters_narrow_the_log(app: App, operator_client: Client) -> None:
    set_targets(phone="json://127.0.0.1:1/a", desk="json://127.0.0.1:1/b")
    other = make_app("Tea Watch")
    make_notification(app, make_run(app), title="One", state="sent", next_try_at=None)
    make_notification(other, make_run(other), title="Two", target_id="desk", kind="failure")
    for query, titles in (
        ("", {"One", "Two"}),
        ("?state=sent", {"One"}),
        (f"?app={other.pk}", {"Two"}),
        ("?target=desk", {"Two"}),
        ("?kind=failure&state=sent", set()),
        ("?state=nonsense", set()),
    ):
        text = shown(operator_client, query)
        assert {title for title in ("One", "Two") if f">{title}</b>" in text} == titles, query


def test_pages_go_by_key(app: App, operator_client: Client) -> None:
    run = make_run(app)
    for number in range(31):
        make_notification(app, run, title=f"No {number:02}", created_at=NINE + number * MINUTE)
    first = shown(operator_client, "", NINE + timedelta(days=1))
    assert "No 30" in first
    assert "No 00" not in first
    older = first.partition('rel="next" href="/notifications/')[2].partition('"')[0]
    assert "No 00" in shown(operator_client, older, NINE + timedelta(days=1))


def test_whoever_may_not_see_the_app_sees_none_of_its_messages(app: App) -> None:
    row = make_notification(app, make_run(app), title="Hush", state="failed", next_try_at=None)
    stranger, viewer = User.objects.create_user("stranger"), User.objects.create_user("viewer")
    viewer.groups.add(Group.objects.get_or_create(name="viewer")[0])
    for user, sees, status in ((stranger, False, 403), (viewer, True, 403)):
        browser = Client()
        browser.force_login(user)
        assert ("Hush" in shown(browser)) == sees
        assert "Try again" not in shown(browser)
        assert browser.post(f"/notifications/{row.pk}/again/").status_code == status


@pytest.fixture
def member(app: App) -> Client:
    """A browser of somebody who sees the space of the app only."""
    person = User.objects.create_user("member")
    SpaceMember.objects.create(user=person, space_id=str(app.space_id), role="administrator")
    client = Client()
    client.force_login(person)
    return client


def test_members_of_a_space_are_offered_the_targets_of_its_messages_only(app: App, member: Client) -> None:
    set_targets(phone="json://127.0.0.1:1/a", board="json://127.0.0.1:1/b", hush="json://127.0.0.1:1/c")
    other = make_app("Tea Watch")
    App.objects.filter(pk=other.pk).update(space_id=add_space("Hidden").id)
    make_notification(app, make_run(app), title="One", target_name="Old phone")
    make_notification(app, make_run(app), title="Two", target_name="Phone", created_at=NINE + MINUTE)
    make_notification(other, make_run(other), title="Three", target_id="board", target_name="Board")
    text = shown(member)
    assert '<option value="phone">Phone</option>' in text
    assert "Board" not in text
    assert "Hush" not in text
    assert "Three" not in shown(member, "?target=board")


def test_where_a_target_is_stands_in_the_log_for_managers_of_the_site_only(
    app: App, member: Client, operator_client: Client
) -> None:
    words = "Not sent to push.example.org:8443 (10.0.0.7:80, [fe80::1]:9, localhost): see secrets.json."
    run = make_run(app)
    make_notification(app, run, state="failed", next_try_at=None, last_error=words)
    hidden = "Not sent to … (…, …, …): see secrets.json."
    for address in ("/notifications/", f"/runs/{run.pk}/"):
        assert words in unescape(operator_client.get(address).content.decode())
        text = unescape(member.get(address).content.decode())
        assert hidden in text
        assert "example.org" not in text
