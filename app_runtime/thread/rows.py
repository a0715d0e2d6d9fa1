"""Reads a thread out of its tables: entries and replies in one order, quiet runs between them as gaps.

A page begins and ends at news, never within a gap, so that what a gap says is true on every page.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from typing import Any

from django.db.models import Q, QuerySet

from app_manager.models import App
from app_runtime.models import Entry, Reply
from app_runtime.strips import LENGTH
from halo_site.store.fields import HIGHEST_MS, from_ms

Place = tuple[datetime, str]  # a moment and an id: where something stands in a thread
News = Entry | Reply

QUIET_READ = 500  # quiet runs that are looked at for one page
GAP_CAP = 1_000  # quiet runs of one gap that are counted
END_OF_TIME = from_ms(HIGHEST_MS)


@dataclass(frozen=True)
class Gap:
    """Quiet runs that no news came between. ``count`` stops at `GAP_CAP`; ``run_ids`` are the newest."""

    newest: Place
    oldest: Place
    count: int
    run_ids: tuple[str, ...]


@dataclass(frozen=True)
class Slice:
    """A part of a thread, newest first; ``has_older``: there is more below."""

    rows: tuple[News | Gap, ...]
    has_older: bool

    @property
    def news(self) -> list[News]:
        return [row for row in self.rows if not isinstance(row, Gap)]


@dataclass(frozen=True)
class Thread:
    """One app's thread: all of it, with quiet runs as gaps, or some types of it (``reply`` is one)."""

    app: App
    types: tuple[str, ...] = ()

    @property
    def _sources(self) -> list[tuple[QuerySet[Any], str]]:
        entries = Entry.objects.filter(app=self.app)
        replies = (Reply.objects.filter(app=self.app), "sent_at")
        if not self.types:
            return [(entries.news(), "ts"), replies]
        return [replies if kind == "reply" else (entries.of_type(kind), "ts") for kind in self.types]

    def newest(self, count: int, below: Place | None = None, above: Place | None = None) -> list[News]:
        """At most so many between two places, which are left out, the newest first."""
        listed = [
            within(rows, moment, below, above).order_by(f"-{moment}", "-pk")[:count]
            for rows, moment in self._sources
        ]
        return list(merge(*listed, key=place_of, reverse=True))[:count]

    def after(self, place: Place, count: int) -> Place | None:
        """Where the page begins that has ``count`` pieces of news above ``place``; None: at the newest."""
        listed = [
            within(rows, moment, None, place).order_by(moment, "pk")[: count + 1]
            for rows, moment in self._sources
        ]
        found = list(merge(*listed, key=place_of))
        return place_of(found[count]) if len(found) > count else None

    def part(
        self, count: int, below: Place | None = None, above: Place | None = None, *, again: bool = True
    ) -> Slice:
        """The newest so many pieces of news between two places, and the gaps above and between them.

        Ends sooner where there are more quiet runs than are looked at, before a gap that is not known whole.
        """
        found = self.newest(count + 1, below, above)
        news, has_older = found[:count], len(found) > count
        if self.types:
            return Slice(tuple(news), has_older)
        floor = place_of(news[-1]) if has_older else above
        quiet = list(
            within(Entry.objects.filter(app=self.app).quiet(), "ts", below, floor)
            .order_by("-ts", "-pk")
            .values_list("ts", "pk", "run_id")[: QUIET_READ + 1]
        )
        gaps = _gaps(news, quiet)
        if len(quiet) <= QUIET_READ:
            return Slice(_woven(news, gaps), has_older)
        last = max(gaps)
        if last:
            return Slice(_woven(news[:last], {at: gap for at, gap in gaps.items() if at < last}), True)
        return self._beyond(self._whole(gaps[0], news, below, above), news, above, count, again)

    def _beyond(
        self, gap: Gap, news: list[News], above: Place | None, count: int, again: bool
    ) -> Slice:  # fmt: skip
        """A page that begins with a very long gap goes on below it once."""
        if not news:
            return Slice((gap,), False)
        if not again:
            return Slice((gap, news[0]), True)
        rest = self.part(count - 1, place_of(news[0]), above, again=False)
        return Slice((gap, news[0], *rest.rows), rest.has_older)

    def _whole(self, gap: Gap, news: list[News], below: Place | None, above: Place | None) -> Gap:
        """The gap to its end, where its beginning alone was read."""
        floor = place_of(news[0]) if news else above
        rows = within(Entry.objects.filter(app=self.app).quiet(), "ts", below, floor)
        oldest = rows.order_by("ts", "pk").values_list("ts", "pk")[0]
        return replace(gap, oldest=oldest, count=rows.order_by()[:GAP_CAP].count())


def place_of(row: News) -> Place:
    """Where a row stands. One whose moment no calendar has stands at the end of time."""
    moment = row.sent_at if isinstance(row, Reply) else row.ts
    return moment or END_OF_TIME, row.pk


def within(
    rows: QuerySet[Any], moment: str, below: Place | None, above: Place | None
) -> QuerySet[Any]:  # fmt: skip
    """Rows between two places, which are left out. The first condition of each lets an index begin there."""
    if below is not None:
        at, key = below
        rows = rows.filter(Q(**{f"{moment}__lte": at}), Q(**{f"{moment}__lt": at}) | Q(pk__lt=key))
    if above is not None:
        at, key = above
        rows = rows.filter(Q(**{f"{moment}__gte": at}), Q(**{f"{moment}__gt": at}) | Q(pk__gt=key))
    return rows


def _gaps(news: list[News], quiet: Iterable[tuple[datetime, str, str]]) -> dict[int, Gap]:
    """How many pieces of news stand above it → the gap there."""
    places = [place_of(row) for row in news]
    found: dict[int, list[tuple[datetime, str, str]]] = {}
    above = 0
    for row in quiet:
        while above < len(places) and places[above] > row[:2]:
            above += 1
        found.setdefault(above, []).append(row)
    return {
        at: Gap(rows[0][:2], rows[-1][:2], len(rows), tuple(row[2] for row in rows[:LENGTH]))
        for at, rows in found.items()
    }


def _woven(news: list[News], gaps: dict[int, Gap]) -> tuple[News | Gap, ...]:
    rows: list[News | Gap] = []
    for at in range(len(news) + 1):
        rows += [gaps[at]] if at in gaps else []
        rows += news[at : at + 1]
    return tuple(rows)
