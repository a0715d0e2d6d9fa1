"""The inbox: every question over all apps that a person may see, what waits first."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_manager.states import Status as AppStatus
from app_runtime.escalations.filters import InboxFilter
from app_runtime.escalations.questions import State, answer_in_words, answers_of, decided_at, decider
from app_runtime.escalations.rows import QuestionRow, question_rows
from app_runtime.models import Entry, EntryQuerySet
from app_runtime.runs.filters import app_choices
from halo_site.access import standing
from halo_site.paging import Page, begun, searched_page_of
from halo_site.quantities import capped, relative
from halo_site.roles import Role, standing_of
from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, to_ms

PAGE = 30
MOST_OPEN = 2_000  # open questions that are put in order: the ones that have waited longest
WINDOW = 2_000  # ended questions that one page with a text looks through
DAY = timedelta(days=1)
NO_DEADLINE = HIGHEST_MS + 1
OpenKey = tuple[int, int, str]  # when it is due, since when it waits, its id


@dataclass(frozen=True)
class InboxPage:
    """What waits by due time then age, or what ended, the newest first. A wrong filter finds nothing."""

    request: HttpRequest = field(repr=False)
    now: datetime

    @cached_property
    def filter(self) -> InboxFilter:
        own = standing(self.request)
        spaces = None if own.sees_everything else set(own.spaces)
        return InboxFilter(self.request.GET, app_choices(self.request.user), spaces)

    @property
    def is_filtered(self) -> bool:
        return bool(self.filter.given)

    @property
    def is_right(self) -> bool:
        """Whether every filter says something that there is."""
        return self.filter.is_valid()

    @property
    def lists_open(self) -> bool:
        return self.filter.is_valid() and self.filter.listed == State.OPEN

    @cached_property
    def rows(self) -> list[QuestionRow]:
        return question_rows(self.pager.rows, standing(self.request), self.now)

    @cached_property
    def pager(self) -> Page[Entry]:
        if not self.filter.is_valid():
            return Page([], "", "")
        return self._open_page() if self.lists_open else self._ended_page()

    @cached_property
    def keys(self) -> list[OpenKey]:
        """Every open question that the filters leave, in the order in which they are shown."""
        return _ordered(self._narrowed(waiting_for(self.request.user)), self._text, self._due_before)

    @cached_property
    def waiting(self) -> int:
        """How many wait for this person's eyes, whatever is filtered; counted up to `MOST_OPEN`."""
        if not self.is_filtered:
            return len(self.keys)
        return waiting_for(self.request.user)[:MOST_OPEN].count()

    @property
    def is_cut(self) -> bool:
        return self.lists_open and self.waiting >= MOST_OPEN

    @property
    def is_live(self) -> bool:
        """Whether it asks again what waits: only where what comes first is shown."""
        return self.lists_open and "after" not in self.request.GET

    @property
    def live_address(self) -> str:
        """What a page with these filters asks again."""
        query = _without_place(self.request.GET)
        address = reverse("app_runtime:inbox_live")
        return f"{address}?{query.urlencode()}" if query else address

    @property
    def address(self) -> str:
        """Its own, with these filters."""
        return self._url(None)

    @property
    def shown(self) -> str:
        """What it shows, in short: how many wait, and the ids in their order."""
        return f"{self.waiting}.{len(self.keys)}:{','.join(row.pk for row in self.pager.rows)}"

    @property
    def title(self) -> str:
        """The state of the inbox in a sentence."""
        if not self.filter.is_valid():
            return _("A filter is wrong")
        if self.lists_open and self.is_filtered:
            found = len(self.keys)
            words = ngettext("%(n)s question matches", "%(n)s questions match", found)
            return words % {"n": capped(found, MOST_OPEN)} if found else _("No open question matches")
        if not self.lists_open:
            return self._ended_title
        return waiting_words(self.waiting, standing(self.request).may_somewhere(Role.OPERATOR))

    @property
    def _ended_title(self) -> str:
        words = {
            State.ANSWERED: _("Questions that were answered"),
            State.EXPIRED: _("Questions that expired"),
            State.DISMISSED: _("Questions that were dismissed"),
        }
        return words.get(State(self.filter.listed), _("Questions that were closed"))

    @property
    def line(self) -> str:
        """What the title leaves out."""
        if not self.filter.is_valid():
            return _("Nothing is shown until it is right.")
        if not self.lists_open:
            return _("Asked last, shown first.")
        if self.waiting:
            return _("Soonest due first, then the longest waiting.")
        return self.last_answer or _("No app has asked anything yet.")

    @cached_property
    def last_answer(self) -> str:
        """Who answered last and when; empty where nobody has."""
        decided = Entry.objects.visible_to(self.request.user).filter(
            decided_at__isnull=False, user_response__isnull=False
        )
        last = decided.order_by("-decided_at", "-id").first()
        at = decided_at(last) if last else None
        if last is None or at is None:
            return ""
        words = _("No questions. Last one answered %(when)s by %(who)s.")
        return words % {"when": relative(at, self.now), "who": decider(last)}

    @property
    def _text(self) -> str:
        return str(self.filter.cleaned_data.get("q") or "").casefold()

    @property
    def _due_before(self) -> int | None:
        due = self.filter.cleaned_data.get("due")
        return {"day": to_ms(self.now + DAY), "any": HIGHEST_MS}.get(str(due))

    def _narrowed(self, rows: EntryQuerySet) -> EntryQuerySet:
        if app := self.filter.cleaned_data.get("app"):
            rows = rows.filter(app_id=app)
        if space := self.filter.cleaned_data.get("space"):
            rows = rows.filter(app__space_id=space)
        return rows

    def _open_page(self) -> Page[Entry]:
        place = _place(self.request.GET.get("after", ""))
        left = [key for key in self.keys if place is None or key > place]
        shown = left[:PAGE]
        found = Entry.objects.select_related("app").in_bulk([key[2] for key in shown])
        rows = [found[key[2]] for key in shown if key[2] in found]
        older = self._url(shown[-1]) if len(left) > PAGE else ""
        return Page(rows, older, self._url(None) if place else "")

    def _ended_page(self) -> Page[Entry]:
        among = self._narrowed(Entry.objects.visible_to(self.request.user).ended()).select_related("app")
        rows = _of_state(among, self.filter.listed)
        if self.filter.cleaned_data.get("due"):
            rows = rows.filter(content__deadlineAt__isnull=False)
        if self._text:
            looked = begun(self.request, among, moment="ts")[:WINDOW]
            rows = rows.filter(pk__in=[row.pk for row in looked if _is_about(row, self._text)])
        return searched_page_of(self.request, among, rows, moment="ts", size=PAGE, window=WINDOW)

    def _url(self, key: OpenKey | None) -> str:
        query = _without_place(self.request.GET)
        if key is not None:
            query["after"] = f"{key[0]}.{key[1]}.{key[2]}"
        address = reverse("app_runtime:inbox")
        return f"{address}?{query.urlencode()}" if query else address


