"""Who is told what happened: by level, rules, quiet hours, and once for what repeats itself."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app_manager.models import App
from app_runtime.escalations.expiry import expire
from app_runtime.escalations.questions import Answer, digest_of
from app_runtime.models import Entry, Notification, Run
from app_runtime.notifications import events, outbox
from app_runtime.notifications.delivering import send_due
from app_runtime.notifications.holding import release_held
from app_runtime.settlement import End, failed, settle
from app_runtime.statuses import EntryType, Outcome, Status
from halo_site.datadir.config import update_config
from tests.app_runtime.notifying import set_targets
from tests.factories import MINUTE, NINE, TESTER, make_app, make_entry, make_question, make_run
from tests.wire import Sink

pytestmark = pytest.mark.django_db
HOUR = 60 * MINUTE
QUIET = {"start": "22:00", "end": "07:00", "zone": "UTC"}
NIGHT = NINE + 14 * HOUR  # 23:00
DAWN = NINE + 22 * HOUR  # 07:00
GOOD = End(Status.OK, Outcome.USEFUL)


@pytest.fixture(autouse=True)
def targets(db: None) -> None:
    set_targets(phone="json://127.0.0.1:1/a", desk="json://127.0.0.1:1/b")


def settings(**values: Any) -> None:
    update_config("notifications", values)


def told() -> list[tuple[str, str, str]]:
    """(kind, target, state) of every row, oldest first."""
    return list(Notification.objects.in_order().values_list("kind", "target_id", "state"))


def kinds(target: str = "phone") -> list[str]:
    return [kind for kind, to, _state in told() if to == target]


def worked(app: App, end: End, now: datetime) -> Run:
    """A run of a model that began a minute before ``now`` and ended so."""
    run = make_run(app, "running", at=now - MINUTE, engine="model")
    assert settle(run, end, now)
    return run


def row(**which: Any) -> Notification:
    return Notification.objects.get(target_id="phone", **which)


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def test_a_question_goes_to_every_target_without_rules(app: App) -> None:
    run = make_run(app, "waiting_user", engine="model")
    events.entry_made(make_question(app, run=run, deadline=NINE + HOUR), NINE)
    assert sorted(told()) == [("question", "desk", "pending"), ("question", "phone", "pending")]
    asked = row()
    assert (asked.title, asked.next_try_at) == ("Kettle Watch asks: Order now?", NINE)
    assert "Choices: Yes · No" in asked.text
    assert "It expires at Mon 23 Nov, 10:00" in asked.text
    run.refresh_from_db()
    assert run.delivery == "pending"


def test_a_question_is_told_once_whoever_tells_of_it(app: App) -> None:
    question = make_question(app)
    events.entry_made(question, NINE)
    events.entry_made(question, NINE)
    assert kinds() == ["question"]


def test_a_rehearsal_tells_nobody(app: App) -> None:
    run = make_run(app, "running", engine="rehearsal")
    events.entry_made(make_question(app, run=run), NINE)
    events.question_reminder(make_question(app, run=run), 50, NINE)
    settle(run, failed("The disk is full."), NINE)
    assert told() == []


@pytest.mark.parametrize(
    ("level", "wanted"),
    [
        ("", ["milestone", "output"]),
        ("important", ["milestone", "output"]),
        ("all", ["run_complete", "run_skipped", "milestone", "output"]),
        ("none", []),
    ],
)
def test_the_level_of_an_app_decides_what_people_are_told(app: App, level: str, wanted: list[str]) -> None:
    app.override_notifications(level, actor=TESTER, now=NINE)
    made = [make_entry(app, kind) for kind in ("run_complete", "run_skipped", "milestone", "output")]
    for entry in made:
        entry.refresh_from_db()
        events.entry_made(entry, NINE)
    told_of = set(Notification.objects.values_list("entry_id", flat=True))
    assert [entry.type for entry in made if entry.pk in told_of] == wanted


def test_a_failure_is_not_told_at_level_none(app: App) -> None:
    app.override_notifications("none", actor=TESTER, now=NINE)
    worked(app, failed("The shop is closed."), NINE)
    assert told() == []


def test_rules_send_types_apps_and_spaces_where_they_say(app: App) -> None:
    other = make_app("Tea Watch")
    settings(
        rules=[
            {"targets": ["phone"], "types": ["escalation"]},
            {"targets": ["desk"], "apps": [other.pk]},
            {"targets": ["desk"], "spaces": ["elsewhere"]},
        ]
    )
    events.entry_made(make_question(app), NINE)
    events.entry_made(make_entry(app, EntryType.MILESTONE), NINE)
    events.entry_made(make_entry(other, EntryType.MILESTONE), NINE)
    assert sorted(told()) == [("question", "phone", "pending"), ("report", "desk", "pending")]


def test_a_wrong_rule_tells_nobody_and_is_named() -> None:
    known = update_config("notifications", {"rules": [{"types": ["everything"]}]}).notifications
    assert known.rules == ()
    assert "rule 1: types: Value error, everything is no type" in known.problems[0]


def test_the_same_failure_is_told_once_and_the_others_are_counted(app: App) -> None:
    for n in range(4):
        worked(app, failed(f"Timeout after {n}.5 s"), NINE + n * MINUTE)
    assert [(kind, state) for kind, to, state in told() if to == "phone"] == [
        ("failure", "pending"), ("failure", "held"), ("failure", "held"), ("failure", "held"),
    ]  # fmt: skip
    assert "The same failure as at Mon 23 Nov, 09:00" in row(state="held", created_at=NINE + MINUTE).reason
    assert release_held(NINE + 59 * MINUTE) == 0
    assert release_held(NINE + HOUR) == 6
    carrier = row(state="pending", created_at=NINE + HOUR)
    assert (carrier.kind, carrier.title) == ("failure", "Kettle Watch failed 3 more times")
    assert Notification.objects.filter(state="merged", carried_by=carrier.pk).count() == 3
    assert release_held(NINE + 2 * HOUR) == 0


def test_another_failure_and_that_of_another_app_are_told_at_once(app: App) -> None:
    worked(app, failed("Timeout"), NINE)
    worked(app, failed("The key was refused."), NINE + MINUTE)
    worked(make_app("Tea Watch"), failed("Timeout"), NINE + MINUTE)
    assert [state for _kind, to, state in told() if to == "phone"] == ["pending"] * 3


def test_zero_minutes_tell_every_failure(app: App) -> None:
    settings(sameFailureMinutes=0)
    worked(app, failed("Timeout"), NINE)
    worked(app, failed("Timeout"), NINE + MINUTE)
    assert [state for _kind, to, state in told() if to == "phone"] == ["pending"] * 2


def test_who_was_told_of_a_failure_is_told_that_it_works_again(app: App) -> None:
    for n in range(3):
        worked(app, failed("Timeout"), NINE + n * MINUTE)
    Notification.objects.filter(target_id="desk").delete()  # was not told
    worked(app, GOOD, NINE + 3 * MINUTE)
    assert (kinds(), kinds("desk")) == (["failure", "failure", "failure", "recovery"], [])
    recovery = row(kind="recovery")
    assert (recovery.title, recovery.text) == ("Kettle Watch works again", "It had failed 3 times in a row.")
    assert Notification.objects.filter(state="merged", carried_by=recovery.pk).count() == 2
    worked(app, GOOD, NINE + 4 * MINUTE)
    assert kinds().count("recovery") == 1


def answered(run: Run, now: datetime) -> Run:
    """The question of a run that waits is answered; the run that goes on has a worker."""
    how = {"actor": TESTER, "now": now, "via": "web"}
    question = make_question(run.app, run=run, at=run.started_at)
    follow_up = question.answer([Answer("Yes")], shown_digest=digest_of(question), **how)
    assert follow_up
    facts = {"status": "running", "engine": "model", "worker": "w", "started_at": now}
    Run.objects.filter(pk=follow_up.pk).update(**facts)
    return Run.objects.select_related("app").get(pk=follow_up.pk)


def test_an_app_that_failed_asked_and_went_on_with_the_answer_works_again(app: App) -> None:
    worked(app, failed("Timeout"), NINE)
    asking = make_run(app, "waiting_user", at=NINE + MINUTE, engine="model")
    going_on = answered(asking, NINE + 2 * MINUTE)
    assert "recovery" not in kinds()  # an answer alone is no success
    again = make_run(app, "waiting_user", at=NINE + 2 * MINUTE, engine="model")
    assert settle(going_on, GOOD, NINE + 3 * MINUTE)
    assert row(kind="recovery").text.startswith("It had failed 1 time.")
    assert settle(answered(again, NINE + 4 * MINUTE), GOOD, NINE + 5 * MINUTE)
    assert kinds().count("recovery") == 1


def test_a_run_that_fails_with_the_answer_is_no_recovery(app: App) -> None:
    worked(app, failed("Timeout"), NINE)
    asking = make_run(app, "waiting_user", at=NINE + MINUTE, engine="model")
    assert settle(answered(asking, NINE + 2 * MINUTE), failed("Refused"), NINE + 3 * MINUTE)
    assert "recovery" not in kinds()
    worked(app, GOOD, NINE + 5 * MINUTE)
    assert row(kind="recovery").text.startswith("It had failed 2 times in a row.")


def test_an_app_that_flaps_does_not_ring_each_time(app: App) -> None:
    worked(app, failed("Timeout"), NINE)
    worked(app, GOOD, NINE + MINUTE)
    worked(app, failed("Timeout"), NINE + 2 * MINUTE)
    worked(app, GOOD, NINE + 3 * MINUTE)
    assert [(kind, state) for kind, to, state in told() if to == "phone"] == [
        ("failure", "pending"), ("recovery", "pending"), ("failure", "held"), ("recovery", "held"),
    ]  # fmt: skip
    release_held(NINE + HOUR)
    assert "Kettle Watch works again" in row(kind="digest").text


def test_an_app_that_is_stopped_says_so_at_once(app: App) -> None:
    for n in range(5):
        worked(app, failed("Timeout"), NINE + n * MINUTE)
    stopped = row(title="Kettle Watch was stopped")
    assert stopped.state == "pending"
    assert "Stopped after 5 failed runs in a row" in stopped.text


def test_quiet_hours_hold_and_the_digest_names_everything(app: App) -> None:
    settings(quiet=QUIET)
    for n in range(3):
        worked(app, failed("Timeout"), NIGHT + n * MINUTE)
    question = make_question(app)
    events.entry_made(question, NIGHT + 5 * MINUTE)
    assert {state for _kind, _to, state in told()} == {"held"}
    held = row(entry_id=question.pk)
    assert (held.held_until, held.next_try_at) == (DAWN, None)
    assert held.reason == "Quiet hours: held until Tue 24 Nov, 07:00 (UTC)."
    release_held(DAWN)
    digest = row(kind="digest")
    assert (digest.title, digest.state) == ("4 messages while it was quiet", "pending")
    assert "Kettle Watch failed and 2 more" in digest.text
    assert "Kettle Watch asks: Order now?" in digest.text
    assert Notification.objects.filter(carried_by=digest.pk, state="merged").count() == 4


def test_a_single_held_message_goes_out_as_itself(app: App) -> None:
    settings(quiet=QUIET)
    events.entry_made(make_question(app), NIGHT)
    release_held(DAWN)
    assert [(kind, state) for kind, _to, state in told()] == [("question", "pending")] * 2


def test_a_question_that_is_over_before_the_quiet_ends_goes_out_and_says_why(app: App) -> None:
    settings(quiet=QUIET, digest={"at": "09:00"})
    events.entry_made(make_question(app, deadline=DAWN + HOUR), NIGHT)
    sent = row()
    assert (sent.state, sent.next_try_at) == ("pending", NIGHT)
    assert "Sent in the quiet hours, because its time is over at Tue 24 Nov, 08:00 (UTC)." in sent.text


def test_the_run_says_whether_what_went_out_in_a_digest_arrived(app: App) -> None:
    settings(quiet=QUIET)
    run = worked(app, failed("Timeout"), NIGHT)
    worked(app, failed("Timeout"), NIGHT + MINUTE)
    run.refresh_from_db()
    assert run.delivery == "pending"
    with Sink() as sink:
        set_targets(phone=sink.url("a"), desk=sink.url("b"))
        release_held(DAWN)
        send_due(at(DAWN))
        assert len(sink.messages) == 2
    run.refresh_from_db()
    assert run.delivery == "sent"


def test_nobody_is_asked_what_is_answered_already(app: App) -> None:
    question = make_question(app)
    events.entry_made(question, NINE)
    Entry.objects.filter(pk=question.pk).update(user_response={"ts": 1, "choice": "Yes"})
    events.question_closed(question, NINE + MINUTE)
    assert [(kind, state) for kind, _to, state in told()] == [("question", "dropped")] * 2
    assert row().reason == "It was answered before this was sent."
    assert send_due(at(NINE + HOUR)) == 0


def test_an_expired_question_is_told_once(app: App) -> None:
    run = make_run(app, "waiting_user", engine="model")
    question = make_question(app, run=run, deadline=NINE + HOUR)
    events.entry_made(question, NINE)
    assert expire(NINE + HOUR) == 1
    assert [kind for kind, to, state in told() if to == "phone" and state == "pending"] == ["closed"]
    assert row(kind="closed").title == "Expired: Kettle Watch had asked: Order now?"


def test_a_reminder_says_how_much_time_is_over(app: App) -> None:
    question = make_question(app, deadline=NINE + timedelta(hours=2))
    events.question_reminder(question, 90, NINE + 108 * MINUTE)
    reminder = row(kind="reminder")
    assert reminder.title == "Still open: Kettle Watch asks: Order now?"
    assert reminder.text.startswith("90 % of its time is over.")


def test_a_message_that_cannot_be_made_stops_nothing(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_facts: object) -> None:
        raise ValueError("no words")

    monkeypatch.setattr(outbox, "put", broken)
    run = worked(app, failed("Timeout"), NINE)
    run.refresh_from_db()
    assert (run.status, told()) == ("error", [])
    assert "nobody could be told" in caplog.text


def test_nobody_is_asked_what_ended_in_an_unknown_way(app: App) -> None:
    question = make_question(app)
    events.entry_made(question, NINE)
    content = {**question.said, "resolution": "gone"}
    Entry.objects.filter(pk=question.pk).update(content=content, closed_at=NINE)
    events.question_closed(question, NINE)
    assert {state for _kind, _to, state in told()} == {"dropped"}
