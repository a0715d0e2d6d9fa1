"""Usage as a spreadsheet: every row of what is asked for, money exact, what is unknown empty."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse

from app_runtime.usage.models import UsageDayQuerySet
from app_runtime.usage.period import Period
from app_runtime.usage.sums import Usage
from halo_site import export

NAMES = ("day", "app_id", "app_name", "model")
HEAD = (
    *("day", "app_id", "app", "model", "runs", "turns", "turns_of_unknown_size", "turns_of_unknown_price"),
    *("tokens_in", "tokens_in_from_a_cache", "tokens_out", "cost_usd"),
)


def spreadsheet(rows: UsageDayQuerySet, period: Period) -> StreamingHttpResponse:
    """A row for each day, app and model, the oldest first, as CSV that is streamed."""
    ordered = rows.order_by("day", "app_id", "model").values_list(*NAMES, *Usage.COUNTED)
    lines = export.csv_lines(_lines(ordered.iterator(chunk_size=export.CHUNK)), HEAD)
    return export.stream(lines, "csv", f"usage-{period.first:%Y-%m-%d}-{period.last:%Y-%m-%d}")


def _lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        (day, *names), usage = row[: len(NAMES)], Usage(*row[len(NAMES) :])
        tokens = (usage.tokens_in, usage.tokens_cached, usage.tokens_out)
        yield (
            *(day.isoformat(), *names, usage.runs, usage.turns, usage.turns_unknown, usage.turns_unpriced),
            *(tokens if usage.is_sized else (None, None, None)),
            _exact(usage.usd),
        )


def _exact(usd: Decimal | None) -> str | None:
    """With all twelve decimals."""
    return None if usd is None else f"{usd:.12f}"
