"""What a model claims and what happened: a run is ok only if it said so and nothing contradicts it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.engines.base import ToolCall, Turn
from app_runtime.exceptions import EngineError
from app_runtime.models import Entry, Run
from app_runtime.stopping import request_cancel
from app_runtime.transcript import Transcript
from halo_site.audit import Actor
from tests.app_runtime.conftest import ticking
from tests.app_runtime.engines import ScriptedEngine, call, report, says
from tests.factories import NINE, SECOND, TESTER

pytestmark = pytest.mark.django_db
RunOnce = Callable[..., Run]
Scripted = Callable[..., ScriptedEngine]


def done(id: str = "done") -> ToolCall:
    return call("report_to_user", id, type="run_complete", message="The kettle costs 20.")


def asks(id: str = "asks") -> ToolCall:
    return call("report_to_user", id, type="escalation", message="Order?", choices=["Yes", "No"])


def writes(id: str = "writes") -> ToolCall:
    return call("memory_write", id, scope="app", content="- seen", mode="append")


def entries() -> list[str]:
    return [entry.type for entry in Entry.objects.order_by("ts", "id")]


def calls_and_results(run: Run) -> tuple[list[str], list[str]]:
    lines = Transcript(run.app, run.pk).lines()
    asked = [call["id"] for line in lines if line["type"] == "model" for call in line["calls"]]
    return asked, [line["id"] for line in lines if line["type"] == "tool"]


def test_done_without_a_report_is_no_end(run_once: RunOnce) -> None:
    run = run_once(*[says(text="Done. I have reported that everything is fine.")] * 9)
    assert (run.status, run.outcome, entries()) == ("error", "error", ["run_error"])


@pytest.mark.parametrize(
    "calls", [(done(), writes()), (writes(), done()), (done("a"), done("b")), (done(), call("no_such", "x"))]
)
def test_every_call_of_the_turn_that_reports_has_its_result(
    run_once: RunOnce, calls: tuple[ToolCall, ...]
) -> None:
    run = run_once(says(*calls))
    assert run.status == "ok"
    asked, answered = calls_and_results(run)
    assert asked == answered == [each.id for each in calls]


@pytest.mark.parametrize(
    "calls",
    [
        (asks(), done()),
        (done(), asks()),
        (asks(), writes()),
        (asks("a"), asks("b")),
        (done(), writes(), asks()),
    ],
)
def test_a_question_makes_the_run_wait_whatever_else_its_turn_says(
    run_once: RunOnce, calls: tuple[ToolCall, ...]
) -> None:
    run = run_once(says(*calls), report())
    assert (run.status, run.outcome) == ("waiting_user", "useful")
    asked, answered = calls_and_results(run)
    assert asked == answered == [each.id for each in calls]
    assert App.objects.get().status == "waiting_user"


def test_a_provider_that_fails_after_a_report_on_the_way_contradicts_it(run_once: RunOnce) -> None:
    run = run_once(report("milestone", "Lowest price"), EngineError("My provider failed on its side (500)."))
    assert (run.status, run.outcome, entries()) == ("error", "error", ["milestone", "run_error"])


def test_a_cancel_between_the_report_and_the_last_call_contradicts_it(app: App, scripted: Scripted) -> None:
    run = trigger(app, TESTER, NINE)

    def reports_and_is_cancelled() -> Turn:
        return says(done(), writes())

    ticks = count()

    def clock() -> object:
        if Entry.objects.exists():
            request_cancel(run, Actor("person", "anna"), NINE + SECOND)
        return NINE + SECOND + next(ticks) * timedelta(milliseconds=1)

    scripted(reports_and_is_cancelled)
    ended = worker.execute(run.pk, clock=clock)  # type: ignore[arg-type]
    assert ended
    assert (ended.status, ended.error_message) == ("cancelled", "Cancelled by anna.")
    assert entries() == ["run_complete"]
    assert not (app.folder / "memory.md").read_text().count("- seen")


def test_a_cap_between_the_report_and_the_last_call_contradicts_it(app: App, scripted: Scripted) -> None:
    ticks = count()

    def clock() -> object:
        late = timedelta(minutes=61) if Entry.objects.filter(type="run_complete").exists() else timedelta()
        return NINE + SECOND + late + next(ticks) * timedelta(milliseconds=1)

    scripted(says(done(), writes()))
    ended = worker.execute(trigger(app, TESTER, NINE).pk, clock=clock)  # type: ignore[arg-type]
    assert ended
    assert (ended.status, ended.error_message) == ("error", "The run took longer than its cap of 60 min.")
    assert entries() == ["run_complete", "run_error"]


def test_a_tool_that_breaks_after_the_report_contradicts_it(
    app: App, run_once: RunOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_more: object) -> str:
        raise RuntimeError("the tool has a bug")

    monkeypatch.setattr("app_runtime.tools.memory.memory_write", broken)
    run = run_once(says(done(), writes()))
    assert (run.status, run.error_message) == ("error", "RuntimeError: the tool has a bug")
    assert entries() == ["run_complete", "run_error"]


def test_a_refused_report_is_none(run_once: RunOnce) -> None:
    run = run_once(report("run_complete", "  "), *[says(text="I have reported.")] * 4)
    assert (run.status, entries()) == ("error", ["run_error"])


def test_an_empty_result_is_told_in_words(run_once: RunOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some providers refuse a conversation with an empty text in it."""
    monkeypatch.setattr("app_runtime.tools.memory.memory_write", lambda *_a, **_k: " \n")
    run = run_once(says(writes()), report())
    lines = Transcript(run.app, run.pk).lines()
    assert next(line["result"] for line in lines if line["type"] == "tool") == "(The result is empty.)"


def test_the_transcript_ends_as_the_run_did(app: App, scripted: Scripted) -> None:
    scripted(says(done("a"), done("b")))
    run = worker.execute(trigger(app, TESTER, NINE).run_id, clock=ticking())
    assert run
    last = Transcript(app, run.pk).lines()[-1]
    assert (last["type"], last["status"], last["outcome"]) == ("end", run.status, run.outcome)
