"""A run that asks: it waits, its app waits, and what it asked stands in the thread."""

from collections.abc import Callable

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.models import Entry, Run
from app_runtime.transcript import Transcript
from tests.app_runtime.engines import ScriptedEngine, call, report, says
from tests.factories import MINUTE, NINE, make_app, make_run, set_status

pytestmark = pytest.mark.django_db
RunOnce = Callable[..., Run]
Scripted = Callable[..., ScriptedEngine]


def lines(run: Run) -> list[dict]:
    return Transcript(run.app, run.run_id).lines()


def test_a_question_makes_the_run_and_the_app_wait(app: App, run_once: RunOnce) -> None:
    run = run_once(report("escalation", "Order now?", choices=["Yes", "No"]))
    assert (run.status, run.outcome) == ("waiting_user", "useful")
    entry = Entry.objects.get()
    assert entry.is_open_question
    assert (entry.content["question"], entry.content["choices"]) == ("Order now?", ["Yes", "No"])
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("waiting_user", entry.pk)


def test_a_question_can_have_several_parts_and_then_drops_the_common_choices(run_once: RunOnce) -> None:
    questions = [{"question": "Which?", "choices": ["Red", "Blue"]}, {"question": "How many?"}]
    run_once(report("escalation", "Two things", questions=questions, choices=["Yes"]))
    content = Entry.objects.get().content
    assert content["questions"] == questions
    assert "choices" not in content


def test_every_call_of_a_turn_has_its_result_before_a_question_ends_the_run(run_once: RunOnce) -> None:
    ask = call("report_to_user", id="a", type="escalation", message="Order?")
    run = run_once(says(ask, call("memory_read", id="b", scope="app", mode="headers")))
    assert [line["id"] for line in lines(run) if line["type"] == "tool"] == ["a", "b"]


def test_the_oldest_open_question_stays_the_pending_one(app: App, run_once: RunOnce) -> None:
    set_status(app, "waiting_user", pending_escalation_id="the-first")
    run_once(report("escalation", "And this?"))
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("waiting_user", "the-first")


def test_a_question_leaves_a_paused_app_paused(app: App, run_once: RunOnce) -> None:
    set_status(app, "paused")
    run_once(report("escalation", "Order now?"))
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("paused", Entry.objects.get().pk)


def test_a_question_has_a_deadline_only_if_the_spec_sets_one(db: None, scripted: Scripted) -> None:
    app = make_app(escalation={"enabled": True, "timeout_hours": 2})
    scripted(report("escalation", "Order now?"))
    worker.execute(make_run(app, "queued").pk, lambda: NINE)
    assert Entry.objects.get().deadline == NINE + 120 * MINUTE
