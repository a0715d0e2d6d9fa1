from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from app_manager.models import App
from app_runtime.escalations import expiry
from app_runtime.escalations.expiry import expire
from app_runtime.escalations.questions import Answer
from app_runtime.models import Entry, Run
from app_runtime.statuses import Status
from halo_site.models import AuditEntry
from halo_site.store.fields import to_ms
from tests.app_runtime.escalations.asking import drop, say
from tests.factories import MINUTE, NINE, make_app, make_entry, make_question, make_run, set_status

pytestmark = pytest.mark.django_db
DEADLINE = NINE + 60 * MINUTE
SENTENCE = "the question expired unanswered at 2026-11-23T10:00:00+00:00"


@pytest.fixture
def asked(app: App) -> Entry:
    """A question with a deadline, of a run and an app that wait for it."""
    question = make_question(app, run=make_run(app, Status.WAITING_USER), deadline=DEADLINE)
    set_status(app, "waiting_user", pending_escalation_id=question.pk)
    return question


def test_a_question_is_closed_at_its_deadline_and_nothing_is_decided(asked: Entry) -> None:
    assert expire(DEADLINE) == 1
    asked.refresh_from_db()
    assert asked.closed_at == DEADLINE
    assert asked.content["resolution"] == {"reason": "expired", "at": to_ms(DEADLINE)}
    assert asked.user_response is None
    assert asked.summary == "The kettle costs 20."


def test_it_is_left_open_before(asked: Entry) -> None:
    assert expire(DEADLINE - MINUTE) == 0
    assert Entry.objects.open().exists()


def test_its_run_is_an_error_that_says_so(asked: Entry) -> None:
    expire(DEADLINE)
    run = Run.objects.get()
    assert (run.status, run.outcome, run.error_message) == ("error", "error", SENTENCE)
    assert Entry.objects.get(type="run_error").content == {
        "summary": SENTENCE,
        "status": "error",
        "error": SENTENCE,
    }


def test_its_app_is_active_again_with_an_audit_line(app: App, asked: Entry) -> None:
    expire(DEADLINE)
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("active", None)
    assert AuditEntry.objects.get(verb="active").actor == "system:runtime"


def test_an_app_with_another_open_question_waits_for_the_oldest(app: App, asked: Entry) -> None:
    newer = make_question(app, at=NINE + 2 * MINUTE)
    older = make_question(app, at=NINE + MINUTE)
    expire(DEADLINE)
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("waiting_user", older.pk)
    assert newer.pk != older.pk


def test_a_paused_app_stays_paused_and_forgets_the_question(app: App, asked: Entry) -> None:
    set_status(app, "paused")
    expire(DEADLINE)
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("paused", None)


def test_a_run_with_another_open_question_keeps_waiting(app: App, asked: Entry) -> None:
    make_question(app, run=Run.objects.get())
    assert expire(DEADLINE) == 1
    assert Run.objects.get().status == "waiting_user"


@pytest.mark.parametrize("is_expired_first", [True, False])
@pytest.mark.parametrize(("decide", "expected"), [("answer", "ok"), ("dismiss", "cancelled")])
def test_the_order_of_a_decision_and_an_expiry_makes_no_difference(
    app: App, asked: Entry, is_expired_first: bool, decide: str, expected: str
) -> None:
    other = make_question(app, run=Run.objects.get(), at=NINE - MINUTE)
    steps: list[Callable[[], object]] = [
        lambda: say(other, Answer("Yes")) if decide == "answer" else drop(other),
        lambda: expire(DEADLINE),
    ]
    for step in reversed(steps) if is_expired_first else steps:
        step()
    assert Run.objects.get(pk=asked.run_id).status == expected
    assert not Entry.objects.filter(type="run_error").exists()


def test_a_run_that_went_on_is_left_as_it_is(asked: Entry) -> None:
    Run.objects.update(status="ok")
    expire(DEADLINE)
    assert Run.objects.get().status == "ok"
    assert not Entry.objects.filter(type="run_error").exists()


@pytest.mark.parametrize("ended", [{"user_response": {"ts": 1, "choice": "Yes"}}, {"closed_at": NINE}])
def test_an_answered_or_closed_question_does_not_expire(asked: Entry, ended: dict[str, object]) -> None:
    Entry.objects.update(**ended)
    assert expire(DEADLINE) == 0
    assert Run.objects.get().status == "waiting_user"


def test_an_answer_that_came_in_the_last_moment_wins(asked: Entry) -> None:
    from app_runtime.escalations.expiry import _close

    Entry.objects.update(user_response={"ts": 1, "choice": "Yes"})
    assert not _close(asked.app, asked, DEADLINE, DEADLINE)
    assert Run.objects.get().status == "waiting_user"


@pytest.mark.parametrize("value", ["soon", None, [1]])
def test_a_question_whose_deadline_is_no_moment_does_not_expire(asked: Entry, value: object) -> None:
    Entry.objects.update(content={"summary": "Order?", "deadlineAt": value})
    assert expire(DEADLINE) == 0


def test_a_question_without_a_deadline_stays_open(app: App) -> None:
    make_question(app)
    assert expire(DEADLINE + 1000 * MINUTE) == 0


def test_an_expired_question_expires_once(asked: Entry) -> None:
    expire(DEADLINE)
    assert expire(DEADLINE + MINUTE) == 0
    assert Entry.objects.filter(type="run_error").count() == 1


def test_it_does_not_make_an_old_run_the_apps_last_one(app: App, asked: Entry) -> None:
    App.objects.update(last_run_at=NINE + 30 * MINUTE, last_run_outcome="useful")
    expire(DEADLINE)
    app.refresh_from_db()
    assert (app.last_run_at, app.last_run_outcome) == (NINE + 30 * MINUTE, "useful")


ODD_DEADLINES = [None, "soon", "1", True, 1.5, -(10**18), [1]]


def test_deadlines_that_are_none_take_the_place_of_no_other(
    app: App, asked: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "EXPIRED_AT_ONCE", 2)
    for value in ODD_DEADLINES:
        make_entry(app, "escalation", at=NINE - MINUTE, question="Odd?", deadlineAt=value)
    assert expire(DEADLINE) == 1
    asked.refresh_from_db()
    assert asked.closed_at == DEADLINE
    assert Entry.objects.open().count() == len(ODD_DEADLINES)


def test_an_app_that_is_deleted_meanwhile_does_not_hold_up_the_others(
    app: App, asked: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_app("Another")
    App.objects.update(pending_escalation_id=None)
    question = make_question(other)
    real = expiry.leave_waiting

    def leave(app_id: str, now: datetime) -> None:
        real("gone" if app_id == app.pk else app_id, now)

    monkeypatch.setattr(expiry, "leave_waiting", leave)
    assert expiry.mend_waiting(DEADLINE) == 1
    other.refresh_from_db()
    assert other.pending_escalation_id == question.pk


def test_apps_that_wait_for_nothing_are_not_looked_at_one_by_one(app: App, asked: Entry) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            expiry.mend_waiting(DEADLINE)
        return len(captured)

    few = queries()
    for number in range(5):
        make_app(f"Quiet {number}")
    assert queries() == few
