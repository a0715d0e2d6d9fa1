"""Requests whose answer nobody has: cut off, cancelled, killed, taken away. They are counted, as unknown."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.engines.base import Turn
from app_runtime.exceptions import EngineError, RunCancelled
from app_runtime.models import Run, UsageDay
from app_runtime.runs.steps import timeline
from app_runtime.settlement import cancel_running, settle_lost
from app_runtime.transcript import Transcript
from halo_site.datadir.ai_sources import ModelSource
from halo_site.datadir.config import update_config
from tests.app_runtime.engines import ScriptedEngine, call, report
from tests.factories import MINUTE, NINE, SECOND, TESTER, make_run
from tests.wire.sources import NO_PATIENCE

pytestmark = pytest.mark.django_db
SOURCE = ModelSource(id="a", name="A", provider="openai", model="m-asked", api_key="env:KEY")
CUT = EngineError("It broke off.", permanent=False, kind="network")
Asks = Callable[..., Run]


def answer(**facts: Any) -> Turn:
    """A turn that does not end the run."""
    known = {"model": "m-1", "tokens_in": 100, "tokens_out": 10, "tokens_cached": 0, "cost_picousd": 10**12}
    return Turn("", (call("memory_read", scope="app", mode="headers"),), **{**known, **facts})


def end() -> Turn:
    return Turn("", report().calls, model="m-1", tokens_in=1, tokens_out=1, cost_picousd=0)


@pytest.fixture
def asks(app: App, scripted: Callable[..., ScriptedEngine]) -> Asks:
    """Works off a run whose engine has a source and answers so."""

    def work(*script: Any) -> Run:
        update_config("runs", NO_PATIENCE)
        scripted(*script).source = SOURCE
        run = worker.execute(trigger(app, TESTER, NINE).run_id)
        assert run
        return run

    return work


def days() -> list[tuple[str, int, int, int, int]]:
    values = ("model", "runs", "turns", "turns_unknown", "turns_unpriced")
    return sorted(UsageDay.objects.values_list(*values))


def test_a_cut_attempt_is_a_turn_of_unknown_size_and_price(asks: Asks) -> None:
    run = asks(CUT, end())
    assert (run.status, run.tokens_used, run.turns_unknown, run.turns_unpriced) == ("ok", 2, 1, 1)
    assert days() == [("m-1", 0, 1, 0, 0), ("m-asked", 1, 1, 1, 1)]
    (cut, *_more) = timeline(Transcript(run.app, run.pk).lines()).steps
    assert cut.facts == "what it used is unknown"


def test_a_refused_request_costs_nothing_and_its_model_is_known(asks: Asks) -> None:
    run = asks(EngineError("A refuses the key (401).", kind="auth", is_free=True))
    assert (run.status, run.model, run.turns_unknown, run.turns_unpriced) == ("error", "m-asked", 0, 0)
    assert days() == []


def test_the_day_of_a_run_is_counted_once_after_a_refusal(asks: Asks) -> None:
    limited = EngineError("It limits.", kind="rate_limit", permanent=False, is_free=True)
    asks(limited, answer(), end())
    assert days() == [("m-1", 1, 2, 0, 0)]


def test_a_request_is_counted_before_its_answer_so_that_a_kill_leaves_it(asks: Asks) -> None:
    seen: list[Any] = []

    def looks() -> Turn:
        row = Run.objects.get()
        seen.append((row.model, row.turns_unknown, row.turns_unpriced, days()))
        return end()

    run = asks(looks)
    assert seen == [("m-asked", 1, 1, [("m-asked", 1, 1, 1, 1)])]
    assert (run.model, run.turns_unknown, days()) == ("m-1", 0, [("m-1", 1, 1, 0, 0)])


def test_a_cancelled_turn_is_one_of_unknown_size(asks: Asks) -> None:
    run = asks(answer(), RunCancelled("anna"))
    assert (run.status, run.tokens_used, run.turns_unknown) == ("cancelled", 110, 1)


def test_lost_attempts_do_not_end_a_run_with_caps(asks: Asks) -> None:
    update_config("runs", {"tokens": 1000, "money_usd": 5})
    assert asks(CUT, answer(), CUT, end()).status == "ok"


def test_what_a_run_used_while_it_was_taken_away_is_on_its_row_and_its_day(
    asks: Asks, django_capture_on_commit_callbacks: Any
) -> None:
    def is_taken_away() -> Turn:
        with django_capture_on_commit_callbacks(execute=True):
            assert cancel_running(Run.objects.get(), "anna uninstalled it", NINE + SECOND)
        return answer()

    run = asks(is_taken_away)
    assert (run.status, run.tokens_used, run.turns_unknown) == ("cancelled", 110, 0)
    assert days() == [("m-1", 1, 1, 0, 0)]
    kinds = [line["type"] for line in Transcript(run.app, run.pk).lines()]
    assert (kinds[-1], "model" in kinds) == ("end", False)


def test_a_lost_run_gets_the_end_of_its_transcript_from_whoever_settles_it(app: App) -> None:
    run = make_run(app, "running")
    settle_lost(NINE + MINUTE)
    (line,) = Transcript(app, run.pk).lines()
    assert (line["type"], line["status"]) == ("end", "error")


def test_the_pages_say_at_least_where_a_turn_is_not_in_the_sums(app: App, operator_client: Client) -> None:
    facts = {"tokens_in": 1200, "tokens_out": 34, "tokens_used": 1234, "cost_microusd": 3_100_000}
    run = make_run(app, engine="model", model="m-1", **facts, turns_unknown=1, turns_unpriced=1)
    for address in (f"/runs/{run.pk}/", "/runs/"):
        assert "at least 3.10 USD" in operator_client.get(address).content.decode()
    assert (
        "at least 1,200 tokens in, at least 34 out"
        in operator_client.get(f"/runs/{run.pk}/").content.decode()
    )
