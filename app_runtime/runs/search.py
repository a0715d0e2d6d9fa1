"""Which runs a filter finds, and how far it looks for them (DESIGN §8)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, TextField, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import cached_property

from app_manager.models import App
from app_runtime.models import REHEARSAL, Entry, Run, RunQuerySet
from app_runtime.runs.filters import GOING_ON, RunFilter
from halo_site.paging import Found, Page, page_of, searched, searched_page_of
from halo_site.read_only import WINDOW, begins

TEXT_WINDOW = 10_000  # newest runs whose words are read for a text; each has several entries
MOST_BY_ID = 30
ID = re.compile(r"[A-Za-z0-9-]{8,64}")  # a run's id, or as much of it as pages show


@dataclass(frozen=True)
class RunSearch:
    """What a valid filter asks for, at ``now``. What no index serves looks at a window of the newest runs."""

    filter: RunFilter
    now: datetime

    @cached_property
    def by_id(self) -> RunQuerySet | None:
        """The runs whose id begins with the text; None where it is no beginning of an id.

        They are found whatever else is asked for.
        """
        text = self._value("q")
        if not ID.fullmatch(text):
            return None
        # asked of all runs: together with an app, the index by app would be read instead
        begun = Run.objects.visible_to(self.filter.reader).filter(
            begins("run_id", text) | begins("run_id", text.lower())
        )
        found = dict(begun.values_list("pk", "app_id")[:MOST_BY_ID])
        scope = self.filter.scope
        ids = [pk for pk, app_id in found.items() if scope is None or app_id == scope.pk]
        return Run.objects.filter(pk__in=ids) if ids else None

    @cached_property
    def window(self) -> int:
        """How many runs a page of it looks at; 0: an index finds what is asked for."""
        if self.by_id is not None:
            return 0
        if self._value("q"):
            return TEXT_WINDOW
        needs_scan = self._value("trigger") or self._value("model") or len(self._apps_of_space) > 1
        return WINDOW if needs_scan else 0

    @cached_property
    def among(self) -> RunQuerySet:
        """The runs that indexes find: of an app, a status, a period."""
        runs = self._all
        if self._value("app"):
            runs = runs.filter(app_id=self._value("app"))
        if self._value("space") and len(self._apps_of_space) < 2:
            runs = runs.filter(app_id__in=self._apps_of_space)
        status = self._value("status")
        if status:
            runs = _going_on(runs) if status == GOING_ON else runs.filter(status=status)
        since, until = self.filter.begins_at(self.now), self.filter.ends_before
        if since is not None:
            runs = runs.filter(started_at__gte=since)
        return runs.filter(started_at__lt=until) if until is not None else runs

    @cached_property
    def rows(self) -> RunQuerySet:
        """All that match, in no order."""
        if self.by_id is not None:
            return self.by_id
        runs = self.among
        if self._value("trigger"):
            runs = runs.filter(trigger_type=self._value("trigger"))
        if self._value("model"):
            runs = runs.filter(_of_model(self._value("model")))
        if len(self._apps_of_space) > 1:
            # an expression, for the index by app would bring every run of the space to be sorted
            owner = Coalesce("app_id", Value(""), output_field=TextField())
            runs = runs.alias(owner=owner).filter(owner__in=self._apps_of_space)
        return runs.filter(_tells(self._value("q"))) if self._value("q") else runs

    def page(self, request: HttpRequest, size: int) -> Page[Run]:
        """The page of them that the address names, each with its app."""
        rows = self.rows.select_related("app")
        if self.by_id is not None:
            return Page(list(rows.newest_first()), "", "")
        if not self.window:
            return page_of(request, rows, moment="started_at", size=size)
        return searched_page_of(request, self.among, rows, moment="started_at", size=size, window=self.window)

    def newest(self, most: int) -> Found[Run]:
        """At most ``most`` of them, newest first, each with its app, looked for in one window."""
        rows = self.rows.select_related("app").newest_first()
        if not self.window:
            return Found(list(rows[:most]))
        return searched(self.among.newest_first(), rows, "started_at", most, self.window)

    def count(self, cap: int) -> int:
        """How many match, counted up to ``cap``; only where an index finds them."""
        return self.rows[:cap].count()

    @property
    def _all(self) -> RunQuerySet:
        scope = self.filter.scope
        return Run.objects.visible_to(self.filter.reader) if scope is None else Run.objects.for_app(scope)

    @cached_property
    def _apps_of_space(self) -> list[str]:
        space = self._value("space")
        return (
            list(App.objects.visible_to(self.filter.reader).in_space(space).values_list("pk", flat=True))
            if space
            else []
        )

    def _value(self, name: str) -> Any:
        return self.filter.cleaned_data.get(name, "")


def _going_on(runs: RunQuerySet) -> RunQuerySet:
    """The few that are queued or running, asked for first: else the index by time is read to its end."""
    return Run.objects.filter(pk__in=runs.unfinished().values("pk"))


def _of_model(name: str) -> Q:
    return Q(engine=REHEARSAL) if name == REHEARSAL else Q(model=name) & ~Q(engine=REHEARSAL)


def _tells(text: str) -> Q:
    """Runs of which an entry's summary or the error says the text."""
    entries = Entry.objects.filter(run_id=OuterRef("pk"), content__summary__icontains=text)
    return Q(error_message__icontains=text) | Q(Exists(entries))
