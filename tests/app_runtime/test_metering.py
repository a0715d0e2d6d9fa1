"""Tokens and money: exact, by run and by day, unknown where nobody knows, and the caps on them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.engines.base import Turn
from app_runtime.models import Price, Run, UsageDay
from app_runtime.prices import Rate, Tokens, cost_of, listed_cost, own_rate
from app_runtime.runs.page import cost_words
from halo_site.datadir.ai_sources import ModelSource
from halo_site.datadir.config import update_config
from tests.app_runtime.engines import call
from tests.factories import NINE, TESTER

pytestmark = pytest.mark.django_db
RunOnce = Callable[..., Run]
OPENAI = ModelSource(id="a", name="A", provider="openai", model="gpt-4o-mini", api_key="env:KEY")
LOCAL = ModelSource(
    id="b", name="B", provider="openai-compatible", model="gpt-4o-mini", base_url="http://127.0.0.1:1/v1"
)


def turn(name: str = "look", *, cost: int | None = 1_500_000, **sizes: int | None) -> Turn:
    calls = {
        "look": call("memory_read", scope="app", mode="headers"),
        "end": call("report_to_user", type="run_complete", message="Done"),
    }
    known = {"tokens_in": 100, "tokens_out": 10, "tokens_cached": 20, **sizes}
    return Turn("", (calls[name],), model="m-1", cost_picousd=cost, price="list", **known)


def test_tokens_and_money_of_a_run_are_the_sums_of_its_turns(run_once: RunOnce) -> None:
    run = run_once(turn(), turn(cost=2_000_000), turn("end", cost=0))
    run.refresh_from_db()
    assert (run.tokens_in, run.tokens_out, run.tokens_cached, run.tokens_used) == (300, 30, 60, 330)
    assert run.cost_microusd == 4  # 3.5, to the even one


def test_the_day_has_the_exact_sums_of_its_app_and_model(run_once: RunOnce) -> None:
    run_once(turn(), turn("end"))
    day = UsageDay.objects.get()
    assert (day.day, day.app_name, day.model, day.runs, day.turns) == (
        date(2026, 11, 23),
        "Kettle Watch",
        "m-1",
        1,
        2,
    )
    assert (day.tokens_in, day.tokens_out, day.tokens_cached, day.cost_picousd) == (200, 20, 40, 3_000_000)


def test_two_runs_of_one_day_are_added(app: App, run_once: RunOnce, scripted: Callable[..., object]) -> None:
    run_once(turn("end"))
    scripted(turn("end"))
    worker.execute(trigger(app, TESTER, NINE).run_id)
    assert sum(UsageDay.objects.values_list("runs", flat=True)) == 2


UNSIZED: dict[str, None] = {"tokens_in": None, "tokens_out": None, "tokens_cached": None, "cost": None}


def test_a_turn_of_unknown_price_makes_the_money_a_least_and_never_zero(run_once: RunOnce) -> None:
    run = run_once(turn(cost=2_000_000), turn("end", cost=None))
    run.refresh_from_db()
    day = UsageDay.objects.get()
    assert (run.cost_microusd, run.turns_unpriced) == (2, 1)
    assert (day.turns_unpriced, day.cost_picousd) == (1, 2_000_000)
    assert cost_words(run) == "at least 0.000002 USD"


def test_a_run_without_any_price_has_an_unknown_cost(run_once: RunOnce) -> None:
    run = run_once(turn("end", cost=None))
    assert (run.cost_microusd, cost_words(run)) == (None, "unknown")


def test_a_turn_of_unknown_size_makes_the_tokens_a_least(run_once: RunOnce) -> None:
    run = run_once(turn(), turn("end", **UNSIZED))
    run.refresh_from_db()
    assert (run.tokens_used, run.tokens_in, run.turns_unknown) == (110, 100, 1)
    assert UsageDay.objects.get().turns_unknown == 1


def test_a_cap_on_tokens_that_nobody_can_keep_ends_the_run(run_once: RunOnce) -> None:
    update_config("runs", {"tokens": 1000})
    run = run_once(turn(**UNSIZED), turn("end"))
    assert run.error_message == (
        "The run has a cap of 1,000 tokens, and the server of m-1 does not say how many it uses. "
        "Use another model source, or take the cap away."
    )


def test_caps_do_not_end_a_rehearsal(app: App) -> None:
    update_config("runs", {"tokens": 1000, "money_usd": 0.5})
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    assert run.status == "ok"


def test_a_rehearsal_uses_nothing(app: App) -> None:
    worker.execute(trigger(app, TESTER, NINE).run_id)
    assert not UsageDay.objects.exists()


def test_the_cap_on_tokens_ends_the_run_before_the_next_turn(run_once: RunOnce) -> None:
    update_config("runs", {"tokens": 200})
    run = run_once(turn(), turn(), turn("end"))
    assert run.status == "error"
    assert run.error_message == "The run reached its cap of 200 tokens: it has used 220."


def test_the_cap_on_money_ends_the_run_before_the_next_turn(run_once: RunOnce) -> None:
    update_config("runs", {"money_usd": 0.5})
    run = run_once(turn(cost=600_000_000_000), turn("end"))
    assert run.error_message == "The run reached its cap of 0.5 USD: it has cost 0.6 USD."


def test_a_cap_on_money_that_nobody_can_keep_ends_the_run(run_once: RunOnce) -> None:
    update_config("runs", {"money_usd": 0.5})
    run = run_once(turn(cost=None), turn("end"))
    assert "nobody knows the price of m-1" in str(run.error_message)


def test_an_own_cap_of_the_app_beats_the_sites(app: App, run_once: RunOnce) -> None:
    app.user_overrides = {"limits": {"model_turns": 1}}
    app.save()
    assert run_once(turn(), turn("end")).error_message == "The run reached its cap of 1 model turns."


def test_own_prices_count_from_their_day_on(db: None) -> None:
    Price.objects.create(model="m", valid_from=date(2026, 1, 1), input_usd="1", output_usd="2")
    Price.objects.create(
        model="m", valid_from=date(2026, 6, 1), input_usd="3", output_usd="4", cached_usd="0.3"
    )
    assert own_rate("m", date(2025, 12, 31)) is None
    assert own_rate("m", date(2026, 5, 31)) == Rate(date(2026, 1, 1), Decimal(1), Decimal(2), Decimal(1))
    assert own_rate("m", date(2026, 6, 1)) == Rate(date(2026, 6, 1), Decimal(3), Decimal(4), Decimal("0.3"))


def test_a_cost_is_exact_to_the_last_digit() -> None:
    rate = Rate(date(2026, 1, 1), Decimal("0.15"), Decimal("0.6"), Decimal("0.0375"))
    assert cost_of(Tokens(1_001, 7, 3), rate) == 998 * 150_000 + 3 * 37_500 + 7 * 600_000


def test_the_list_knows_models_of_known_providers_and_no_other_ones() -> None:
    priced = listed_cost(Tokens(1_000_000, 0), OPENAI, "gpt-4o-mini", NINE)
    assert priced
    assert priced[0] == 150_000_000_000
    assert priced[1].startswith("genai-prices ")
    assert listed_cost(Tokens(1, 1), OPENAI, "my-own-model", NINE) is None
    assert listed_cost(Tokens(1, 1), LOCAL, "gpt-4o-mini", NINE) is None
