"""What the pages of a batch show: before it, whom it will reach; after it, what became of each."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_manager.models import App, new_id
from app_runtime.chips import Chip, status_chip
from app_runtime.models import Run
from app_runtime.runs.batches import AGAIN, CANCEL, MOST_RUNS, objections
from app_runtime.runs.filters import RunFilter
from app_runtime.runs.list_page import list_address
from app_runtime.runs.search import RunSearch
from halo_site.models import AuditEntry
from halo_site.paging import Found
from halo_site.roles import standing_of

LONGEST_ID = 64  # characters


@dataclass(frozen=True)
class BatchRow:
    """One run of a batch, and what stands in its way or came of it. ``run`` is None for one that is gone."""

    run_id: str
    run: Run | None
    why: str = ""

    @property
    def short_id(self) -> str:
        return self.run_id[:8]

    @property
    def status(self) -> Chip | None:
        return status_chip(self.run) if self.run else None


@dataclass(frozen=True)
class BatchPreview:
    """What a verb would do with the runs that were ticked, or with all that a filter finds."""

    verb: str
    asked: QueryDict = field(repr=False)
    now: datetime
    reader: Any
    app: App | None = None
    batch: str = field(default_factory=new_id)
    most_runs: int = MOST_RUNS

    @cached_property
    def filter(self) -> RunFilter:
        return RunFilter(self.asked, self.app, self.reader)

    @property
    def is_all(self) -> bool:
        """Whether it is about everything that the filters find."""
        return bool(self.asked.get("all"))

    @cached_property
    def back_url(self) -> str:
        return list_address(self.app, self.filter.given)

    @cached_property
    def scoped(self) -> dict[str, str]:
        """What leads back to the list: its filters, and whose it is."""
        return {**self.filter.given, **({"of": self.app.pk} if self.app else {})}

    @cached_property
    def runs(self) -> list[Run]:
        """At most `MOST_RUNS`, newest first."""
        if not self.is_all:
            found = (
                Run.objects.visible_to(self.reader)
                .filter(pk__in=chosen_ids(self.asked))
                .select_related("app")
            )
            return list(found.newest_first())
        if not self.filter.is_valid():
            return []
        return list(self._found.rows[:MOST_RUNS])

    @property
    def is_cut(self) -> bool:
        """Whether more match than one batch takes."""
        return self.is_all and self.filter.is_valid() and len(self._found.rows) > MOST_RUNS

    @property
    def searched_to(self) -> datetime | None:
        """Where the search for matching runs stopped; None where it saw all."""
        is_searched = self.is_all and self.filter.is_valid() and not self.is_cut
        return self._found.edge[0] if is_searched and self._found.edge else None

    @cached_property
    def reached(self) -> list[BatchRow]:
        return [BatchRow(run.pk, run) for run in self.runs if run.pk not in self._objections]

    @cached_property
    def left_out(self) -> list[BatchRow]:
        return [
            BatchRow(run.pk, run, self._objections[run.pk]) for run in self.runs if run.pk in self._objections
        ]

    @property
    def title(self) -> str:
        count = len(self.reached)
        if not count:
            return _("No run will be cancelled") if self.verb == CANCEL else _("No run will be run again")
        if self.verb == CANCEL:
            words = ngettext("%(n)d run will be cancelled", "%(n)d runs will be cancelled", count)
        else:
            words = ngettext("%(n)d run will be run again", "%(n)d runs will be run again", count)
        return words % {"n": count}

    @property
    def line(self) -> str:
        """How many there were to begin with, and how many are left out."""
        if not self.runs:
            return _("No run matches.") if self.is_all else _("No run is ticked.")
        count, out = len(self.runs), len(self.left_out)
        if self.is_all:
            begin = ngettext("%(n)d run matches", "%(n)d runs match", count) % {"n": count}
        else:
            begin = ngettext("%(n)d run is ticked", "%(n)d runs are ticked", count) % {"n": count}
        if not out:
            return _("%(begin)s; none is left out.") % {"begin": begin}
        rest = ngettext("%(n)d is left out", "%(n)d are left out", out) % {"n": out}
        return f"{begin}; {rest}."

    @property
    def is_again(self) -> bool:
        return self.verb == AGAIN

    @cached_property
    def _objections(self) -> dict[str, str]:
        return objections(self.verb, self.runs, standing_of(self.reader))

    @cached_property
    def _found(self) -> Found[Run]:
        return RunSearch(self.filter, self.now).newest(MOST_RUNS + 1)


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch, as its line in the audit log says, and how its runs stand now."""

    entry: AuditEntry
    reader: Any

    @property
    def is_again(self) -> bool:
        return self.entry.verb == f"runs.{AGAIN}"

    @property
    def who(self) -> str:
        return self.entry.actor.partition(":")[2]

    @cached_property
    def done(self) -> list[BatchRow]:
        """The runs that were cancelled, or those that were queued."""
        return [BatchRow(run_id, self._runs.get(run_id)) for run_id in self._part("done").values()]

    @property
    def is_seen(self) -> bool:
        """Whether the reader may see any of it."""
        return standing_of(self.reader).sees_everything or bool(self._runs)

    @cached_property
    def refused(self) -> list[BatchRow]:
        return [
            BatchRow(run_id, self._runs.get(run_id), why) for run_id, why in self._part("refused").items()
        ]

    @cached_property
    def stopping(self) -> int:
        """How many of the cancelled have not stopped yet."""
        return sum(row.run is not None and row.run.is_unfinished for row in self.done)

    @property
    def title(self) -> str:
        count = len(self.done)
        if not count:
            return _("No run was run again") if self.is_again else _("No run was cancelled")
        if self.is_again:
            words = ngettext("%(n)d run was queued again", "%(n)d runs were queued again", count)
        elif self.stopping:
            words = ngettext("%(n)d run is being cancelled", "%(n)d runs are being cancelled", count)
        else:
            words = ngettext("%(n)d run was cancelled", "%(n)d runs were cancelled", count)
        return words % {"n": count}

    @property
    def line(self) -> str:
        parts = []
        if self.stopping and not self.is_again:
            words = ngettext("%(n)d has not stopped yet", "%(n)d have not stopped yet", self.stopping)
            parts.append(words % {"n": self.stopping})
        if self.refused:
            words = ngettext("%(n)d was refused", "%(n)d were refused", len(self.refused))
            parts.append(words % {"n": len(self.refused)})
        return f"{'; '.join(parts)}." if parts else _("None was refused.")

    @cached_property
    def _runs(self) -> dict[str, Run]:
        ids = [*self._part("done").values(), *self._part("refused")]
        seen = Run.objects.visible_to(self.reader).filter(pk__in=ids)
        return {run.pk: run for run in seen.select_related("app")}

    def _part(self, name: str) -> dict[str, str]:
        """What the entry says of its runs; to somebody who does not see them all, of those that they see."""
        found = (self.entry.after or {}).get(name)
        told = found if isinstance(found, dict) else {}
        if standing_of(self.reader).sees_everything:
            return told
        known = Run.objects.visible_to(self.reader).filter(pk__in=[*told, *told.values()])
        seen = set(known.values_list("pk", flat=True))
        return {run_id: said for run_id, said in told.items() if run_id in seen or said in seen}


def chosen_ids(asked: QueryDict) -> list[str]:
    """The ids of runs in a query or a form, each once, at most `MOST_RUNS`; what is no id is left away."""
    ids = dict.fromkeys(asked.getlist("run"))
    return [key for key in ids if 0 < len(key) <= LONGEST_ID and "\0" not in key][:MOST_RUNS]
