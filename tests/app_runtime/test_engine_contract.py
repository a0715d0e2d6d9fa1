"""What every engine keeps, whatever makes its turns: one suite over all of them."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from app_manager.models import App
from app_runtime import conversation
from app_runtime.engines import engine_for
from app_runtime.engines.base import Briefing, Engine, Message, ToolCall, Turn
from app_runtime.exceptions import EngineError
from app_runtime.models import Run
from app_runtime.tools import Reports, tools_for
from app_runtime.waiting import Waiter
from halo_site.masking import Masker
from tests.app_runtime.engines import ScriptedEngine, call, report, says
from tests.factories import NINE, make_run
from tests.processes import eventually
from tests.wire import Cuts, Empty, Hangs, Provider, Raw, Says, Status
from tests.wire.answers import Answer
from tests.wire.sources import WAYS, reports, source, use

pytestmark = pytest.mark.django_db
LOCAL = ("rehearsal", "scripted")
KINDS = {
    "rate_limit", "server", "network", "timeout", "auth", "bad_request", "unknown_model", "bad_answer",
}  # fmt: skip
LOOK = Says("I look.", (("memory_list", {"scope": "app"}), ("memory_read", {"scope": "app"})), cached=40)


@dataclass
class Bench:
    """One engine with the run, the loop and the provider that it works with."""

    kind: Any
    run: Run
    waiter: Waiter
    providers: list[Provider] = field(default_factory=list)
    engines: list[Engine] = field(default_factory=list)

    def make(self, *script: Answer) -> Engine:
        """The engine, as a worker makes it; where there is a provider, it answers with this script."""
        self.engines.append(self._made(*script))
        return self.engines[-1]

    def _made(self, *script: Answer) -> Engine:
        if self.kind == "scripted":
            calls = (call("memory_list", "a", scope="app"), call("memory_read", "b", scope="app"))
            return ScriptedEngine([says(*calls, tokens_in=100, tokens_out=10, tokens_cached=40), report()])
        if self.kind != "rehearsal":
            self.providers.append(Provider(*script or (LOOK, reports())).__enter__())
            use(source(self.providers[-1], *self.kind))
        return engine_for(self.run)

    @property
    def briefing(self) -> Briefing:
        reports = Reports(self.run, lambda: NINE, Masker(()))
        tools = tools_for(self.run, reports, lambda: NINE, wait=lambda work: work.close())
        return Briefing("You are a kettle watch.", "Look at the kettle.", tuple(tools.values()))

    def turn(self, engine: Engine, heard: Sequence[Message]) -> Turn:
        made = engine.turn(self.briefing, tuple(heard))
        return self.waiter.wait(made, lambda: None) if inspect.iscoroutine(made) else made  # type: ignore[return-value]

    def close(self, engine: Engine) -> None:
        self.waiter.wait(engine.close(), lambda: None)


@contextmanager
def set_up(kind: Any, app: App) -> Iterator[Bench]:
    with Waiter() as waiter:
        bench = Bench(kind, make_run(app, "running"), waiter)
        try:
            yield bench
        finally:
            for engine in bench.engines:
                bench.close(engine)
            for provider in bench.providers:
                provider.__exit__(None, None, None)


@pytest.fixture(params=[*LOCAL, *WAYS], ids=str)
def bench(request: pytest.FixtureRequest, app: App) -> Iterator[Bench]:
    """Every engine."""
    with set_up(request.param, app) as bench:
        yield bench


@pytest.fixture(params=WAYS, ids=str)
def modelled(request: pytest.FixtureRequest, app: App) -> Iterator[Bench]:
    """Those that ask a provider, in each wire format, streamed and whole."""
    with set_up(request.param, app) as bench:
        yield bench


FIRST = (Message("user", "Look at the kettle."),)


def results(turn: Turn) -> tuple[Message, ...]:
    answered = (Message("tool", f"result of {each.name}", call_id=each.id) for each in turn.calls)
    return (Message("assistant", turn.text, turn.calls), *answered)


def test_a_turn_comes_out_of_a_conversation(bench: Bench) -> None:
    turn = bench.turn(bench.make(), FIRST)
    assert isinstance(turn, Turn)
    assert turn.calls
    assert isinstance(turn.text, str)
    assert isinstance(turn.model, str)


def test_calls_have_unique_ids_names_and_objects_as_arguments(bench: Bench) -> None:
    engine, heard, ids = bench.make(), FIRST, list[str]()
    for _number in range(2):
        turn = bench.turn(engine, heard)
        heard = (*heard, *results(turn))
        ids += [each.id for each in turn.calls]
        assert all(each.name and isinstance(each.arguments, dict) for each in turn.calls)
    assert len(ids) == len(set(ids)) >= 2
    assert all(ids)


def test_results_and_what_a_person_says_after_them_are_taken(bench: Bench) -> None:
    engine = bench.make()
    first = bench.turn(engine, FIRST)
    assert bench.turn(engine, (*FIRST, *results(first), Message("user", "And the teapot?"))).calls
    assert [provider.refused for provider in bench.providers] == [[] for _ in bench.providers]


def test_a_conversation_that_was_cut_off_goes_on(bench: Bench) -> None:
    engine = bench.make()
    cut = [*FIRST, Message("assistant", " \n", (ToolCall("a", "memory_list", {}), ToolCall("b", "web", {})))]
    heard = conversation.complete([*cut, Message("tool", "one file", call_id="b")])
    assert bench.turn(engine, (*heard, Message("user", "Go on")))
    assert not any(provider.refused for provider in bench.providers)


def test_tokens_are_unknown_or_counted_and_a_cache_holds_no_more_than_came_in(bench: Bench) -> None:
    turn = bench.turn(bench.make(), FIRST)
    for figure in (turn.tokens_in, turn.tokens_out, turn.tokens_cached, turn.cost_picousd):
        assert figure is None or figure >= 0
    if turn.tokens_in is not None:
        assert (turn.tokens_in, turn.tokens_out, turn.tokens_cached) == (100, 10, 40)


@pytest.mark.parametrize("kind", [*LOCAL, *WAYS], ids=str)
def test_closing_twice_is_harmless_and_leaves_no_connection_and_no_thread(app: App, kind: Any) -> None:
    before = set(threading.enumerate())
    with set_up(kind, app) as bench:
        engine = bench.make()
        bench.turn(engine, FIRST)
        bench.close(engine)
        bench.close(engine)
        for provider in bench.providers:
            assert eventually(lambda: provider.connections == 0)  # noqa: B023 - asked at once
    assert eventually(lambda: set(threading.enumerate()) <= before)


def test_closing_what_was_never_used_is_harmless(bench: Bench) -> None:
    bench.close(bench.make())


def test_it_falls_back_as_often_as_there_are_sources(bench: Bench) -> None:
    engine = bench.make()
    first = engine.source
    assert (first is None) == (bench.kind in LOCAL)
    assert engine.fall_back() is False
    assert engine.source == first


def test_falling_back_takes_the_next_source_and_the_last_one_stays(modelled: Bench) -> None:
    modelled.make()
    modelled.providers.append(Provider(reports()).__enter__())
    used = [source(each, *modelled.kind, id=f"n{at}") for at, each in enumerate(modelled.providers)]
    use(*used)
    engine = engine_for(modelled.run)
    assert (engine.fall_back(), engine.fall_back()) == (True, False)
    assert engine.source
    assert engine.source.id == "n1"
    modelled.turn(engine, FIRST)
    assert [len(provider.asked) for provider in modelled.providers] == [0, 1]
    modelled.close(engine)


@pytest.mark.parametrize(
    "answer",
    [
        Status(400, "odd"), Status(401, "bad key"), Status(403), Status(404), Status(408), Status(413),
        Status(429, retry_after="2"), Status(429, "x" * 5000), Status(500), Status(529), Raw(), Raw("{}"),
        Raw('{"choices": []}'), Raw("[1]"), Cuts(), Hangs(), Hangs(midway=True),
    ],
    ids=repr,
)  # fmt: skip
def test_an_error_has_a_kind_a_sentence_and_says_whether_it_stays(modelled: Bench, answer: Answer) -> None:
    modelled.make(answer)
    use(source(modelled.providers[0], *modelled.kind, quietSeconds=0.2))
    engine = engine_for(modelled.run)
    with pytest.raises(EngineError) as raised:
        modelled.turn(engine, FIRST)
    assert raised.value.kind in KINDS
    assert isinstance(raised.value.permanent, bool)
    assert raised.value.retry_after is None or raised.value.retry_after >= 0
    assert str(raised.value).startswith("My provider ")
    assert str(raised.value).endswith((".", "?", "!"))
    modelled.close(engine)


def test_an_empty_answer_is_a_turn_without_words(modelled: Bench) -> None:
    turn = modelled.turn(modelled.make(Empty()), FIRST)
    assert (turn.text, turn.calls) == ("", ())


def test_no_turn_touches_the_database_in_the_event_loop(modelled: Bench) -> None:
    engine, queries = modelled.make(), list[str]()

    def seen(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        queries.append(sql)
        return execute(sql, *more)

    async def in_this_thread() -> Turn:
        made = engine.turn(modelled_briefing, FIRST)
        assert inspect.iscoroutine(made)
        turn: Turn = await made
        await engine.close()
        return turn

    modelled_briefing = modelled.briefing
    with connection.execute_wrapper(seen):
        assert asyncio.run(in_this_thread()).calls
    assert queries == []


@pytest.mark.parametrize(
    "ids", [("", ""), ("same", "same"), ("functions.look:0", "functions.look:1"), ("x" * 41, "y")]
)
def test_ids_that_another_provider_would_refuse_are_replaced(modelled: Bench, ids: tuple[str, str]) -> None:
    """Some servers count from the start in each turn, or leave the ids out."""
    script = (Says(calls=LOOK.calls, ids=ids), Says(calls=LOOK.calls, ids=ids), reports())
    engine, heard, seen = modelled.make(*script), FIRST, list[str]()
    for _number in range(2):
        turn = modelled.turn(engine, heard)
        heard = (*heard, *results(turn))
        seen += [each.id for each in turn.calls]
    assert len(set(seen)) == 4
    assert modelled.turn(engine, heard).calls
    assert modelled.providers[0].refused == []


@pytest.mark.parametrize("name", ["functions.memory_list", "order kettle!", "x" * 65])
def test_a_tool_that_there_is_not_does_not_spoil_the_conversation(modelled: Bench, name: str) -> None:
    engine = modelled.make(Says(calls=((name, {}),)), reports())
    first = modelled.turn(engine, FIRST)
    assert first.calls[0].name == name
    assert modelled.turn(engine, (*FIRST, *results(first))).calls
    assert modelled.providers[0].refused == []


@pytest.mark.filterwarnings("ignore:Failed to extract usage")
@pytest.mark.parametrize("cached", [101, 100_000])
def test_a_server_that_counts_what_cannot_be_is_not_believed(modelled: Bench, cached: int) -> None:
    """A cache with more than came in would make a negative price."""
    turn = modelled.turn(modelled.make(Says("Hm", cached=cached)), FIRST)
    figures = (turn.tokens_in, turn.tokens_out, turn.tokens_cached, turn.cost_picousd)
    assert all(figure is None or figure >= 0 for figure in figures)
    assert turn.tokens_in is None or (turn.tokens_cached or 0) <= turn.tokens_in
