"""What the run that has the answer hears: the conversation of the run that asked, then the answer."""

from collections.abc import Callable

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.continuing import run_again
from app_runtime.dispatch import trigger
from app_runtime.escalations.questions import Answer
from app_runtime.models import Entry, Run
from app_runtime.stopping import request_cancel
from app_runtime.transcript import Transcript
from tests.app_runtime.conftest import ticking
from tests.app_runtime.engines import ScriptedEngine, look, report
from tests.app_runtime.escalations.asking import ANNA, LATER, TWO, ask, say
from tests.factories import ASKING, MINUTE, TESTER, make_app
from tests.wire import Provider, Says
from tests.wire.sources import reports, source, use

pytestmark = pytest.mark.django_db
Scripted = Callable[..., ScriptedEngine]
RunOnce = Callable[..., Run]


def work(run: Run | None) -> Run:
    assert run
    ended = worker.execute(run.pk, clock=ticking(LATER))
    assert ended
    return ended


def test_it_hears_the_conversation_and_then_the_answer(scripted: Scripted, run_once: RunOnce) -> None:
    run_once(look(), report("escalation", "Order now?", choices=["Yes", "No"]))
    engine = scripted(report("run_complete", "Ordered."))
    ended = work(say(Entry.objects.get(), Answer("Yes", "but only one")))
    assert (ended.status, ended.outcome) == ("ok", "useful")
    heard = engine.heard[0]
    assert [message.role for message in heard] == ["user", "assistant", "tool", "assistant", "tool", "user"]
    assert heard[-1].text.endswith(
        "The user answered your question:\n\n"
        "Question: Order now?\nChosen: Yes\nIn their own words: but only one"
    )


def test_each_of_several_questions_stands_with_its_answer(app: App, scripted: Scripted) -> None:
    engine = scripted(report())
    work(say(ask(app, questions=TWO), Answer("Blue"), Answer(text="three")))
    answers = "Question: Which?\nChosen: Blue\n\nQuestion: How many?\nIn their own words: three"
    assert engine.heard[0][0].text.endswith(answers)
    assert "of which nothing can be read any more" in engine.heard[0][0].text


def test_a_follow_up_can_ask_again_and_be_answered_again(scripted: Scripted, run_once: RunOnce) -> None:
    run_once(report("escalation", "Order now?"))
    scripted(report("escalation", "And the lid?"))
    work(say(Entry.objects.get(), Answer(text="Yes")))
    engine = scripted(report())
    work(say(Entry.objects.open().get(), Answer(text="Yes, too"), now=LATER + MINUTE))
    assert [message.role for message in engine.heard[0]] == ["user", "assistant", "tool"] * 2 + ["user"]


def test_a_follow_up_that_is_run_again_goes_on_with_the_same_answer(
    app: App, scripted: Scripted, run_once: RunOnce
) -> None:
    run_once(report("escalation", "Order now?"))
    first = say(Entry.objects.get(), Answer(text="Yes"))
    assert first
    assert request_cancel(first, ANNA, LATER)
    engine = scripted(report())
    work(run_again(first, ANNA, LATER))
    assert len(engine.heard[0]) == 4
    assert engine.heard[0][-1].text.endswith("In their own words: Yes")


def test_a_pause_after_the_answer_keeps_the_run_that_goes_on_with_it(
    app: App, scripted: Scripted, run_once: RunOnce
) -> None:
    run_once(report("escalation", "Order now?"))
    follow_up = say(Entry.objects.get(), Answer(text="Yes"))
    app.refresh_from_db()
    app.pause(actor=ANNA, now=LATER)
    engine = scripted(report())
    assert work(follow_up).status == "ok"
    assert engine.heard[0][-1].text.endswith("In their own words: Yes")
    assert App.objects.get().status == "paused"


def test_an_uninstall_after_the_answer_takes_the_run_that_goes_on_back(app: App, run_once: RunOnce) -> None:
    run_once(report("escalation", "Order now?"))
    follow_up = say(Entry.objects.get(), Answer(text="Yes"))
    assert follow_up
    app.refresh_from_db()
    app.uninstall(actor=ANNA, now=LATER)
    follow_up.refresh_from_db()
    assert follow_up.status == "cancelled"


def test_a_rehearsal_goes_on_with_the_answer() -> None:
    app = make_app("Asking Kettle", **ASKING)
    first = worker.execute(trigger(app, TESTER, LATER).run_id)
    assert first
    assert first.status == "waiting_user"
    ended = work(say(Entry.objects.open().get(), Answer("Yes")))
    assert (ended.status, ended.engine) == ("ok", "rehearsal")
    lines = Transcript(app, ended.pk).lines()
    assert (lines[0]["type"], lines[0]["of"]) == ("history", first.pk)
    assert Entry.objects.filter(run_id=ended.pk).get().type == "run_complete"


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_model_receives_the_question_and_the_answer_in_its_own_format(app: App, kind: str) -> None:
    asks = {"type": "escalation", "message": "Order now?", "choices": ["Yes", "No"]}
    with Provider(Says("I ask.", (("report_to_user", asks),)), reports("Ordered.")) as provider:
        use(source(provider, kind))
        worker.execute(trigger(app, TESTER, LATER).run_id)
        work(say(Entry.objects.open().get(), Answer("Yes")))
    assert provider.refused == []
    first, second = provider.asked
    said = second.messages
    assert said[:3] == [*first.messages, ("assistant", "I ask."), ("tool", "Stored. The user sees it now.")]
    assert said[3][0] == "user"
    assert said[3][1].endswith("Question: Order now?\nChosen: Yes")
    assert Run.objects.filter(status="ok").count() == 2
