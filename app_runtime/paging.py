"""Keyset paging: a page begins after a (moment, id) that its address names, so that no page counts rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, from_ms, to_ms

Row = TypeVar("Row")
KEY = re.compile(r"[A-Za-z0-9-]{1,64}")  # the ids that we give


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, newest first, and where the next older ones are. An empty URL: there are none."""

    rows: Sequence[Row]
    next_url: str
    prev_url: str


def page_of(request: HttpRequest, rows: QuerySet[Any], *, moment: str, size: int) -> Page[Any]:
    """The page of ``rows`` that ``?before=<ms>-<id>`` names, ordered by ``-moment, -pk``.

    A ``before`` that nothing of ours can have written shows the first page.
    """
    ordered = rows.order_by(f"-{moment}", "-pk")
    before = parse_before(request.GET.get("before", ""))
    if before is not None:
        at, key = from_ms(before[0]), before[1]
        # The first condition lets an index begin there; without it everything newer is read and dropped.
        ordered = ordered.filter(Q(**{f"{moment}__lte": at}), Q(**{f"{moment}__lt": at}) | Q(pk__lt=key))
    found = list(ordered[: size + 1])
    shown = found[:size]
    next_url = (
        _url(request, f"{to_ms(getattr(shown[-1], moment))}-{shown[-1].pk}") if len(found) > size else ""
    )
    return Page(shown, next_url, _url(request, None) if before is not None else "")


def parse_before(value: str) -> tuple[int, str] | None:
    """``<ms>-<id>`` as a pair; None for anything else."""
    number, _, key = value.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 15 and KEY.fullmatch(key)):
        return None
    milliseconds = int(number)
    return (milliseconds, key) if LOWEST_MS <= milliseconds <= HIGHEST_MS else None


def _url(request: HttpRequest, before: str | None) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    if before:
        query["before"] = before
    return f"{request.path}?{query.urlencode()}" if query else request.path
