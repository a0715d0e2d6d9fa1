"""notify in whole runs: what a target receives, what the model is told, what the run says of it."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.engines.base import Turn
from app_runtime.exceptions import LeaseLost, ToolRefused
from app_runtime.models import Entry, Notification, Run
from app_runtime.notifications import delivering
from app_runtime.notifications.targets import chosen_targets
from app_runtime.tools import notify as notify_tool
from app_runtime.tools.notify import Notifier, NotifyArguments
from app_runtime.transcript import Transcript
from halo_site.datadir.config import update_config
from halo_site.datadir.notification_targets import hidden_parts
from halo_site.datadir.secrets import set_secret
from halo_site.masking import Masker
from tests.app_runtime.conftest import ticking
from tests.app_runtime.engines import ScriptedEngine, call, report, says
from tests.app_runtime.notifying import TOKEN, set_targets, use_sink
from tests.factories import NINE, TESTER, make_app, make_run
from tests.wire import HANGS, Sink

# Real transactions: the run's lease is watched by a thread, which has to see the run
pytestmark = pytest.mark.django_db(transaction=True)
RunOnce = Callable[..., Run]
GRANTED = ("notification.send",)


@pytest.fixture
def app(db: None) -> App:
    return make_app(granted=GRANTED)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def notify(message: str = "It costs 20.", title: str = "Kettle", **more: str) -> Turn:
    return says(call("notify", title=title, message=message, **more))


def answers(run: Run) -> list[str]:
    """What the model was told of its calls of notify."""
    lines = Transcript(run.app, run.run_id).lines()
    return [line["result"] for line in lines if line["type"] == "tool" and line["name"] == "notify"]


def test_a_target_receives_the_message_and_the_run_says_so(run_once: RunOnce, sink: Sink) -> None:
    use_sink(sink)
    run = run_once(notify("5 < 6 & *plain*\nIt costs 20."), report())
    assert sink.messages == [("Kettle", "5 < 6 & *plain*\nIt costs 20.")]
    assert answers(run) == ["Sent to Phone."]
    assert (run.delivery, run.status, run.outcome) == ("sent", "ok", "useful")
    row = Notification.objects.get()
    assert (row.state, row.attempts, row.step, row.next_try_at, row.sending_until) == (
        "sent",
        1,
        2,
        None,
        None,
    )


def test_it_goes_to_all_targets_or_to_the_one_that_is_named(run_once: RunOnce, sink: Sink) -> None:
    set_targets(phone=sink.url("phone"), mail=sink.url("mail"))
    run = run_once(notify(), notify(target="mail"), report())
    assert sorted(sink.paths) == ["/mail", "/mail", "/phone"]
    assert answers(run) == ["Sent to Phone. Sent to Mail.", "Sent to Mail."]


def test_a_message_that_is_not_taken_is_told_as_not_sent_yet(run_once: RunOnce) -> None:
    with Sink(500) as sink:
        use_sink(sink)
        run = run_once(notify(), report())
    [answer] = answers(run)
    assert answer.startswith("Not sent to Phone yet (Failed to send JSON")
    assert answer.endswith("it is tried again in 30 s.")
    assert (run.delivery, run.status) == ("pending", "ok")


def test_one_target_out_of_order_does_not_keep_the_other_from_its_message(
    run_once: RunOnce, sink: Sink
) -> None:
    set_targets(phone=sink.url(), mail="json://127.0.0.1:1/hook")
    run = run_once(notify(), report())
    states = dict(Notification.objects.values_list("target_id", "state"))
    assert states == {"phone": "sent", "mail": "pending"}
    assert run.delivery == "pending"
    assert "(the connection was refused)" in answers(run)[0]


def test_a_target_that_hangs_costs_the_time_limit_and_no_more(
    run_once: RunOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify_tool, "SECONDS", 2.0)
    with Sink(HANGS) as sink:
        use_sink(sink, options="?rto=60")
        run = run_once(notify(), report())
    expected = "It gave no answer within 2 s. It may have arrived all the same."
    assert (run.delivery, Notification.objects.get().last_error) == ("pending", expected)


def test_the_address_and_its_token_are_stored_and_shown_nowhere(
    run_once: RunOnce, operator_client: Client
) -> None:
    with Sink(500) as sink:
        use_sink(sink)
        run = run_once(notify(f"Use {TOKEN}", title=f"About {TOKEN}"), report(message=f"I know {TOKEN}"))
    assert sink.messages == [("About •••", "Use •••")]
    page = operator_client.get(reverse("app_runtime:run_detail", args=[run.pk])).content.decode()
    written = Transcript(run.app, run.run_id).raw().decode()
    stored = [str(values) for model in (Run, Entry, Notification) for values in model.objects.values_list()]
    assert TOKEN not in page + written + "".join(stored)
    assert "About •••" in page


def test_what_a_service_says_of_its_address_is_masked() -> None:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general"
    set_targets(phone=url)
    masker = Masker(hidden_parts(url))
    assert masker.text("no: https://hooks/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ") == (
        "no: https://hooks/•••/•••/•••"
    )


def test_it_is_offered_only_where_it_was_granted(
    app: App, scripted: Callable[..., ScriptedEngine], sink: Sink
) -> None:
    use_sink(sink)
    offered = {}
    for installed in (app, make_app("Another")):
        engine = scripted(report())
        worker.execute(trigger(installed, TESTER, NINE).run_id, clock=ticking())
        offered[installed.name] = {tool.name: tool.why for tool in engine.briefings[0].tools}
    assert offered["Kettle Watch"]["notify"] == "granted: notification.send"
    assert "notify" not in offered["Another"]


def test_a_call_without_the_grant_sends_nothing(scripted: Callable[..., ScriptedEngine], sink: Sink) -> None:
    use_sink(sink)
    scripted(notify(), report())
    run = worker.execute(trigger(make_app("Another"), TESTER, NINE).run_id, clock=ticking())
    assert run
    assert answers(run)[0].startswith('There is no tool "notify".')
    assert (sink.taken, run.delivery) == ([], "none")


def test_without_a_target_nothing_is_claimed_as_sent(run_once: RunOnce) -> None:
    run = run_once(notify(), report())
    assert answers(run) == [
        "No notification target is set up on this site. "
        "Nothing was sent. Use report_to_user: the user sees it on this site."
    ]
    assert (run.delivery, Notification.objects.count()) == ("none", 0)


def test_an_unknown_target_is_refused_with_the_known_ones(run_once: RunOnce, sink: Sink) -> None:
    set_targets(phone=sink.url(), mail=sink.url())
    run = run_once(notify(target="pager"), report())
    assert "Known: phone (Phone), mail (Mail)." in answers(run)[0]
    assert sink.taken == []


@pytest.mark.parametrize(
    ("title", "message", "problem"),
    [
        ("Kettle", "x" * 4001, "message: String should have at most 4000 characters"),
        ("x" * 201, "It costs 20.", "title: String should have at most 200 characters"),
        ("Kettle", "  ", "message: Value error, it is empty"),
    ],
)
def test_what_is_too_long_or_empty_is_refused(
    run_once: RunOnce, sink: Sink, title: str, message: str, problem: str
) -> None:
    use_sink(sink)
    run = run_once(notify(message, title=title), report())
    assert problem in answers(run)[0]
    assert sink.taken == []


def test_a_secret_that_is_missing_is_named_and_not_sent(run_once: RunOnce) -> None:
    update_config("notifications", {"targets": [{"id": "phone", "name": "Phone", "url": "secret:nowhere"}]})
    run = run_once(notify(), report())
    assert "secret:nowhere is not set" in answers(run)[0]
    assert run.delivery == "pending"


def test_an_address_that_apprise_does_not_know_is_named_as_such(run_once: RunOnce) -> None:
    set_targets(phone="carrier-pigeon-1234567")
    assert "no address that apprise knows" in answers(run_once(notify(), report()))[0]


def test_a_run_that_was_lost_to_another_worker_sends_nothing(app: App, sink: Sink) -> None:
    use_sink(sink)
    run = make_run(app, "running", engine="model")
    Run.objects.update(worker="another")
    with pytest.raises(LeaseLost):
        delivering.store(run, chosen_targets(None), "Kettle", "It costs 20.", NINE)
    assert (Notification.objects.count(), sink.taken, Run.objects.get().delivery) == (0, [], "none")


def test_a_rehearsal_never_sends(app: App, sink: Sink) -> None:
    use_sink(sink)
    run = make_run(app, "running", engine="rehearsal")
    notifier = Notifier(run, lambda: NINE, Masker([]), lambda work: pytest.fail("it waits"))
    with pytest.raises(ToolRefused, match="A rehearsal sends nothing"):
        notifier.notify(NotifyArguments(title="Kettle", message="It costs 20."))
    assert (sink.taken, Notification.objects.count()) == ([], 0)


def test_a_whole_rehearsal_lists_the_tool_and_sends_nothing(app: App, sink: Sink) -> None:
    use_sink(sink)
    run = worker.execute(trigger(app, TESTER, NINE).run_id, clock=ticking())
    assert run
    assert (run.engine, run.status, run.delivery) == ("rehearsal", "ok", "none")
    assert sink.taken == []


def test_a_run_that_is_stopped_while_it_sends_says_that_the_end_is_unknown(app: App) -> None:
    run = make_run(app, "running", engine="model")
    set_secret("phone-url", "json://127.0.0.1:1/hook")
    update_config("notifications", {"targets": [{"id": "phone", "name": "Phone", "url": "secret:phone-url"}]})
    rows = delivering.store(run, chosen_targets(None), "Kettle", "It costs 20.", NINE)

    def stops(work: object) -> None:
        work.close()  # type: ignore[attr-defined]
        raise LeaseLost("The run is no longer this worker's.")

    with pytest.raises(LeaseLost):
        delivering.attempt(rows, lambda: NINE, stops, 1)
    row = Notification.objects.get()
    assert (row.state, row.next_try_at) == ("failed", None)
    assert row.last_error == (
        "The sending was broken off. Whether it arrived is unknown, so it is not sent again."
    )
    assert Run.objects.get().delivery == "failed"


def test_the_page_of_a_run_shows_what_became_of_each(run_once: RunOnce, operator_client: Client) -> None:
    with Sink(500) as sink:
        use_sink(sink)
        run = run_once(notify(), report())
    page = operator_client.get(reverse("app_runtime:run_detail", args=[run.pk])).content.decode()
    for words in ("<h2>Notifications</h2>", "<b>Phone</b>", "Not sent yet", "1 try", "Failed to send JSON"):
        assert words in page
