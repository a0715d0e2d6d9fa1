"""Answers of providers that are cut, or odd in their names, counts and errors."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.engines import ending
from app_runtime.models import Entry, Run, UsageDay
from app_runtime.texts import REPLACEMENT
from app_runtime.transcript import Transcript
from tests.factories import NINE, TESTER
from tests.wire import Provider, Raw, Says, Status
from tests.wire.answers import Answer
from tests.wire.formats import Anthropic, OpenAi
from tests.wire.sources import MODELS, reports, source, use

pytestmark = pytest.mark.django_db
Ask = Callable[..., Run]
FORMATS: dict[str, Any] = {"openai": OpenAi(), "openai-compatible": OpenAi(), "anthropic": Anthropic()}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def ask(app: App, provider: Provider) -> Ask:
    def run(*script: Answer, kind: str = "openai", stream: bool = True) -> Run:
        provider.script = script
        use(source(provider, kind, stream))
        ended = worker.execute(trigger(app, TESTER, NINE).run_id)
        assert ended
        return ended

    return run


def stream(kind: str, says: Says, *, less: int = 0, without: bytes = b"") -> Raw:
    """A stream that ends in order, after all but the last ``less`` events and those with ``without``."""
    events = list(FORMATS[kind].events(says, MODELS[kind], 0))
    kept = [event for event in events[: len(events) - less] if not without or without not in event]
    return Raw(b"".join(kept).decode(), "text/event-stream")


def errors(run: Run) -> list[tuple[str, str]]:
    lines = Transcript(run.app, run.pk).lines()
    return [(line["kind"], line["error"]) for line in lines if line["type"] == "provider_error"]


# The last events: the finish_reason, the usage and [DONE]; the stop_reason and the stop
@pytest.mark.parametrize(("kind", "less"), [("openai", 3), ("openai-compatible", 3), ("anthropic", 2)])
@pytest.mark.parametrize("says", [reports("Half the truth"), Says("Half a senten")], ids=["call", "text"])
def test_a_stream_that_ends_before_its_end_is_a_network_error_that_is_tried_again(
    ask: Ask, kind: str, less: int, says: Says
) -> None:
    run = ask(stream(kind, says, less=less), reports("The whole"), kind=kind)
    assert (run.status, [entry.summary for entry in Entry.objects.all()]) == ("ok", ["The whole"])
    assert errors(run) == [("network", "My provider broke off its answer.")]


def test_a_stream_that_only_ever_ends_early_is_an_error(ask: Ask) -> None:
    run = ask(stream("openai", reports(), less=3))
    assert (run.status, run.error_message) == ("error", "My provider broke off its answer.")


@pytest.mark.parametrize("without", [b'"finish_reason": "tool_calls"', b"[DONE]"])
def test_a_stream_with_one_of_the_two_marks_of_its_end_is_whole(ask: Ask, without: bytes) -> None:
    run = ask(stream("openai-compatible", reports(), without=without), kind="openai-compatible")
    assert (run.status, errors(run)) == ("ok", [])


def test_a_mark_in_the_words_of_a_cut_stream_is_none(ask: Ask) -> None:
    says = Says("\n\ndata: [DONE]\n\n")
    assert errors(ask(stream("openai", says, less=3), reports())) != []


@pytest.mark.parametrize("kind", ["openai", "openai-compatible"])
def test_a_whole_answer_without_a_reason_for_its_end_is_taken(ask: Ask, kind: str) -> None:
    body = OpenAi().body(reports(), "m", 0)
    body["choices"][0]["finish_reason"] = None
    assert ask(Raw(json.dumps(body)), kind=kind, stream=False).status == "ok"


def test_an_answer_without_end_is_given_up(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "LONGEST_ANSWER_BYTES", 1000)
    for is_stream in (True, False):
        run = ask(Says("x" * 2000), stream=is_stream)
        assert "in one answer. Nothing of it was used." in str(run.error_message)


@pytest.mark.parametrize("is_stream", [True, False])
def test_a_name_of_a_model_that_no_database_takes_loses_no_report(ask: Ask, is_stream: bool) -> None:
    run = ask(reports(model="m-\ud800\0" + "x" * 500), stream=is_stream)
    assert (run.status, run.model[:4], len(run.model)) == ("ok", f"m-{REPLACEMENT * 2}", 200)
    assert UsageDay.objects.get().model == run.model


def test_names_of_tools_are_cut_before_they_are_kept(ask: Ask) -> None:
    run = ask(Says(calls=(("t" * 5000, {}),)), reports())
    line = next(line for line in Transcript(run.app, run.pk).lines() if line["type"] == "tool")
    assert (run.status, len(line["name"])) == ("ok", 200)


@pytest.mark.filterwarnings("ignore:Failed to extract usage")
@pytest.mark.parametrize("count", [9 * 10**17, 10**10])
@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_count_that_cannot_be_is_unknown(ask: Ask, kind: str, count: int) -> None:
    run = ask(reports(tokens_in=count), kind=kind)
    assert (run.status, run.tokens_used, run.turns_unknown) == ("ok", None, 1)


def test_a_page_of_html_as_an_error_is_cut_down_to_its_words(ask: Ask) -> None:
    page = (
        "<!DOCTYPE html><html><head><style>p { color: red }</style></head>"
        "<body><h1>501 Not&nbsp;Implemented</h1><script>alert(1)</script><p>nginx</p></body></html>"
    )
    run = ask(Raw(page, "text/html", 501))
    assert run.error_message == "My provider failed on its side (501): 501 Not Implemented nginx."


def test_a_wait_that_is_too_long_is_told_with_the_longest_that_is_set(ask: Ask) -> None:
    run = ask(Status(429, "slow down", "rate_limit_error", retry_after="3600"))
    assert run.error_message == (
        "My provider limits how often it may be asked (429): slow down. "
        "It asks to wait 3,600 s; the longest wait that is set is 0.05 s."
    )
