"""What a run uses: tokens and money of each turn, on its row, in the days' sums, against its caps.

A request is counted before it is made, as a turn of unknown size and price; its answer puts that right, and a
refusal takes it back. So what was cut off, cancelled or killed is counted by whatever it leaves behind.
"""

from dataclasses import astuple, dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from app_runtime.engines.base import Turn
from app_runtime.exceptions import CapReached
from app_runtime.models import Run, UsageDay
from app_runtime.texts import name
from app_runtime.usage.sums import Usage
from halo_site.datadir.config import RunSettings

PICO_PER_MICRO = 1_000_000
PICO_PER_USD = 1_000_000_000_000
LOST = Usage(turns=1, turns_unknown=1, turns_unpriced=1)
COUNTED = (
    *("tokens_in", "tokens_out", "tokens_cached", "tokens_used", "cost_microusd"),
    *("turns_unknown", "turns_unpriced", "model", "waiting_ms"),
)


@dataclass(frozen=True)
class Asked:
    """A request that is under way: the day's row that has it, and as what."""

    day: int
    usage: Usage


class Meter:
    """Counts what one run uses; nothing else counts for that run.

    Sums are of what is known. ``is_sized`` and ``is_priced`` say whether every answer had a size and a price:
    a cap cannot be kept without. Requests that came to nothing do not count against caps: their size is
    bounded by the tries that a turn has.
    """

    def __init__(self, run: Run, settings: RunSettings) -> None:
        self.run, self.settings = run, settings
        self.turns = 0
        self.tokens = 0
        self.picousd = 0
        self.is_sized = self.is_priced = True
        self._asked: Asked | None = None
        self._is_counted = False  # whether a day has this run in its number of runs

    @property
    def is_asking(self) -> bool:
        """Whether the newest request is counted as one of unknown size and price."""
        return self._asked is not None

    def allow_turn(self) -> None:
        """Raise `CapReached` where the next model turn would go over a cap; asked before each one."""
        if self.turns >= self.settings.model_turns:
            raise CapReached(f"The run reached its cap of {self.settings.model_turns} model turns.")
        self._allow_tokens(self.settings.tokens)
        self._allow_money(self.settings.money_usd)

    def _allow_tokens(self, cap: int | None) -> None:
        if cap is None:
            return
        if not self.is_sized:
            raise CapReached(
                f"The run has a cap of {cap:,} tokens, and the server of {self.run.model or 'its model'} "
                "does not say how many it uses. Use another model source, or take the cap away."
            )
        if self.tokens >= cap:
            raise CapReached(f"The run reached its cap of {cap:,} tokens: it has used {self.tokens:,}.")

    def _allow_money(self, cap: Decimal | None) -> None:
        if cap is None:
            return
        if not self.is_priced:
            raise CapReached(
                f"The run has a cap of {cap} USD, and nobody knows the price of "
                f"{self.run.model or 'its model'}. Add its price in the settings, or take the cap away."
            )
        if self.picousd >= cap * PICO_PER_USD:
            spent = Decimal(self.picousd) / PICO_PER_USD
            raise CapReached(f"The run reached its cap of {cap} USD: it has cost {spent:f} USD.")

    def begin(self, model: str, now: datetime) -> None:
        """Count a request to ``model`` that is about to be made. One before it that is still open stays."""
        usage = replace(LOST, runs=int(not self._is_counted))
        self.run.model = self.run.model or name(model)
        with transaction.atomic():
            self._asked = Asked(_day_of(self.run, model, now), usage)
            _add(self._asked.day, usage)
            self._store(LOST)
        self._is_counted = True

    def forget(self) -> None:
        """Take back the request that is under way: it was refused, or never sent, and cost nothing."""
        with transaction.atomic():
            if self._asked is not None:
                self._store(Usage() - LOST)
                self._take_away(self._asked)

    def count(self, turn: Turn, waited_ms: int, now: datetime) -> bool:
        """Add a turn to the run's row and, in the same transaction, to its day.

        False where the run is no longer this worker's. It is counted even so: the tokens are spent.
        """
        used = _used(turn) if turn.model else Usage()
        self._add_up(turn, waited_ms)
        self.is_sized = self.is_sized and not used.turns_unknown
        self.is_priced = self.is_priced and not used.turns_unpriced
        with transaction.atomic():
            is_ours = self.run.keep()
            self._store(used - (LOST if self._asked else Usage()))
            if self._asked is not None:
                self._take_away(self._asked)
            if turn.model:
                _add(_day_of(self.run, turn.model, now), replace(used, runs=int(not self._is_counted)))
                self._is_counted = True
        return is_ours

    def _add_up(self, turn: Turn, waited_ms: int) -> None:
        run = self.run
        self.turns += 1
        self.picousd += turn.cost_picousd or 0
        run.tokens_in = _sum(run.tokens_in, turn.tokens_in)
        run.tokens_out = _sum(run.tokens_out, turn.tokens_out)
        run.tokens_cached = _sum(run.tokens_cached, turn.tokens_cached)
        if turn.tokens_in is not None and turn.tokens_out is not None:
            self.tokens += turn.tokens_in + turn.tokens_out
            run.tokens_used = self.tokens
        if turn.cost_picousd is not None:
            run.cost_microusd = _micro(self.picousd)
        run.model = name(turn.model) or run.model
        run.waiting_ms += waited_ms

    def _store(self, change: Usage) -> None:
        """Write the run's sums, whoever has it by now: no other process counts for it."""
        run = self.run
        run.turns_unknown += change.turns_unknown
        run.turns_unpriced += change.turns_unpriced
        Run.objects.filter(pk=run.pk).update(**{column: getattr(run, column) for column in COUNTED})

    def _take_away(self, asked: Asked) -> None:
        """Take a request out of its day; a row with nothing in it goes with it."""
        self._asked = None
        self._is_counted = self._is_counted and not asked.usage.runs
        _add(asked.day, Usage() - asked.usage)
        UsageDay.objects.filter(pk=asked.day, turns=0).delete()


def _used(turn: Turn) -> Usage:
    """The turn as part of a day's sums."""
    return Usage(
        turns=1,
        turns_unknown=int(turn.tokens_in is None or turn.tokens_out is None),
        turns_unpriced=int(turn.cost_picousd is None),
        tokens_in=turn.tokens_in or 0,
        tokens_out=turn.tokens_out or 0,
        tokens_cached=turn.tokens_cached or 0,
        cost_picousd=turn.cost_picousd or 0,
    )


def _sum(before: int | None, more: int | None) -> int | None:
    """The sum of what is known; None as long as nothing is."""
    return before if more is None else (before or 0) + more


def _micro(picousd: int) -> int:
    return int((Decimal(picousd) / PICO_PER_MICRO).quantize(Decimal(1), ROUND_HALF_EVEN))


def _day_of(run: Run, model: str, now: datetime) -> int:
    """The row of the server's day, this app and this model: a run over midnight belongs to two days."""
    day, app = timezone.localdate(now), run.app
    made = {"app_name": app.name}
    row, _made = UsageDay.objects.get_or_create(day=day, app_id=app.pk, model=name(model), defaults=made)
    if row.app_name != app.name:
        UsageDay.objects.filter(pk=row.pk).update(app_name=app.name)
    return row.pk


def _add(day: int, usage: Usage) -> None:
    counted = zip(Usage.COUNTED, astuple(usage), strict=True)
    UsageDay.objects.filter(pk=day).update(
        **{column: F(column) + value for column, value in counted if value}
    )
