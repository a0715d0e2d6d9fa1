"""Running again, continuing with a message, telling a live run something."""

from collections.abc import Callable

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.continuing import LONGEST_MESSAGE, continue_run, run_again, send_message
from app_runtime.engines.base import Turn
from app_runtime.exceptions import AlreadyRunning, EngineError, RuntimeRefusal
from app_runtime.models import Run, RunMessage
from app_runtime.statuses import Status, Trigger
from app_runtime.transcript import Transcript
from halo_site.audit import Actor
from halo_site.models import AuditEntry
from tests.app_runtime.conftest import ticking
from tests.app_runtime.engines import ScriptedEngine, call, look, report, says
from tests.factories import NINE, SECOND, make_run

pytestmark = pytest.mark.django_db
Scripted = Callable[..., ScriptedEngine]
RunOnce = Callable[..., Run]
ANNA = Actor("person", "anna")
LATER = NINE + 100 * SECOND


def roles(engine: ScriptedEngine) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in engine.heard[0]]


def test_a_run_again_has_the_same_input_and_knows_its_parent(app: App) -> None:
    data = {"jobId": "j", "dueAtMs": 1, "subscriptionId": "often", "eventPayload": {"a": 1}}
    run = make_run(app, trigger_data=data, trigger_type=Trigger.SCHEDULE)
    again = run_again(run, ANNA, LATER)
    assert (again.parent_run_id, again.trigger_type, again.status) == (run.pk, "manual", "queued")
    kept = {"subscriptionId": "often", "eventPayload": {"a": 1}}
    assert again.trigger_data == {**kept, "by": "person:anna", "again": run.pk}


def test_a_run_again_of_a_busy_app_is_refused_and_names_the_run(app: App) -> None:
    run = make_run(app)
    busy = make_run(app, Status.RUNNING)
    with pytest.raises(AlreadyRunning, match=f"Run {busy.short_id} of Kettle Watch is running"):
        run_again(run, ANNA, LATER)


def test_a_continued_run_hears_the_earlier_conversation_and_the_message(
    app: App, scripted: Scripted, run_once: RunOnce
) -> None:
    first = run_once(look(), report())
    engine = scripted(report("run_complete", "Also the teapot."))
    following = continue_run(first, "And the teapot?", ANNA, LATER)
    ended = worker.execute(following.pk, clock=ticking(LATER))
    assert ended
    assert (ended.status, ended.parent_run_id) == ("ok", first.pk)
    heard = roles(engine)
    assert [role for role, _text in heard] == ["user", "assistant", "tool", "assistant", "tool", "user"]
    assert heard[-1][1].endswith("The user continues this conversation:\n\nAnd the teapot?")


def test_what_a_continued_run_was_sent_stands_in_its_own_transcript(
    app: App, scripted: Scripted, run_once: RunOnce
) -> None:
    first = run_once(report())
    scripted(report())
    following = continue_run(first, "And the teapot?", ANNA, LATER)
    worker.execute(following.pk, clock=ticking(LATER))
    history = Transcript(app, following.pk).lines()[0]
    assert (history["type"], history["of"]) == ("history", first.pk)
    assert [message["role"] for message in history["messages"]] == ["user", "assistant", "tool"]


def test_a_run_that_was_continued_can_be_continued_again(
    app: App, scripted: Scripted, run_once: RunOnce
) -> None:
    run = run_once(report())
    for number in range(2):
        engine = scripted(report())
        run = continue_run(run, f"More {number}", ANNA, LATER + number * SECOND)
        worker.execute(run.pk, clock=ticking(LATER + number * SECOND))
        run.refresh_from_db()
    assert [role for role, _text in roles(engine)] == ["user", "assistant", "tool"] * 2 + ["user"]


def test_every_call_of_a_run_that_was_cut_off_has_a_result(
    app: App, scripted: Scripted, run_once: RunOnce
) -> None:
    first = run_once(says(call("memory_read", id="a", scope="app", mode="headers")), EngineError("gone"))
    transcript = Transcript(app, first.pk)
    text = transcript.raw().decode().replace('"type": "tool"', '"type": "torn"')
    (transcript.base / transcript.name).write_text(text)
    engine = scripted(report())
    following = continue_run(first, "Go on", ANNA, LATER)
    worker.execute(following.pk, clock=ticking(LATER))
    role, words = roles(engine)[2]
    assert role == "tool"
    assert "Whether it had an effect is unknown" in words


def test_without_the_earlier_transcript_the_message_is_the_instruction(app: App, scripted: Scripted) -> None:
    engine = scripted(report())
    following = continue_run(make_run(app), "And the teapot?", ANNA, LATER)
    worker.execute(following.pk, clock=ticking(LATER))
    assert len(engine.heard[0]) == 1
    assert "of which nothing can be read any more" in engine.heard[0][0].text
    assert engine.heard[0][0].text.endswith("And the teapot?")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.RUNNING, "has not ended"),
        (Status.QUEUED, "has not ended"),
        (Status.WAITING_USER, "the answer"),
    ],
)
def test_a_run_that_has_not_ended_is_not_continued(app: App, status: str, words: str) -> None:
    with pytest.raises(RuntimeRefusal, match=words):
        continue_run(make_run(app, status), "Go on", ANNA, LATER)


@pytest.mark.parametrize(
    ("text", "words"), [(" \n", "is empty"), ("x" * (LONGEST_MESSAGE + 1), "20,001 char")]
)
def test_empty_and_endless_messages_are_refused(app: App, text: str, words: str) -> None:
    with pytest.raises(RuntimeRefusal, match=words):
        continue_run(make_run(app), text, ANNA, LATER)
    with pytest.raises(RuntimeRefusal, match=words):
        send_message(make_run(app, Status.RUNNING), text, ANNA, LATER)
    assert not RunMessage.objects.exists()


def test_a_message_to_a_live_run_arrives_before_its_next_turn(
    app: App, scripted: Scripted, run_once: RunOnce
) -> None:
    def told_meanwhile() -> Turn:
        send_message(Run.objects.get(), "Look at the teapot too", ANNA, LATER)
        return look()

    run = run_once(told_meanwhile, report())
    message = RunMessage.objects.get()
    assert (message.delivered_step, message.sent_by) == (3, "anna")
    kinds = [line["type"] for line in Transcript(app, run.pk).lines()]
    assert kinds == ["prompt", "model", "tool", "message", "model", "tool", "end"]


def test_a_message_that_the_run_did_not_hear_stays_undelivered(run_once: RunOnce) -> None:
    def told_at_the_end() -> Turn:
        send_message(Run.objects.get(), "Too late", ANNA, LATER)
        return report()

    run_once(told_at_the_end)
    assert RunMessage.objects.get().delivered_at is None


def test_an_ended_or_cancelling_run_takes_no_message(app: App) -> None:
    with pytest.raises(RuntimeRefusal, match="Continue it"):
        send_message(make_run(app), "Hello", ANNA, LATER)
    with pytest.raises(RuntimeRefusal, match="being cancelled"):
        send_message(make_run(app, Status.RUNNING, cancel_requested_at=NINE), "Hello", ANNA, LATER)


def test_each_verb_leaves_its_line_in_the_audit_log(app: App) -> None:
    run_again(make_run(app), ANNA, LATER)
    send_message(Run.objects.queued().get(), "Hello", ANNA, LATER)
    assert list(
        AuditEntry.objects.filter(object_type="run").values_list("verb", flat=True).order_by("id")
    ) == [
        "run.again",
        "run.message",
    ]
