"""A list of runs as its page shows it: what state it says, its rows, what was filtered."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_manager.models import App
from app_runtime.models import Run
from app_runtime.pages import RunRow, run_rows
from app_runtime.runs.batches import MOST_RUNS
from app_runtime.runs.filters import RunFilter
from app_runtime.runs.page import cost_words
from app_runtime.runs.search import RunSearch
from app_runtime.statuses import Status
from halo_site import quantities
from halo_site.filters import encoded
from halo_site.paging import Page, parse_before
from halo_site.quantities import capped

COUNT_CAP = 1_000
RUNS_PAGE = 30


@dataclass(frozen=True)
class ListedRun(RunRow):
    """One run in the list, with what it used."""

    @property
    def model(self) -> str:
        return self.run.model or self._otherwise

    @property
    def tokens(self) -> str:
        if self.run.tokens_used is None:
            return self._otherwise
        return quantities.at_least(f"{self.run.tokens_used:,}", self.run.turns_unknown)

    @property
    def cost(self) -> str:
        return self._otherwise if self.run.cost_microusd is None else cost_words(self.run)

    @property
    def _otherwise(self) -> str:
        """The word for a figure that is not there: one that nobody measured, or one that cannot be."""
        if self.run.is_unfinished:
            return _("not yet")
        return _("none") if self.run.is_rehearsal or not self.run.engine else quantities.unknown()


@dataclass(frozen=True)
class RunListPage:
    """The runs of all apps, or of one. A filter that is wrong finds nothing, and says why."""

    request: HttpRequest = field(repr=False)
    now: datetime
    app: App | None = None
    most_runs: int = MOST_RUNS

    @cached_property
    def filter(self) -> RunFilter:
        return RunFilter(self.request.GET, self.app, self.request.user)

    @cached_property
    def search(self) -> RunSearch | None:
        return RunSearch(self.filter, self.now) if self.filter.is_valid() else None

    @cached_property
    def pager(self) -> Page[Run]:
        return Page([], "", "") if self.search is None else self.search.page(self.request, RUNS_PAGE)

    @cached_property
    def rows(self) -> list[ListedRun]:
        return [ListedRun(row.run, row.news) for row in run_rows(self.pager.rows)]

    @property
    def is_filtered(self) -> bool:
        return bool(self.filter.given)

    @property
    def is_by_id(self) -> bool:
        """Whether the text was taken as the beginning of an id, so that nothing else was asked."""
        return self.search is not None and self.search.by_id is not None

    @cached_property
    def title(self) -> str:
        """The state of the list in a sentence."""
        if self.search is None:
            return _("A filter is wrong")
        if self.is_by_id and len(self.rows) == 1:
            return _("Run %(id)s") % {"id": self.rows[0].run.short_id}
        if self.is_filtered:
            return self._matches(self.search)
        if self._going_on[Status.RUNNING]:
            count = self._going_on[Status.RUNNING]
            words = ngettext("%(n)s run is going on", "%(n)s runs are going on", count)
            return words % {"n": capped(count, COUNT_CAP)}
        return _("No run is going on")

    @cached_property
    def line(self) -> str:
        """What the title leaves out."""
        if self.search is None:
            return _("Nothing is shown until it is right.")
        if self.is_by_id:
            return _("Found by its id, whatever else is chosen.")
        queued = 0 if self.is_filtered else self._going_on[Status.QUEUED]
        if queued:
            words = ngettext("%(n)s waits to start.", "%(n)s wait to start.", queued)
            return words % {"n": capped(queued, COUNT_CAP)}
        return _("Newest first.")

    @property
    def window(self) -> int:
        """How many runs were looked at where the search stopped early; else 0."""
        return self.search.window if self.search is not None and self.pager.searched_to else 0

    @property
    def window_words(self) -> str:
        return f"{self.window:,}"

    @property
    def is_first(self) -> bool:
        return parse_before(self.request.GET.get("before", "")) is None

    @cached_property
    def scoped(self) -> dict[str, str]:
        """What a page about several of these runs has to be told: the filters, and whose list it is."""
        return {**self.filter.given, **({"of": self.app.pk} if self.app else {})}

    def _matches(self, search: RunSearch) -> str:
        if not search.window:
            count = search.count(COUNT_CAP)
            words = ngettext("%(n)s run matches", "%(n)s runs match", count)
            return words % {"n": capped(count, COUNT_CAP)} if count else _("No run matches")
        if not self.is_first:
            return _("Older runs that match")
        count = len(self.rows)
        if self.pager.next_url:
            return _("More than %(n)s runs match") % {"n": count}
        if not self.window:
            words = ngettext("%(n)s run matches", "%(n)s runs match", count)
            return words % {"n": count} if count else _("No run matches")
        words = ngettext(
            "%(n)s of the newest %(window)s runs matches", "%(n)s of the newest %(window)s runs match", count
        )
        none = _("None of the newest %(window)s runs matches")
        return (words if count else none) % {"n": count, "window": self.window_words}

    @cached_property
    def _going_on(self) -> dict[str, int]:
        """How many run and how many wait to start, each counted up to `COUNT_CAP`."""
        runs = (
            Run.objects.visible_to(self.request.user) if self.app is None else Run.objects.for_app(self.app)
        )
        return {
            Status.RUNNING: runs.running()[:COUNT_CAP].count(),
            Status.QUEUED: runs.queued()[:COUNT_CAP].count(),
        }


def list_address(app: App | None, filters: dict[str, str]) -> str:
    """The list of runs with these filters: one app's, or that of all."""
    if app is None:
        return reverse("app_runtime:run_list") + encoded(filters)
    return reverse("app_runtime:app_runs", args=[app.pk]) + encoded(filters)
