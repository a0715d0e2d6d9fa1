"""The price of one turn: our own dated price first, then the list of genai-prices. For the worker only.

An unknown price is None, never 0: a local model costs nothing only when somebody has said so.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

from app_runtime.usage.models import Price
from halo_site.datadir.ai_sources import ModelSource

PICO_PER_USD = Decimal(1_000_000_000_000)
MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Tokens:
    """The size of one turn; of ``incoming``, ``cached`` came out of a cache and ``written`` went into it."""

    incoming: int
    outgoing: int
    cached: int = 0
    written: int = 0


@dataclass(frozen=True)
class Rate:
    """A person's own price of a model, in US dollars for a million tokens."""

    valid_from: date
    input_usd: Decimal
    output_usd: Decimal
    cached_usd: Decimal


def own_rate(model: str, day: date) -> Rate | None:
    """The newest own price of this model that is valid on ``day``."""
    row = Price.objects.filter(model=model, valid_from__lte=day).order_by("-valid_from").first()
    if row is None:
        return None
    cached = row.input_usd if row.cached_usd is None else row.cached_usd
    return Rate(row.valid_from, row.input_usd, row.output_usd, cached)


def cost_of(tokens: Tokens, rate: Rate) -> int:
    """What the tokens cost at this rate, exactly, in 1e-12 US dollars."""
    fresh = tokens.incoming - tokens.cached
    dollars = fresh * rate.input_usd + tokens.cached * rate.cached_usd + tokens.outgoing * rate.output_usd
    return _pico(dollars / MILLION)


def listed_cost(tokens: Tokens, source: ModelSource, model: str, now: datetime) -> tuple[int, str] | None:
    """The cost after the list of genai-prices at ``now``, and the list's name; None where it has no price.

    A compatible server counts as the provider whose address it has, so a model of one's own is never taken
    for somebody else's of the same name.
    """
    import genai_prices

    usage = genai_prices.Usage(
        input_tokens=tokens.incoming,
        output_tokens=tokens.outgoing,
        cache_read_tokens=tokens.cached,
        cache_write_tokens=tokens.written,
    )
    where: dict[str, Any] = {"provider_id": source.provider}
    if source.provider == "openai-compatible":
        where = {"provider_api_url": source.base_url}
    try:
        price = genai_prices.calc_price(usage, model, genai_request_timestamp=now, **where)
    except LookupError:
        return None
    return _pico(price.total_price), _list_name()


@cache
def _list_name() -> str:
    from genai_prices import __version__

    return f"genai-prices {__version__}"


def _pico(dollars: Decimal) -> int:
    return int((dollars * PICO_PER_USD).quantize(Decimal(1), ROUND_HALF_EVEN))
