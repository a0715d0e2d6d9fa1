"""One job as its page shows it: how it stands, its next times, its ledger, and why it did not run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext as _

from halo_site import quantities
from halo_site.paging import Page, page_of
from halo_site.store.fields import from_ms, to_ms
from scheduler import registry
from scheduler.models import Job, Slot
from scheduler.moments import Teller, known_zone
from scheduler.preview import UpcomingRow, upcoming_rows
from scheduler.recurrence import ScheduleError
from scheduler.registry import Trace
from scheduler.rows import JobRow, job_rows, zone_of
from scheduler.statuses import Verdict
from scheduler.strips import STARTED
from scheduler.why import Answer, explain
from scheduler.why_facts import Near, WhyForm, known_of, nearest

LEDGER_PAGE = 30
NEXT_TIMES = 10
ICONS = {
    "ran": "check",
    "late": "hourglass",
    "merged": "copy",
    "skipped": "quiet",
    "missed": "minus",
    "error": "warn",
}


@dataclass(frozen=True)
class LedgerRow:
    """One due time with its verdict."""

    slot: Slot
    trace: Trace | None
    teller: Teller
    now: datetime

    @property
    def due(self) -> str:
        """In the zone of the job, as everything else on its page."""
        return self.teller.row_words(self.slot.due_at, self.now)

    @property
    def tone(self) -> str:
        return verdict_tone(self.slot)

    @property
    def icon(self) -> str:
        return ICONS.get(self.slot.verdict, "quiet")

    @property
    def reason(self) -> str:
        """Why, in words."""
        said = self.slot.words
        if self.slot.verdict != Verdict.SKIPPED or not self.slot.reason:
            return said
        words = str(self.slot.get_reason_display())
        return f"{words}: {said}" if said and said != words else words

    @property
    def lateness(self) -> str:
        """From the due time to the start of the run; empty where none started."""
        if self.slot.verdict not in STARTED:
            return ""
        if self.slot.started_at is None:
            return quantities.unknown()
        return quantities.duration(max(to_ms(self.slot.started_at) - to_ms(self.slot.due_at), 0))

    @property
    def took(self) -> str:
        if self.slot.verdict not in STARTED:
            return ""
        if self.slot.duration_ms is None:
            return _("not ended")
        return quantities.duration(self.slot.duration_ms)

    @property
    def merged(self) -> str:
        """How many due times the row stands for, where it is more than one."""
        return f"{self.slot.merged_count:,}" if self.slot.merged_count > 1 else ""


@dataclass(frozen=True)
class NextTimes:
    """The times to come, or the sentence why there are none."""

    rows: list[UpcomingRow]
    sentence: str = ""


@dataclass(frozen=True)
class JobPage:
    """Everything about one job."""

    request: HttpRequest = field(repr=False)
    job: Job
    now: datetime

    @cached_property
    def row(self) -> JobRow:
        return job_rows([self.job], self.now)[0]

    @cached_property
    def zone(self) -> str:
        """Where its times are told and asked for: the server's zone where its own is not known."""
        return known_zone(zone_of(self.job))

    @cached_property
    def next_times(self) -> NextTimes:
        if not self.job.enabled or self.job.next_run_at is None:
            return NextTimes([], self.row.standing.words or _("It is off."))
        return next_times_of(self.job, self.zone)

    @cached_property
    def verdict(self) -> str:
        """The verdict that the ledger is narrowed to; empty for all, and for one that there is not."""
        wanted = self.request.GET.get("verdict", "")
        return wanted if wanted in Verdict.values else ""

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in Verdict.choices]

    @cached_property
    def pager(self) -> Page[Slot]:
        slots = self.job.slots.all()
        if self.verdict:
            slots = slots.filter(verdict=self.verdict)
        return page_of(self.request, slots, moment="due_at", size=LEDGER_PAGE)

    @cached_property
    def ledger(self) -> list[LedgerRow]:
        traces = registry.traces(self.job.kind, list(self.pager.rows))
        teller = Teller(ZoneInfo(self.zone))
        return [LedgerRow(slot, traces.get(slot.pk), teller, self.now) for slot in self.pager.rows]

    @cached_property
    def form(self) -> WhyForm:
        return WhyForm(self.request.GET if self.request.GET.get("at") else None, self.zone)

    @cached_property
    def why(self) -> "Why | None":
        """The answer; None where nothing was asked, or nothing that is a time."""
        if not self.form.is_bound or not self.form.is_valid() or self.form.cleaned_data["at"] is None:
            return None
        wall = self.form.cleaned_data["at"]
        moments = Teller(ZoneInfo(self.zone)).instants(wall)
        found = [self._why(wall, at if len(moments) > 1 else None) for at in moments]
        return replace(found[0], second=found[1] if len(found) > 1 else None)

    def _why(self, wall: datetime, asked: datetime | None) -> "Why":
        """The answer for one moment: ``asked``, where the wall time happens twice."""
        known = known_of(self.job, self.row.about, wall, self.form.length, self.zone, self.now, asked)
        answer = explain(known)
        near = nearest(known) if answer.has_nearest else []
        slots = [slot for slot in (answer.slot, *(each.slot for each in near)) if slot is not None]
        time = known.at(known.asked) if asked else ""
        return Why(answer, near, registry.traces(self.job.kind, slots), time)


@dataclass(frozen=True)
class Why:
    """An answer with the due times beside it and the runs to look at."""

    answer: Answer
    near: list[Near]
    traces: Mapping[int, Trace]
    time: str = ""  # with its offset, where the clocks show it twice
    second: "Why | None" = None  # of the second time then

    @property
    def each(self) -> "list[Why]":
        return [self, self.second] if self.second else [self]

    @property
    def trace(self) -> Trace | None:
        return self.traces.get(self.answer.slot.pk) if self.answer.slot else None

    @property
    def neighbours(self) -> list[tuple[Near, Trace | None]]:
        return [(near, self.traces.get(near.slot.pk) if near.slot else None) for near in self.near]


def next_times_of(job: Job, zone: str) -> NextTimes:
    """The next times of a job that has one. The first may be no regular one, after errors."""
    if job.next_run_at is None:
        return NextTimes([])
    if job.anchor_at is None:
        return NextTimes([], _("The moment from which its rule counts cannot be read in the database."))
    next_ms, anchor_ms = to_ms(job.next_run_at), to_ms(job.anchor_at)
    try:
        rows = upcoming_rows(
            job.schedule, anchor_ms=anchor_ms, now_ms=next_ms - 1, zone=zone, count=NEXT_TIMES
        )
        if rows and rows[0].due_ms != next_ms:
            words = _("After errors it waits until then; the regular times follow.")
            rows = [UpcomingRow.at(from_ms(next_ms), zone, words), *rows[: NEXT_TIMES - 1]]
    except ScheduleError as error:
        return NextTimes([], str(error))
    return NextTimes(rows)


def verdict_tone(slot: Slot) -> str:
    """The tone of a verdict's chip; what the run came to stands beside it."""
    return Verdict(slot.verdict).tone if slot.verdict in Verdict.values else "quiet"
