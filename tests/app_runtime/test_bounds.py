"""What a model says too much: carried in part, kept aside once, refused, or the end of the run."""

from collections.abc import Callable

import pytest

from app_manager.models import App
from app_runtime import bounds, worker
from app_runtime.bounds import LONGEST_ARGUMENTS, SHOWN_CHARACTERS
from app_runtime.continuing import continue_run
from app_runtime.dispatch import trigger
from app_runtime.models import Run
from app_runtime.transcript import Transcript
from halo_site.audit import Actor
from halo_site.datadir.secrets import set_secret
from tests.app_runtime.conftest import ticking
from tests.app_runtime.engines import ScriptedEngine, call, look, report, says
from tests.factories import NINE, SECOND, TESTER
from tests.wire import Provider, Says
from tests.wire.sources import WAYS, reports, source, use

pytestmark = pytest.mark.django_db
RunOnce = Callable[..., Run]
Scripted = Callable[..., ScriptedEngine]
LONG = "kettle " * 30_000


def lines(run: Run, kind: str) -> list[dict[str, object]]:
    return [line for line in Transcript(run.app, run.pk).lines() if line["type"] == kind]


def test_a_long_text_is_carried_in_part_and_kept_aside_once(app: App, scripted: Scripted) -> None:
    engine = scripted(says(*look().calls, text=LONG), report())
    run = worker.execute(trigger(app, TESTER, NINE).run_id, clock=ticking())
    assert run
    written, heard = lines(run, "model")[0], engine.heard[1][1]
    assert heard.text == written["text"] == bounds.shortened(LONG)
    assert Transcript(app, run.pk).kept("step-1.txt").decode() == LONG
    assert len(Transcript(app, run.pk).raw()) < 2 * SHOWN_CHARACTERS


def test_long_arguments_reach_their_tool_whole_and_are_carried_in_part(app: App, scripted: Scripted) -> None:
    engine = scripted(says(call("memory_write", scope="app", mode="append", content=LONG)), report())
    run = worker.execute(trigger(app, TESTER, NINE).run_id, clock=ticking())
    assert run
    assert LONG.strip() in (app.folder / "memory.md").read_text()
    carried = engine.heard[1][1].calls[0].arguments
    assert list(carried) == ["_cut"]
    assert lines(run, "model")[0]["calls"][0]["arguments"] == carried  # type: ignore[index]
    assert lines(run, "tool")[0]["arguments"] == carried
    assert LONG in Transcript(app, run.pk).kept("step-1.txt").decode()


def test_arguments_that_no_tool_takes_are_refused_and_not_carried(app: App, scripted: Scripted) -> None:
    endless = report(message="x" * (LONGEST_ARGUMENTS + 1))
    engine = scripted(endless, endless, report())
    run = worker.execute(trigger(app, TESTER, NINE).run_id, clock=ticking())
    assert run
    assert (run.status, engine.heard[1][1].calls[0].arguments) == ("ok", {})
    assert "characters; at most 1,048,576 are taken" in engine.heard[1][2].text
    assert len(Transcript(app, run.pk).raw()) < SHOWN_CHARACTERS


def test_a_secret_on_the_cut_is_masked(run_once: RunOnce) -> None:
    set_secret("mine", "correct-horse-battery")
    text = "x" * (SHOWN_CHARACTERS - 8) + "correct-horse-battery"
    run = run_once(says(*look().calls, text=text), report())
    assert "correct" not in str(lines(run, "model")[0]["text"])
    assert b"correct" not in Transcript(run.app, run.pk).kept("step-1.txt")


def test_a_conversation_that_has_grown_too_long_ends_the_run(
    run_once: RunOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "LONGEST_CONVERSATION", 100_000)
    run = run_once(*[says(*look().calls, text=LONG)] * 5, report())
    assert (run.status, len(lines(run, "model"))) == ("error", 2)
    assert "at most 100,000 are sent to a model. Start a new run" in str(run.error_message)


def test_a_conversation_that_is_too_long_to_go_on_is_not_copied(
    run_once: RunOnce, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_once(says(*look().calls, text=LONG), report())
    monkeypatch.setattr(bounds, "LONGEST_CONVERSATION", 50_000)
    scripted(report())
    following = continue_run(first, "And the teapot?", Actor("person", "anna"), NINE + 100 * SECOND)
    ended = worker.execute(following.pk, clock=ticking(NINE + 100 * SECOND))
    assert ended
    assert (ended.status, lines(ended, "history")) == ("error", [])
    assert "are sent to a model" in str(ended.error_message)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_what_is_carried_of_a_long_text_is_what_the_provider_receives(
    app: App, way: tuple[str, bool]
) -> None:
    with Provider(Says(LONG, (("memory_list", {"scope": "app"}),)), reports()) as provider:
        use(source(provider, *way))
        run = worker.execute(trigger(app, TESTER, NINE).run_id)
        assert run
        assert provider.asked[1].messages[1] == ("assistant", lines(run, "model")[0]["text"])