def _without_place(given: QueryDict) -> QueryDict:
    """The filters of an address: without its place, and without what a page told of itself."""
    query = given.copy()
    for name in ("after", "shown", "told"):
        query.pop(name, None)
    return query


def waiting_words(count: int, may_answer: bool = True) -> str:
    """How many questions wait, as a title: for whoever reads it, or for whoever may answer."""
    if count and not may_answer:
        words = ngettext("%(n)s question waits for an answer", "%(n)s questions wait for an answer", count)
        return words % {"n": capped(count, MOST_OPEN)}
    small = {1: _("One question waits for you"), 2: _("Two questions wait for you")}
    small |= {3: _("Three questions wait for you"), 4: _("Four questions wait for you")}
    if not count:
        return _("Nobody waits for you")
    return small.get(count) or _("%(n)s questions wait for you") % {"n": capped(count, MOST_OPEN)}


def waiting_for(user: Any) -> EntryQuerySet:
    """Open questions of installed apps that this person may see."""
    return Entry.objects.visible_to(user).open().exclude(app__status=AppStatus.UNINSTALLED)


def soonest(user: Any, most: int) -> list[Entry]:
    """The first open questions in the order of the inbox, with their apps."""
    keys = [key[2] for key in _ordered(waiting_for(user), "", None)[:most]]
    found = Entry.objects.select_related("app").in_bulk(keys)
    return [found[key] for key in keys if key in found]


def next_open(user: Any, but: Entry) -> str | None:
    """The id of the question that comes first now, besides this one; None where nobody waits.

    One that this person may only look at comes after all that they may answer.
    """
    waiting, own = waiting_for(user).exclude(pk=but.pk), standing_of(user)
    theirs = (
        waiting
        if own.may(Role.OPERATOR)
        else waiting.filter(app__space_id__in=own.spaces_where(Role.OPERATOR))
    )
    keys = _ordered(theirs, "", None) or _ordered(waiting, "", None)
    return keys[0][2] if keys else None


def _ordered(rows: EntryQuerySet, text: str, due_before: int | None) -> list[OpenKey]:
    """Due time, then age. Deadlines lie in JSON, so the order is made here, of a bounded number."""
    columns = ("content", "ts", "pk", "app__spec_id") if text else ("content__deadlineAt", "ts", "pk")
    found = []
    for first, ts, pk, *app in rows.order_by("ts", "id").values_list(*columns)[:MOST_OPEN]:
        content = first if isinstance(first, dict) else {}
        due = _due(content.get("deadlineAt") if text else first)
        if text and not _says(content, *app, text=text):
            continue
        if due_before is None or due <= due_before:
            found.append((due, to_ms(ts), pk))
    return sorted(found)


def _due(value: Any) -> int:
    return value if type(value) is int and LOWEST_MS <= value <= HIGHEST_MS else NO_DEADLINE


def _says(content: Any, *more: str, text: str) -> bool:
    """Whether what is shown of a question has the text, in any language."""
    said = content if isinstance(content, dict) else {}
    listed = said.get("questions")
    words = [said.get("summary"), said.get("question"), said.get("data"), *more]
    words += (
        [item.get("question") for item in listed if isinstance(item, dict)]
        if isinstance(listed, list)
        else []
    )
    return any(text in str(word).casefold() for word in words if word)


def _is_about(row: Entry, text: str) -> bool:
    return _says(row.content, row.app.name, answer_in_words(answers_of(row)), text=text)


def _of_state(rows: EntryQuerySet, state: str) -> EntryQuerySet:
    if state == State.ANSWERED:
        return rows.filter(user_response__isnull=False)
    closed = rows.filter(user_response__isnull=True)
    if state in {State.EXPIRED, State.DISMISSED}:
        return closed.filter(content__resolution__reason=str(state))
    return closed.exclude(content__resolution__reason="expired").exclude(
        content__resolution__reason="dismissed"
    )


def _place(value: str) -> OpenKey | None:
    """Where the address says that the page begins; None for anything that we did not write."""
    due, _dot, rest = value.partition(".")
    ts, _dot, key = rest.partition(".")
    if not (due.isascii() and due.isdigit() and len(due) < 17 and key and "\0" not in key and len(key) <= 64):
        return None
    number = ts.removeprefix("-")
    if not (number.isascii() and number.isdigit() and len(number) < 17):
        return None
    return int(due), int(ts), key
