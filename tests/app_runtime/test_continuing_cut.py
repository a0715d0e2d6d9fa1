"""A run whose transcript ends anywhere is continued with a conversation that a provider takes."""

import inspect
from collections.abc import Iterator
from itertools import pairwise

import pytest

from app_manager.models import App
from app_runtime import conversation, worker
from app_runtime.continuing import continue_run, send_message
from app_runtime.dispatch import trigger
from app_runtime.engines import engine_for
from app_runtime.engines.base import Briefing, Message
from app_runtime.models import Run, RunMessage
from app_runtime.transcript import Transcript, transcript_of
from app_runtime.waiting import Waiter
from halo_site.audit import Actor
from halo_site.datadir.files import write_below
from tests.app_runtime.conftest import ticking
from tests.app_runtime.engines import call, look, report, says
from tests.app_runtime.test_continuing import Scripted
from tests.factories import MINUTE, NINE, SECOND, TESTER, make_run
from tests.wire import BrokenArguments, Provider, Says, Status
from tests.wire.sources import reports, source, use

pytestmark = pytest.mark.django_db
ANNA = Actor("person", "anna")
LOOKS = (("memory_list", {"scope": "app"}), ("memory_read", {"scope": "app"}), ("order.kettle", {}))
SAME = ("a", "a.b", "")  # as servers number their calls: anew in each turn, or not at all


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    script = (
        Says("I look.", LOOKS, ids=SAME),
        Says(" \n", LOOKS, ids=SAME),
        Says("I am done."),
        Status(500, "oh", "api_error"),
        BrokenArguments() if request.param == "openai" else Says(calls=LOOKS[:1]),
        Says(calls=(*reports(kind="milestone").calls, *LOOKS)),
        Says("Well.", reports().calls),
        reports("Continued."),
    )
    with Provider(*script) as provider:
        use(source(provider, request.param, stream=False))
        yield provider


def cuts(whole: bytes) -> Iterator[bytes]:
    """Beginnings of the file: by each end of a line, and at every byte of the last two lines."""
    ends = [number for number, byte in enumerate(whole, 1) if byte == ord("\n")]
    for begin, end in pairwise([0, *ends]):
        yield from (whole[:at] for at in (begin, begin + 1, (begin + end) // 2, end - 1))
    yield from (whole[:at] for at in range(ends[-3], len(whole) + 1))


def beginnings(run: Run, child: Run) -> list[list[Message]]:
    """Each conversation that the child can hear of a transcript that ends early."""
    transcript = transcript_of(run)
    found: dict[str, list[Message]] = {}
    for cut in [*cuts(transcript.raw())]:
        write_below(transcript.base, transcript.name, cut)
        heard = conversation.before(child)
        found[repr(heard)] = heard
    return list(found.values())


@pytest.mark.django_db(transaction=True)  # the lease's thread looks at the runs meanwhile
def test_a_run_that_was_cut_anywhere_is_continued_with_what_a_provider_takes(
    app: App, provider: Provider
) -> None:
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    assert (run.status, provider.refused) == ("ok", [])
    asked = len(provider.asked)
    child = continue_run(run, "And the teapot?", ANNA, NINE)
    engine, last = engine_for(child), Message("user", "And the teapot?")
    found = beginnings(run, child)
    assert len(found) >= 20
    with Waiter() as waiter:
        for heard in found:
            work = engine.turn(Briefing("You are a kettle watch.", ""), (*heard, last))
            assert inspect.iscoroutine(work)
            assert waiter.wait(work, lambda: None).calls
        waiter.wait(engine.close(), lambda: None)
    assert provider.refused == []
    assert worker.execute(child.pk)  # the whole way once, with the whole transcript
    assert provider.refused == []
    assert len(provider.asked) == asked + len(found) + 1


def test_a_call_keeps_its_own_result_where_ids_come_again(app: App, scripted: Scripted) -> None:
    scripted(
        says(call("memory_list", "c1", scope="app")),
        says(call("memory_read", "c1", scope="space"), call("no_such", "c2")),
        report(),
    )
    run = worker.execute(trigger(app, TESTER, NINE).run_id, clock=ticking())
    assert run
    results = [line["result"] for line in Transcript(app, run.pk).lines() if line["type"] == "tool"]
    heard = conversation.before(continue_run(run, "Go on", ANNA, NINE + MINUTE))
    assert [message.text for message in heard if message.role == "tool"] == results


def test_a_message_to_a_run_that_was_lost_before_its_first_step_arrives_with_the_next_worker(
    app: App, scripted: Scripted
) -> None:
    run = trigger(app, TESTER, NINE)
    send_message(run, "Look at the teapot too", ANNA, NINE)

    assert run.claim("w", "scripted", NINE, SECOND)
    message = RunMessage.objects.get()
    assert message.deliver(run, 1, NINE)
    transcript = transcript_of(run)
    transcript.append("prompt", NINE, message="Look at the kettle.")
    transcript.append("message", NINE, text="Look at the teapot too")
    assert run.requeue(NINE + MINUTE, Run.objects.lost(NINE + MINUTE))
    engine = scripted(look(), report())
    ended = worker.execute(run.pk, clock=ticking(NINE + MINUTE))
    assert ended
    assert [message.text for message in engine.heard[0]][1:] == ["Look at the teapot too"]
    continued = {"continue": {"userMessage": "Go on"}}
    heard = conversation.before(make_run(app, parent_run=ended, trigger_data=continued))
    assert [message.role for message in heard] == ["user", "user", "assistant", "tool", "assistant", "tool"]
    assert [message.text for message in heard].count("Look at the teapot too") == 1
