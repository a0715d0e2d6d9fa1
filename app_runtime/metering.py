"""What a run uses: tokens and money of each turn, on its row, in the days' sums, against its caps."""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from app_runtime.engines.base import Turn
from app_runtime.exceptions import CapReached
from app_runtime.models import Run, UsageDay
from halo_site.datadir.config import RunSettings

PICO_PER_MICRO = 1_000_000
PICO_PER_USD = 1_000_000_000_000


class Meter:
    """Counts what one run uses. A turn of unknown size or price makes the run's sum unknown."""

    def __init__(self, run: Run, settings: RunSettings) -> None:
        self.run, self.settings = run, settings
        self.turns = 0
        self.tokens = 0
        self.picousd = 0
        self.is_sized = self.is_priced = True

    def allow_turn(self) -> None:
        """Raise `CapReached` where the next model turn would go over a cap; asked before each one."""
        settings = self.settings
        if self.turns >= settings.model_turns:
            raise CapReached(f"The run reached its cap of {settings.model_turns} model turns.")
        if settings.tokens is not None and self.tokens >= settings.tokens:
            raise CapReached(
                f"The run reached its cap of {settings.tokens:,} tokens: it has used {self.tokens:,}."
            )
        if settings.money_usd is None:
            return
        if not self.is_priced:
            raise CapReached(
                f"The run has a cap of {settings.money_usd} USD, and nobody knows the price of "
                f"{self.run.model or 'its model'}. Add its price in the settings, or take the cap away."
            )
        if self.picousd >= settings.money_usd * PICO_PER_USD:
            spent = Decimal(self.picousd) / PICO_PER_USD
            raise CapReached(
                f"The run reached its cap of {settings.money_usd} USD: it has cost {spent:f} USD."
            )

    def count(self, turn: Turn, waited_ms: int, now: datetime) -> None:
        """Add one turn to the run's row and, in the same transaction, to its day."""
        run = self.run
        self.turns += 1
        is_sized = turn.tokens_in is not None and turn.tokens_out is not None
        self.is_sized = self.is_sized and is_sized
        self.is_priced = self.is_priced and turn.cost_picousd is not None
        self.tokens += (turn.tokens_in or 0) + (turn.tokens_out or 0)
        self.picousd += turn.cost_picousd or 0
        run.tokens_in = _sum(run.tokens_in, turn.tokens_in, self.turns)
        run.tokens_out = _sum(run.tokens_out, turn.tokens_out, self.turns)
        run.tokens_cached = _sum(run.tokens_cached, turn.tokens_cached, self.turns)
        run.tokens_used = self.tokens if self.is_sized else None
        run.cost_microusd = _micro(self.picousd) if self.is_priced else None
        run.model = turn.model or run.model
        run.waiting_ms += waited_ms
        with transaction.atomic():
            run.held().update(
                **{name: getattr(run, name) for name in COUNTED},
            )
            if turn.model:
                _add_to_day(run, turn, is_sized=is_sized, is_first=self.turns == 1, now=now)


COUNTED = (
    "tokens_in", "tokens_out", "tokens_cached", "tokens_used", "cost_microusd", "model", "waiting_ms",
)  # fmt: skip


def _sum(before: int | None, more: int | None, turns: int) -> int | None:
    """The sum as long as every part is known; the first turn begins it."""
    if more is None or (before is None and turns > 1):
        return None
    return (before or 0) + more


def _micro(picousd: int) -> int:
    return int((Decimal(picousd) / PICO_PER_MICRO).quantize(Decimal(1), ROUND_HALF_EVEN))


def _add_to_day(run: Run, turn: Turn, *, is_sized: bool, is_first: bool, now: datetime) -> None:
    """The day is the server's at the turn's end: a run over midnight belongs to two days."""
    row, _made = UsageDay.objects.get_or_create(
        day=timezone.localdate(now), app_id=run.app_id, model=turn.model, defaults={"app_name": run.app.name}
    )
    added = {
        "runs": int(is_first),
        "turns": 1,
        "turns_unknown": int(not is_sized),
        "turns_unpriced": int(turn.cost_picousd is None),
        "tokens_in": turn.tokens_in or 0,
        "tokens_out": turn.tokens_out or 0,
        "tokens_cached": turn.tokens_cached or 0,
        "cost_picousd": turn.cost_picousd or 0,
    }
    sums = {name: F(name) + value for name, value in added.items()}
    UsageDay.objects.filter(pk=row.pk).update(app_name=run.app.name, **sums)
