"""Whole runs with a scripted engine: what they end as, what they leave behind."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.engines.base import Turn
from app_runtime.exceptions import EngineError
from app_runtime.models import Entry, Run
from app_runtime.session import CONTINUE
from app_runtime.transcript import Transcript
from halo_site.datadir.config import update_config
from memory.models import Revision
from tests.app_runtime.engines import ScriptedEngine, call, look, report, says
from tests.factories import MINUTE, NINE, make_run

pytestmark = pytest.mark.django_db
RunOnce = Callable[..., Run]
Scripted = Callable[..., ScriptedEngine]


def lines(run: Run) -> list[dict]:
    return Transcript(run.app, run.run_id).lines()


def kinds(run: Run) -> list[str]:
    return [line["type"] for line in lines(run)]


def entries() -> list[tuple[str, str]]:
    return [(entry.type, entry.summary) for entry in Entry.objects.order_by("ts", "id")]


def test_a_run_that_reports_is_ok_and_useful(run_once: RunOnce) -> None:
    run = run_once(look(), report())
    assert (run.status, run.outcome, run.error_message) == ("ok", "useful", None)
    assert (run.step_count, run.lease_until) == (4, None)
    assert entries() == [("run_complete", "The kettle costs 20.")]


def test_a_run_with_nothing_to_do_is_ok_and_noop(run_once: RunOnce) -> None:
    run = run_once(report("run_skipped", "Shop closed"))
    assert (run.status, run.outcome) == ("ok", "noop")
    assert Entry.objects.get().content["status"] == "skipped"


def test_an_entry_has_the_documented_shape(run_once: RunOnce) -> None:
    run = run_once(report("output", "Table is ready", data={"rows": 3}, data_path="/srv/week.md"))
    entry = Entry.objects.get()
    source = {"kind": "automation", "appId": run.app_id, "runId": run.run_id, "step": 2}
    assert entry.content == {
        "summary": "Table is ready",
        "data": {"rows": 3},
        "dataPath": "/srv/week.md",
        "source": source,
    }
    assert (entry.run_id, entry.session_key) == (run.run_id, run.session_key)


def test_a_run_without_a_report_is_told_three_times_to_go_on_then_it_is_an_error(run_once: RunOnce) -> None:
    run = run_once(says(text="Hm."))
    assert (run.status, run.outcome) == ("error", "error")
    assert run.error_message == "The run ended without a report, although it was told 3 times to go on."
    assert kinds(run) == ["prompt", "model", *["continue", "model"] * 3, "end"]
    assert entries() == [("run_error", run.error_message)]


def test_a_run_may_report_after_it_was_told_to_go_on(app: App, scripted: Scripted, run_once: RunOnce) -> None:
    assert run_once(says(text="Hm."), report()).status == "ok"


def test_the_engine_hears_that_it_has_to_go_on(app: App, scripted: Scripted) -> None:
    engine = scripted(says(text="Hm."), report())
    worker.execute(make_run(app, "queued").pk)
    assert [message.role for message in engine.heard[1]] == ["user", "assistant", "user"]
    assert engine.heard[1][-1].text == CONTINUE


def test_news_on_the_way_and_a_text_at_the_end_are_a_good_end(run_once: RunOnce) -> None:
    run = run_once(report("milestone", "Lowest price"), says(text="Done."))
    assert (run.status, run.outcome) == ("ok", "useful")


def test_work_goes_on_after_news_on_the_way(run_once: RunOnce) -> None:
    run_once(report("milestone", "Lowest price"), look(), report())
    assert [kind for kind, _ in entries()] == ["milestone", "run_complete"]


def test_an_unknown_tool_is_refused_to_the_model_and_the_run_goes_on(app: App, scripted: Scripted) -> None:
    engine = scripted(says(call("order_kettle")), report())
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert run.status == "ok"
    assert engine.heard[1][-1].text.startswith('There is no tool "order_kettle". You have: report_to_user,')
    assert lines(run)[2]["refused"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"type": "run_complete"}, "message: Field required"),
        ({"type": "victory", "message": "Won"}, "type: Input should be 'run_complete'"),
        ({"type": "run_complete", "message": "x", "colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"type": "run_complete", "message": " \n"}, "the message is empty; say what a person should know"),
        (
            {"type": "escalation", "message": "x", "questions": [{"question": "?"}] * 21},
            "there are 21 questions, and a person is asked at most 20 at once; ask what matters most",
        ),
    ],
)
def test_bad_arguments_are_refused_to_the_model_and_nothing_is_stored(
    app: App, scripted: Scripted, arguments: dict[str, Any], words: str
) -> None:
    engine = scripted(says(call("report_to_user", **arguments)), report("run_skipped", "Nothing"))
    worker.execute(make_run(app, "queued").pk)
    assert words in engine.heard[1][-1].text
    assert entries() == [("run_skipped", "Nothing")]


def test_an_engine_that_fails_ends_the_run_as_an_error(run_once: RunOnce) -> None:
    run = run_once(EngineError("gateway timed out"))
    assert (run.status, run.error_message) == ("error", "gateway timed out")


def test_an_engine_error_after_news_is_an_error_and_the_news_stays(run_once: RunOnce) -> None:
    run = run_once(report("milestone", "Lowest price"), EngineError("gateway timed out"))
    assert (run.status, run.outcome) == ("error", "error")
    assert entries() == [("milestone", "Lowest price"), ("run_error", "gateway timed out")]


def test_a_bug_in_an_engine_is_the_runs_own_record(run_once: RunOnce) -> None:
    assert run_once(KeyError("choices")).error_message == "KeyError: 'choices'"


def test_a_stop_from_the_keyboard_is_an_interruption(run_once: RunOnce) -> None:
    run = run_once(KeyboardInterrupt())
    assert run.error_message == "interrupted: it was stopped from the keyboard after step 1 began"


def test_an_engine_that_cannot_be_made_is_an_error_and_no_endless_queue(app: App, settings) -> None:  # type: ignore[no-untyped-def]
    settings.HALO_ENGINE = "nowhere.Engine"
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert run.status == "error"
    assert "No engine could be made for this run" in str(run.error_message)


def test_the_cap_on_turns_ends_the_run_and_is_named(run_once: RunOnce) -> None:
    update_config("runs", {"model_turns": 2})
    run = run_once(look(), look(), report())
    assert (run.status, run.error_message) == ("error", "The run reached its cap of 2 model turns.")
    assert entries() == [("run_error", run.error_message)]


def test_the_cap_on_time_ends_the_run_and_is_named(app: App, scripted: Scripted) -> None:
    scripted(look(), report())
    moments = [NINE]

    def clock() -> datetime:
        moments.append(moments[-1] + 10 * MINUTE)
        return moments[-1]

    run = worker.execute(make_run(app, "queued").pk, clock)
    assert run
    assert (run.status, run.error_message) == ("error", "The run took longer than its cap of 60 min.")


def test_tokens_are_counted_and_unknown_ones_stay_unknown(run_once: RunOnce) -> None:
    known = report()
    run = run_once(Turn("", known.calls, model="gpt", tokens_in=30, tokens_out=4))
    assert (run.tokens_used, run.model) == (34, "gpt")


def test_tokens_that_nobody_counted_are_unknown(run_once: RunOnce) -> None:
    assert run_once(report()).tokens_used is None


def test_a_worker_that_lost_its_run_writes_nothing_more(app: App, scripted: Scripted) -> None:
    def lose() -> Turn:
        Run.objects.update(worker="somebody else")
        return report()

    scripted(lose)
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert Run.objects.get().status == "running"
    assert not Entry.objects.exists()
    assert "end" not in kinds(run)


def test_a_report_of_a_run_that_was_ended_meanwhile_is_not_stored(app: App) -> None:
    from app_runtime.exceptions import LeaseLost
    from app_runtime.tools.report import ReportArguments, Reports
    from halo_site.masking import Masker

    run = make_run(app, "running")
    Run.objects.update(status="error")
    with pytest.raises(LeaseLost):
        Reports(run, lambda: NINE, Masker(())).report(ReportArguments(type="run_complete", message="Late"))
    assert not Entry.objects.exists()


def test_a_run_that_is_interrupted_before_its_first_step_is_queued_again(
    app: App, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    stop.set()
    monkeypatch.setattr(worker, "stop_now", stop)
    engine = scripted(report())
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    stored = Run.objects.get()
    assert (stored.status, stored.step_count, engine.heard) == ("queued", 0, [])
    assert stored.task_id
    assert not Entry.objects.exists()


def test_a_run_that_was_given_back_begins_anew_with_one_heading(
    app: App, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    stop.set()
    monkeypatch.setattr(worker, "stop_now", stop)
    scripted(report())
    run_id = make_run(app, "queued").pk
    worker.execute(run_id)
    stop.clear()
    assert worker.execute(run_id)
    assert Run.objects.get().status == "ok"
    memory = (app.folder / "memory.md").read_text()
    assert memory.count(f"[by: run#{run_id[:8]}]") == 1


def test_a_run_that_is_interrupted_later_is_an_error_that_says_after_which_step(
    app: App, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    monkeypatch.setattr(worker, "stop_now", stop)

    def stopping() -> Turn:
        stop.set()
        return look()

    scripted(stopping)
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert run.error_message == "interrupted: its worker was stopped after step 1 began"


def test_each_line_is_on_disk_before_the_next_step_starts(app: App, scripted: Scripted) -> None:
    seen: list[list[str]] = []
    run_id = make_run(app, "queued").pk

    def looking() -> Turn:
        seen.append([line["type"] for line in Transcript(app, run_id).lines()])
        return look() if len(seen) < 3 else report()

    scripted(looking, looking, looking)
    run = worker.execute(run_id)
    assert run
    whole = kinds(run)
    assert seen == [whole[:1], whole[:3], whole[:5]]
    assert whole == ["prompt", "model", "tool", "model", "tool", "model", "tool", "end"]


def test_the_prompt_that_is_stored_is_what_the_engine_got(app: App, scripted: Scripted) -> None:
    engine = scripted(report())
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    prompt = lines(run)[0]
    assert prompt["instructions"] == engine.briefings[0].instructions
    assert prompt["message"] == engine.briefings[0].message == engine.heard[0][0].text
    assert [tool["name"] for tool in prompt["tools"]] == [tool.name for tool in engine.briefings[0].tools]


def test_the_message_has_its_four_sections_in_order(app: App, scripted: Scripted) -> None:
    engine = scripted(report())
    worker.execute(make_run(app, "queued").pk)
    titles = [line for line in engine.briefings[0].message.split("\n") if line.startswith("## ")]
    wanted = ["## Trigger", "## Memory", "## User configuration", "## Instructions"]
    assert [title for title in titles if title in wanted] == wanted


def test_a_line_separator_in_a_models_text_does_not_tear_its_line(run_once: RunOnce) -> None:
    run = run_once(
        says(call("memory_read", scope="app", mode="headers"), text="a\u2028b\u0085c\x0bd"), report()
    )
    assert lines(run)[1]["text"] == "a\u2028b\u0085c\x0bd"


def test_text_that_no_database_takes_is_stored_with_replacement_characters(run_once: RunOnce) -> None:
    run = run_once(report("run_complete", "nul \0, half \ud83d", data={"\0": ["\udc00"]}))
    assert run.status == "ok"
    entry = Entry.objects.get()
    assert entry.summary == "nul �, half �"
    assert entry.content["data"] == {"�": ["�"]}


def test_an_error_message_that_no_database_takes_is_stored_all_the_same(run_once: RunOnce) -> None:
    assert run_once(EngineError("bad \0 byte, bad \ud83d half")).error_message == "bad � byte, bad � half"


def test_an_endless_error_message_is_cut(run_once: RunOnce) -> None:
    assert len(str(run_once(EngineError("x" * 100_000)).error_message)) < 5000


def test_a_run_leaves_a_record_in_the_memory(app: App, run_once: RunOnce) -> None:
    run = run_once(report())
    record = next((app.folder / "memory" / "run").glob(f"*-{run.run_id[:8]}.md")).read_text()
    assert "The kettle costs 20." in record
    assert "- Outcome: ok, useful" in record
    assert Revision.objects.filter(run_id=run.run_id).exists()


def test_a_run_that_had_nothing_to_do_leaves_no_record(app: App, run_once: RunOnce) -> None:
    run_once(report("run_skipped", "Closed"))
    assert not (app.folder / "memory" / "run").exists()


def test_a_record_that_cannot_be_written_changes_nothing_else(app: App, run_once: RunOnce) -> None:
    (app.folder / "memory" / "run").write_text("in the way")
    assert run_once(report()).status == "ok"


def test_every_line_of_a_transcript_is_json_with_a_time(app: App, run_once: RunOnce) -> None:
    run = run_once(look(), report())
    text = Transcript(app, run.run_id).raw().decode()
    assert text.endswith("\n")
    assert all(isinstance(json.loads(line)["_ts"], int) for line in text.rstrip("\n").split("\n"))
    assert (app.folder / "runs" / f"{run.run_id}.jsonl").stat().st_mode & 0o777 == 0o600


def test_the_second_call_for_a_run_does_nothing(app: App, run_once: RunOnce) -> None:
    run = run_once(report())
    assert worker.execute(run.pk) is None
    assert worker.execute("no such run") is None
