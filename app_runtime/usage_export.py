"""Usage as a spreadsheet: every row of what is asked for, money exact, what is unknown empty."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse

from app_runtime.usage import UsageDay, UsageDayQuerySet
from app_runtime.usage_period import Period
from app_runtime.usage_sums import Usage
from halo_site import export

HEAD = (
    *("day", "app_id", "app", "model", "runs", "turns", "turns_of_unknown_size", "turns_of_unknown_price"),
    *("tokens_in", "tokens_in_from_a_cache", "tokens_out", "cost_usd"),
)


def spreadsheet(rows: UsageDayQuerySet, period: Period) -> StreamingHttpResponse:
    """A row for each day, app and model, the oldest first, as CSV that is streamed."""
    ordered = rows.order_by("day", "app_id", "model").iterator(chunk_size=export.CHUNK)
    title = f"usage-{period.first:%Y-%m-%d}-{period.last:%Y-%m-%d}"
    return export.stream(export.csv_lines(_lines(ordered), HEAD), "csv", title)


def _lines(rows: Iterator[UsageDay]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        usage = Usage(*(getattr(row, name) for name in Usage.COUNTED))
        tokens = (usage.tokens_in, usage.tokens_cached, usage.tokens_out)
        yield (
            *(row.day.isoformat(), row.app_id, row.app_name, row.model, usage.runs, usage.turns),
            *(usage.turns_unknown, usage.turns_unpriced),
            *(tokens if usage.is_sized else (None, None, None)),
            _exact(usage.usd),
        )


def _exact(usd: Decimal | None) -> str | None:
    """With all twelve decimals."""
    return None if usd is None else f"{usd:.12f}"
