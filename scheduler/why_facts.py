"""What the database knows about a job and a time that somebody asks for (`scheduler.why` answers)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from halo_site.audit import actor_words
from halo_site.health import longest_silence
from halo_site.models import AuditEntry, Heartbeat
from halo_site.store.fields import EPOCH, to_ms
from scheduler.cron import TWO_DAYS, first_change, offset_at
from scheduler.due_near import first_due, last_due
from scheduler.models import KEPT_SLOTS, Job, Slot
from scheduler.moments import Teller
from scheduler.preview import Mark, upcoming_rows
from scheduler.recurrence import ScheduleError, next_due, validate
from scheduler.registry import About
from scheduler.statuses import Verdict
from scheduler.why import Known, Off

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
SHOWN_ROWS = 10  # due times in one minute, where rules come every 10 s
MOST_LINES = 200  # of the audit log, newest first
OFF_VERBS, ON_VERBS = ("switch_off", "uninstall"), ("switch_on", "reinstall")
YEARS = range(1971, 9_900)  # so that what is looked for around them lies in the calendar too


class WhyForm(forms.Form):
    """A time on the wall clock of the job's zone, to the minute or to the second."""

    at = forms.CharField(label=_("Why did it not run at"), required=False, max_length=40)

    def __init__(self, data: Any, zone: str) -> None:
        super().__init__(data, auto_id="why-%s")
        self.zone = zone
        attributes = {"type": "datetime-local", "step": "1"}
        self.fields["at"].widget = forms.TextInput(attrs=attributes)

    def clean_at(self) -> datetime | None:
        """A naive time; None where nothing was asked."""
        text = self.cleaned_data["at"].strip()
        if not text:
            return None
        try:
            wall = datetime.fromisoformat(text)
        except ValueError as error:
            raise forms.ValidationError(gettext("Give a time such as 2026-11-26T09:00.")) from error
        if wall.tzinfo is not None or wall.year not in YEARS:
            raise forms.ValidationError(gettext("Give a time of the job's zone, such as 2026-11-26T09:00."))
        return wall.replace(microsecond=0)

    @property
    def length(self) -> timedelta:
        """How much time the question is about: a minute, or the second that it names."""
        wall = self.cleaned_data["at"]
        return SECOND if wall is not None and wall.second else MINUTE


@dataclass(frozen=True)
class Near:
    """A due time beside the one that was asked for, and the row of the ledger that tells of it."""

    at: datetime
    slot: Slot | None = None


def known_of(
    job: Job, said: About, wall: datetime, length: timedelta, zone: str, now: datetime,
    asked: datetime | None = None,
) -> Known:  # fmt: skip
    """Everything that answers “why did it not run at ``wall``?”, in a few queries.

    ``asked`` is which of its two moments is meant where it happens twice; else the one that has a row, or
    the first.
    """
    teller = Teller(ZoneInfo(zone))
    asked = asked or _instant(job, teller, wall, length)
    until = asked + length
    rows = list(job.slots.filter(due_at__gte=asked, due_at__lt=until).order_by("due_at")[:SHOWN_ROWS])
    before = job.slots.filter(due_at__lt=asked).order_by("-due_at").first()
    after = job.slots.filter(due_at__gte=until).order_by("due_at").first()
    oldest = job.slots.order_by("due_at").values_list("due_at", flat=True).first()
    ticked = Heartbeat.objects.kind("clock").order_by("-beat_at").values_list("beat_at", flat=True).first()
    return Known(
        asked=asked, until=until, now=now, teller=teller,
        schedule=job.schedule, anchor=job.anchor_at or EPOCH, created=job.created_at or EPOCH,
        problem=_problem(job),
        enabled=job.enabled, off_words=job.disabled_reason,
        next_run=job.next_run_at if job.enabled else None,
        errors=job.consecutive_errors, held_words=said.held_words,
        rows=rows, before=before, after=after, into=_into(job, rows[0] if rows else before),
        oldest=oldest, is_full=_is_full(job),
        offs=offs_of(job, _lines(job, said)),
        ticked=ticked, is_down=ticked is None or now - ticked > longest_silence(),
        instead="" if teller.exists(wall) else _instead(job, teller, asked),
        missing="" if teller.exists(wall) else format_date(wall, "j M Y, H:i"),
    )  # fmt: skip


