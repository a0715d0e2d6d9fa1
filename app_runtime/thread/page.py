"""What the page of a thread shows, as typed facts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from app_manager.models import App, new_id
from app_runtime.models import Entry, ReadMark, Reply
from app_runtime.thread.filters import TypeFilter
from app_runtime.thread.items import Item, ReplyItem, ThreadEntry, items_of
from app_runtime.thread.marks import UnreadLine, mark_place, news_among, with_line, words_of
from app_runtime.thread.rows import Gap, Place, Slice, Thread, place_of
from halo_site import paging
from halo_site.roles import Role, standing_of
from halo_site.store.fields import from_ms

PAGE = 30
ABOVE = 5  # pieces of news above the one that a page is about
QUESTIONS_ON_TOP = 20
LIVE_MOST = 50
ASKED_MOST = 40


@dataclass(frozen=True)
class Live:
    """What came since the page was loaded, above ``after``; the questions that are open, replies on the way.

    ``asked`` are questions that were open when the page was loaded: one that is answered is shown again.
    """

    thread: Thread
    person: str
    after: Place | None
    asked: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    @cached_property
    def questions(self) -> list[Entry]:
        open_ones = (
            Entry.objects.filter(app=self.thread.app).open().select_related("app").order_by("ts", "id")
        )
        return list(open_ones[:QUESTIONS_ON_TOP])

    @cached_property
    def part(self) -> Slice:
        on_top = {question.pk for question in self.questions}
        return without(self.thread.part(LIVE_MOST, above=self.after), on_top)

    @cached_property
    def items(self) -> list[Item]:
        return items_of(self.part)

    @cached_property
    def closed(self) -> list[Item]:
        """Questions that were open and are not any more."""
        known = {question.pk for question in self.questions} | {row.pk for row in self.part.news}
        gone = [key for key in self.asked if key not in known]
        found = Entry.objects.filter(app=self.thread.app, pk__in=gone).questions() if gone else []
        return items_of(Slice(tuple(entry for entry in found if not entry.is_open_question), False))

    @cached_property
    def replies(self) -> list[ReplyItem]:
        """Those of ``pending``, as they are now."""
        if not self.pending:
            return []
        found = Reply.objects.filter(app=self.thread.app, pk__in=self.pending)
        return [item for item in items_of(Slice(tuple(found), False)) if isinstance(item, ReplyItem)]

    @property
    def count(self) -> int:
        return news_among(self.items, self.person)

    @property
    def words(self) -> str:
        return words_of(self.count)

    @property
    def newest(self) -> str:
        """Up to where the thread was read when all of this was seen."""
        place = place_of(self.part.news[0]) if self.part.news else self.after
        return paging.place_of(*place) if place else ""

    @cached_property
    def token(self) -> str:
        """Changes whenever something of this does."""
        replies = [*self.replies, *(item for item in self.items if isinstance(item, ReplyItem))]
        facts: list[Any] = [
            [question.pk for question in self.questions],
            [(row.newest, row.count) if isinstance(row, Gap) else row.pk for row in self.part.rows],
            [item.entry.pk for item in self.closed if isinstance(item, ThreadEntry)],
            [(item.reply.pk, str(item.state.text)) for item in replies],
        ]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    @property
    def address(self) -> str:
        """What is asked next."""
        query = QueryDict(mutable=True)
        asked = dict.fromkeys([question.pk for question in self.questions])
        asked |= dict.fromkeys(self.asked)
        query["after"] = paging.place_of(*self.after) if self.after else ""
        query["asked"] = ",".join(list(asked)[:ASKED_MOST])
        query["pending"] = ",".join(item.reply.pk for item in self.replies if not item.is_settled)
        query["token"] = self.token
        query.setlist("type", self.thread.types)
        return f"{reverse('app_runtime:thread_live', args=[self.thread.app.pk])}?{query.urlencode()}"


@dataclass(frozen=True)
class ThreadPage:
    """One page of an app's thread, as one person sees it; ``about`` is the entry that a permalink names."""

    request: HttpRequest
    app: App
    about: Entry | None = None

    @cached_property
    def filter(self) -> TypeFilter:
        return TypeFilter(self.app, self.request.GET if self.about is None else QueryDict())

    @cached_property
    def thread(self) -> Thread:
        return Thread(self.app, self.filter.types)

    @property
    def person(self) -> str:
        return str(self.request.user.get_username())

    @cached_property
    def mark(self) -> Place | None:
        return mark_place(ReadMark.of(self.request.user, self.app))

    @cached_property
    def below(self) -> Place | None:
        """Where this page begins; None: at the newest."""
        query = self.request.GET
        if self.about is not None:
            return self.thread.after(place_of(self.about), ABOVE)
        if query.get("at") == "unread" and self.mark is not None:
            return self.thread.after(self.mark, ABOVE)
        if self.day_end is not None:
            return self.thread.after((self.day_end, ""), 0)
        newer_than = _place(query.get("after", ""))
        return self.thread.after(newer_than, PAGE) if newer_than else _place(query.get("before", ""))

    @cached_property
    def day_end(self) -> datetime | None:
        """The end of the day that is jumped to; None where none is asked for, or none that there is."""
        try:
            day = parse_date(self.request.GET.get("day", ""))
            return timezone.make_aware(datetime.combine(day + timedelta(days=1), time())) if day else None
        except (ValueError, OverflowError):
            return None

    @property
    def day(self) -> str:
        return str(self.request.GET.get("day", "")) if self.day_end is not None else ""

    @property
    def is_newest(self) -> bool:
        """Whether it begins with the newest, so that it lives."""
        return self.below is None and self.about is None

    @cached_property
    def _part(self) -> Slice:
        return self.thread.part(PAGE, self.below)

    @cached_property
    def live(self) -> Live:
        """The part of the newest page that is asked for again and again."""
        newest = place_of(self._part.news[0]) if self._part.news else None
        pending = [
            item.reply.pk for item in self._items if isinstance(item, ReplyItem) and not item.is_settled
        ]
        return Live(self.thread, self.person, newest, pending=tuple(pending))

    @cached_property
    def _items(self) -> list[Item]:
        """What does not change any more: on a page that lives, from its first piece of news on."""
        part = self._part
        if not self.is_newest:
            return items_of(part, self.about.pk if self.about else "")
        rows = part.rows[1:] if part.rows and isinstance(part.rows[0], Gap) else part.rows
        return items_of(Slice(rows, part.has_older))

    @cached_property
    def items(self) -> Sequence[Item | UnreadLine]:
        """With the line between what is new and what was read; open questions stand on top instead."""
        on_top = {question.pk for question in self.live.questions} if self.is_newest else set()
        lined = list(self._items) if self.filter.types else with_line(self._items, self.person, self.mark)
        return [item for item in lined if not (isinstance(item, ThreadEntry) and item.entry.pk in on_top)]

    @property
    def new_count(self) -> int:
        """How many on this page are newer than the mark; none where there is no mark."""
        if self.mark is None or not self.is_newest:
            return 0
        return news_among(self._items, self.person, self.mark)

    @property
    def new_words(self) -> str:
        return words_of(self.new_count)

    @property
    def is_unmarked(self) -> bool:
        """Whether this person has no mark yet and there is something that one could be set at."""
        return self.mark is None and self.is_newest and bool(self._part.news)

    @property
    def has_line(self) -> bool:
        return any(isinstance(item, UnreadLine) for item in self.items)

    @property
    def newer_url(self) -> str:
        """The page above; empty on the newest."""
        if self.below is None:
            return ""
        news = self._part.news
        return self._url(after=paging.place_of(*place_of(news[0]))) if news else self._url()

    @property
    def older_url(self) -> str:
        if not self._part.has_older:
            return ""
        return self._url(before=paging.place_of(*place_of(self._part.news[-1])))

    @property
    def newest_url(self) -> str:
        """The newest page, with the filter that is chosen."""
        return self._url()

    def _url(self, **more: str) -> str:
        query = QueryDict(mutable=True)
        query.setlist("type", self.filter.types)
        query.update(more)
        address = reverse("app_runtime:app_thread", args=[self.app.pk])
        return f"{address}?{query.urlencode()}" if query else address

    @property
    def may_reply(self) -> bool:
        """Whether this person may, and the app is one that could be told something."""
        may = standing_of(self.request.user).may(Role.OPERATOR, self.app.space_id)
        return may and self.app.status != "uninstalled" and self.app.spec.get("type") == "automation"

    @cached_property
    def form_id(self) -> str:
        """Of the reply's form: what is sent twice with it is sent once."""
        posted = str(self.request.POST.get("form", "")).replace("\0", "")
        is_used = bool(posted) and Reply.objects.filter(form=posted).exists()
        return new_id() if is_used or not posted else posted


def without(part: Slice, keys: set[str]) -> Slice:
    """The same without these rows."""
    kept = tuple(row for row in part.rows if isinstance(row, Gap) or row.pk not in keys)
    return Slice(kept, part.has_older)


def _place(value: str) -> Place | None:
    found = paging.parse_before(value)
    return (from_ms(found[0]), found[1]) if found else None


def live_of(request: HttpRequest, app: App) -> Live:
    """What the address of a poll asks for."""
    query = request.GET
    thread = Thread(app, TypeFilter(app, query).types)
    return Live(
        thread,
        request.user.get_username(),
        _place(query.get("after", "")),
        _keys(query.get("asked", "")),
        _keys(query.get("pending", "")),
    )


def _keys(value: str) -> tuple[str, ...]:
    return tuple(key for key in value.split(",") if paging.KEY.fullmatch(key))[:ASKED_MOST]
