"""Keyset paging: a page begins after a (moment, id) that its address names, so that no page counts rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, from_ms, to_ms

Row = TypeVar("Row")
KEY = re.compile(r"[A-Za-z0-9-]{1,64}")  # the ids that we give


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, newest first, and where the next older ones are. An empty URL: there are none.

    ``older_url`` goes on where a search stopped without a full page, at ``searched_to``.
    """

    rows: Sequence[Row]
    next_url: str
    prev_url: str
    older_url: str = ""
    searched_to: datetime | None = None


@dataclass(frozen=True)
class Found(Generic[Row]):
    """Some rows, newest first; and the (moment, id) where the search stopped, None where it saw all."""

    rows: Sequence[Row]
    edge: tuple[datetime, str] | None = None


def page_of(request: HttpRequest, rows: QuerySet[Any], *, moment: str, size: int) -> Page[Any]:
    """The page of ``rows`` that ``?before=<ms>-<id>`` names, ordered by ``-moment, -pk``.

    A ``before`` that nothing of ours can have written shows the first page.
    """
    ordered = begun(request, rows, moment=moment)
    return _page(request, Found(list(ordered[: size + 1])), moment=moment, size=size)


def searched_page_of(
    request: HttpRequest, among: QuerySet[Any], rows: QuerySet[Any], *, moment: str, size: int, window: int
) -> Page[Any]:
    """As `page_of`, where no index serves what narrows ``among`` to ``rows``: ``window`` rows are looked at.

    The next window begins where this one ends, so that the whole of a history can be walked through.
    """
    found = searched(
        begun(request, among, moment=moment), begun(request, rows, moment=moment), moment, size + 1, window
    )
    return _page(request, found, moment=moment, size=size)


def searched(
    among: QuerySet[Any], rows: QuerySet[Any], moment: str, most: int, window: int
) -> Found[Any]:  # fmt: skip
    """At most ``most`` of the ``rows`` that are in the first ``window`` of ``among``; both are ordered."""
    last = list(among.values_list(moment, "pk")[window - 1 : window + 1])
    if len(last) < 2:
        return Found(list(rows[:most]))
    at, key = last[0]
    # The first condition lets an index end there.
    within = rows.filter(Q(**{f"{moment}__gte": at}), Q(**{f"{moment}__gt": at}) | Q(pk__gte=key))
    return Found(list(within[:most]), (at, key))


def begun(request: HttpRequest, rows: QuerySet[Any], *, moment: str) -> QuerySet[Any]:
    """The rows from where the address says on, newest first."""
    return begun_at(request.GET.get("before", ""), rows, moment=moment)


def begun_at(place: str, rows: QuerySet[Any], *, moment: str) -> QuerySet[Any]:
    """The rows older than ``place`` (``<ms>-<id>``), newest first; all of them for anything else."""
    ordered = rows.order_by(f"-{moment}", "-pk")
    before = parse_before(place)
    if before is None:
        return ordered
    at, key = from_ms(before[0]), before[1]
    try:
        rows.model._meta.pk.to_python(key)
    except ValidationError:  # letters, where rows are counted up
        return ordered
    # The first condition lets an index begin there; without it everything newer is read and dropped.
    return ordered.filter(Q(**{f"{moment}__lte": at}), Q(**{f"{moment}__lt": at}) | Q(pk__lt=key))


def _page(request: HttpRequest, found: Found[Any], *, moment: str, size: int) -> Page[Any]:
    shown = found.rows[:size]
    is_begun = parse_before(request.GET.get("before", "")) is not None
    prev_url = _url(request, None) if is_begun else ""
    if len(found.rows) > size:
        return Page(shown, _url(request, (getattr(shown[-1], moment), shown[-1].pk)), prev_url)
    if found.edge is not None:
        return Page(shown, "", prev_url, _url(request, found.edge), found.edge[0])
    return Page(shown, "", prev_url)


def parse_before(value: str) -> tuple[int, str] | None:
    """``<ms>-<id>`` as a pair; None for anything else."""
    number, _, key = value.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 15 and KEY.fullmatch(key)):
        return None
    milliseconds = int(number)
    return (milliseconds, key) if LOWEST_MS <= milliseconds <= HIGHEST_MS else None


def place_of(at: datetime, key: str) -> str:
    """What `parse_before` reads."""
    return f"{to_ms(at)}-{key}"


def _url(request: HttpRequest, before: tuple[datetime, str] | None) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    if before:
        query["before"] = place_of(*before)
    return f"{request.path}?{query.urlencode()}" if query else request.path