def nearest(known: Known) -> list[Near]:
    """The due times right before and right after what was asked: of the ledger, or else by the rule."""
    earlier = known.before and Near(known.before.due_at, known.before)
    later = known.after and Near(known.after.due_at, known.after)
    by_rule = None
    if known.asked > known.now and not known.problem:
        by_rule = last_due(known.schedule, known.anchor, known.asked)
    if by_rule is not None and by_rule > known.now:
        earlier = Near(by_rule)
    if later is None and known.enabled and not known.problem:
        start = max(known.until, known.now)
        coming = first_due(known.schedule, known.anchor, start, start + timedelta(days=3660))
        later = Near(coming) if coming else None
    return [near for near in (earlier, later) if near]


def offs_of(job: Job, lines: Iterable[AuditEntry]) -> list[Off]:
    """When it was off, by the lines of the audit log (oldest first) and by what the job itself says."""
    spans: list[Off] = []
    since: AuditEntry | None = None
    for line in lines:
        if line.verb in OFF_VERBS:
            if since is None or (line.object_type == "job" == since.object_type):
                since = line  # it was on between two of its own; nobody wrote down since when
        elif since is not None:
            spans.append(Off(since.ts, line.ts, _by(since)))
            since = None
    if since is not None and not job.enabled:
        spans.append(Off(since.ts, None, job.disabled_reason or _by(since)))
    elif not job.enabled:
        # Nobody wrote the moment down; when its row was last written it was off.
        spans.append(Off(job.updated_at or EPOCH, None, job.disabled_reason))
    return spans


def _by(line: AuditEntry) -> str:
    reason = (line.after or {}).get("reason")
    if isinstance(reason, str) and reason:
        return reason
    return gettext("switched off by %(who)s") % {"who": actor_words(line.actor)}


def _problem(job: Job) -> str:
    """Why its due times cannot be told; empty where they can."""
    if job.anchor_at is None:
        return gettext("The moment from which it counts cannot be read in the database.")
    try:
        validate(job.schedule)
        next_due(job.schedule, anchor_ms=to_ms(job.anchor_at), after_ms=to_ms(job.anchor_at))
    except ScheduleError as error:
        return str(error)
    return ""


def _instead(job: Job, teller: Teller, asked: datetime) -> str:
    """What a rule does about times that the clocks jump over; ``asked`` lies as far behind the jump."""
    if _problem(job):
        return ""
    end = to_ms(asked) // 1000
    begin = end - TWO_DAYS // 2
    change = first_change(teller.zone, begin, end, offset_at(teller.zone, begin))
    rows = upcoming_rows(
        job.schedule,
        anchor_ms=to_ms(job.anchor_at),
        now_ms=(change - 1) * 1000,
        zone=teller.zone.key,
        count=1,
    )
    return rows[0].words if rows and rows[0].mark == Mark.AFTER_GAP else ""


def _instant(job: Job, teller: Teller, wall: datetime, length: timedelta) -> datetime:
    """The moment of a wall time; of one that happens twice, the one that has a row, or else the first."""
    instants = teller.instants(wall)
    for at in instants:
        if len(instants) > 1 and job.slots.filter(due_at__gte=at, due_at__lt=at + length).exists():
            return at
    return instants[0]


def _into(job: Job, slot: Slot | None) -> Slot | None:
    """The row of the run that stands for a merged due time: the next one that is not merged itself."""
    if slot is None or slot.verdict != Verdict.MERGED:
        return None
    later = job.slots.filter(due_at__gt=slot.due_at).exclude(verdict=Verdict.MERGED)
    return later.order_by("due_at").first()


def _is_full(job: Job) -> bool:
    """Whether the ledger may have let rows of it go."""
    return len(job.slots.values_list("pk")[:KEPT_SLOTS]) >= KEPT_SLOTS


def _lines(job: Job, said: About) -> list[AuditEntry]:
    """The newest lines that switched the job, or what it starts, off and on; oldest first."""
    verbs = (*OFF_VERBS, *ON_VERBS)
    found: list[AuditEntry] = []
    for kind, key in {("job", job.pk), said.subject}:
        if kind:
            lines = AuditEntry.objects.of_object(kind, key).filter(verb__in=verbs)
            found += lines.order_by("-ts", "-id")[:MOST_LINES]
    return sorted(found, key=lambda line: (line.ts, line.pk))
