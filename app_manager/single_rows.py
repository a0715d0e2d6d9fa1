"""Single runs that people asked for, as the page of an app's schedule lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from app_manager.jobs import KIND, once_jobs_of
from app_manager.models import App
from app_manager.scheduling import MOST_TO_COME, is_single
from scheduler.models import Job, Slot
from scheduler.preview import UpcomingRow, upcoming_rows
from scheduler.recurrence import ScheduleError, default_zone
from scheduler.registry import Trace, traces
from scheduler.statuses import Outcome, Verdict

SHOWN_OVER = 20


@dataclass(frozen=True)
class State:
    """A state in a word, with its tone and icon."""

    tone: str
    text: str
    icon: str = ""


@dataclass(frozen=True)
class SingleRow:
    """One of them. ``slot`` is what became of its time; None before, and where that never came."""

    job: Job
    slot: Slot | None
    trace: Trace | None = None  # its run, as those who run apps tell of it

    @property
    def id(self) -> str:
        return str(self.job.pk)

    @property
    def told(self) -> Mapping[str, Any]:
        return (self.job.metadata or {})["once"] if is_single(self.job) else {}

    @property
    def text(self) -> str:
        return str(self.told.get("text") or "")

    @property
    def asked_by(self) -> str:
        return str(self.told.get("by") or "").partition(":")[2]

    @property
    def is_to_come(self) -> bool:
        return self.job.enabled and self.slot is None

    @cached_property
    def time(self) -> UpcomingRow | None:
        """Its moment in the zone in which it was written; None where a stranger wrote something else."""
        zone = str(self.told.get("zone") or default_zone())
        try:
            before = int(self.job.schedule["once"]) - 1
            return upcoming_rows(self.job.schedule, anchor_ms=0, now_ms=before, zone=zone, count=1)[0]
        except (ScheduleError, LookupError, TypeError, ValueError):
            return None

    @property
    def run_address(self) -> str:
        """The page of its run; empty where it has none."""
        if self.trace is not None:
            return self.trace.address
        return reverse("app_runtime:run_detail", args=[self.run_id]) if self.run_id else ""

    @property
    def run_id(self) -> str:
        return str((self.slot.metadata or {}).get("runId") or "") if self.slot else ""

    @property
    def state(self) -> State:
        if self.slot is None:
            return self._without_slot
        if self.trace is not None:
            return State(self.trace.tone, self.trace.text, self.trace.icon)
        if self.slot.outcome in Outcome.values:
            outcome = Outcome(self.slot.outcome)
            return State(outcome.tone, str(outcome.label))
        if self.run_id:
            return State("run", _("Started"), "play")
        verdict = Verdict(self.slot.verdict)
        return State(verdict.tone, str(verdict.label))

    @property
    def _without_slot(self) -> State:
        if self.job.enabled:
            return State("quiet", _("To come"), "clock")
        return State("quiet", _("Cancelled") if self.job.disabled_reason else _("Did not run"), "cross")

    @property
    def why(self) -> str:
        """Why nothing came of it; empty where something did, or will."""
        if self.slot is not None:
            return self.slot.words
        if self.job.enabled:
            return ""
        return self.job.disabled_reason or _("its app was uninstalled when its time came")


def single_rows(app: App) -> list[SingleRow]:
    """Those to come, the next one first, then the newest that are over."""
    jobs = once_jobs_of(app)
    coming = list(jobs.filter(enabled=True).order_by(F("next_run_at").asc(), "pk")[:MOST_TO_COME])
    over = list(jobs.filter(enabled=False).order_by("-updated_at", "-pk")[:SHOWN_OVER])
    listed = [job for job in (*coming, *over) if is_single(job)]
    slots = {slot.job_id: slot for slot in Slot.objects.filter(job__in=listed)}
    found = traces(KIND, list(slots.values()))
    return [_row(job, slots.get(job.pk), found) for job in listed]


def _row(job: Job, slot: Slot | None, found: Mapping[int, Trace]) -> SingleRow:
    return SingleRow(job, slot, found.get(slot.pk) if slot else None)
