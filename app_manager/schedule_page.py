"""When an app runs, as its page shows it: what is in force and why, what comes next, what can be changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from app_manager.in_force import Source, source_of_policy
from app_manager.jobs import is_usable, job_id, own_schedules, scheduled, schedules_of
from app_manager.models import App
from app_manager.pages import AUDIT_LINES, Doer
from app_manager.policies import policies_of
from app_manager.schedule_form import Preview, RuleForm, SingleForm, values_of
from app_manager.scheduling import facts_of, schedule_digest
from app_manager.single_rows import SingleRow, State, single_rows
from app_manager.spec.parts import Frequency, Subscription
from app_manager.states import Status
from app_manager.triggers import schedule_words, trigger_words
from halo_site.models import AuditEntry
from halo_site.store.fields import to_ms
from scheduler.durations import parse_duration
from scheduler.models import Job
from scheduler.preview import UpcomingRow, upcoming_rows
from scheduler.recurrence import ScheduleError, default_zone


@dataclass(frozen=True)
class Value:
    """One part of what is in force: ``part`` is what a reset needs, ``spec`` what the spec says instead."""

    label: str
    words: str
    source: Source
    part: str
    spec: str

    @property
    def is_own(self) -> bool:
        return self.source == Source.PERSON


@dataclass(frozen=True)
class Off:
    """That a schedule is off: why, and since when as far as anybody knows."""

    why: str
    since: datetime | None
    is_failure: bool


@dataclass(frozen=True)
class RuleRow:
    """One subscription that a schedule starts. ``sent`` is what a person wrote and is not stored."""

    app: App
    subscription: Subscription
    schedule: Mapping[str, Any]
    job: Job | None
    number: int
    now: datetime
    sent: RuleForm | None = None
    problem: str = ""
    is_moved: bool = False  # somebody else changed it since ``sent`` was begun

    @property
    def key(self) -> str:
        return self.subscription.id

    @property
    def words(self) -> str:
        return schedule_words(self.schedule)

    @cached_property
    def form(self) -> RuleForm:
        return self.sent or rule_form(self.app, self.key, self.now, self.job, self.number)

    @property
    def base(self) -> str:
        """The digest of what the person has seen."""
        if self.sent is not None and not self.is_moved:
            return str(self.sent["base"].value() or "")
        return schedule_digest(self.app, self.key)

    @property
    def preview(self) -> Preview | None:
        """Of what was sent; None where nothing was."""
        if self.sent is None:
            return None
        self.sent.is_valid()
        return self.sent.preview(*spec_notes(self.subscription.frequency, self.sent.schedule))

    @property
    def moved_by(self) -> Doer | None:
        """Who changed it last, as far as the log that is looked at goes."""
        lines = AuditEntry.objects.filter(object_type="app", object_id=self.app.pk).order_by("-ts", "-id")
        ours = (each for each in lines[:AUDIT_LINES] if each.verb == "override_schedule")
        return next((Doer(each.actor, each.ts) for each in ours if each.summary == self.key), None)

    @cached_property
    def values(self) -> list[Value]:
        """The three parts, each with its source."""
        policies = policies_of(self.subscription, self.app.user_overrides)
        written = policies_of(self.subscription, {})
        in_spec = schedule_words(schedules_of(self.app.parsed_spec, {}).get(self.key, {}))
        is_own = self.key in own_schedules(self.app.user_overrides)
        source = Source.PERSON if is_own else Source.SPEC
        rows = [Value(_("When it runs"), self.words, source, "schedule", in_spec)]
        for name, label in (("missed", _("Missed times")), ("overlap", _("While a run is going"))):
            source = source_of_policy(self.app, self.subscription, name)
            is_now, was = getattr(policies, name), getattr(written, name)
            rows.append(Value(label, str(is_now.label), source, name, str(was.label)))
        return rows

    @cached_property
    def coming(self) -> list[UpcomingRow]:
        """The next five times as they are stored; none of a job that is off."""
        return stored_times(self.job) if self.job else []

    @property
    def held_until(self) -> datetime | None:
        """Its next try, where errors have moved that away from the regular time."""
        job = self.job
        if job is None or not job.enabled or not job.consecutive_errors or not job.next_run_at:
            return None
        is_regular = self.coming and self.coming[0].due_ms == to_ms(job.next_run_at)
        return None if is_regular else job.next_run_at

    @cached_property
    def off(self) -> Off | None:
        """None while it is on."""
        return off_of(self.app, self.job) if self.job is None or not self.job.enabled else None

    @property
    def state(self) -> State:
        if self.off is not None and self.off.is_failure:
            return State("bad", _("Off after errors"), "warn")
        if self.off is not None:
            return State("quiet", _("Off"), "pause")
        if not self.app.runs_by_itself:
            return State("quiet", _("On, but skipped"), "pause")
        return State("ok", _("On"), "check")

    @property
    def shadows(self) -> list[str]:
        """What keeps the stored times from coming to anything, a sentence each."""
        return list(_shadows(self))


@dataclass(frozen=True)
class Waited:
    """A subscription that events start, in words."""

    key: str
    words: str
    note: str


@dataclass(frozen=True)
class SchedulePage:
    """All that is said of when an app runs; ``row`` and ``single`` have what was sent and is not stored."""

    app: App
    now: datetime
    row: RuleRow | None = None
    single: SingleForm | None = None
    problem: str = ""  # why the single run was not stored

    @cached_property
    def rows(self) -> list[RuleRow]:
        found = rule_rows(self.app, self.now)
        return [self.row if self.row and each.key == self.row.key else each for each in found]

    @property
    def waited(self) -> list[Waited]:
        """What does not come by the clock."""
        timed = {row.key for row in self.rows}
        others = (each for each in self.app.parsed_spec.subscriptions if each.id not in timed)
        return [Waited(each.id, *trigger_words(each)) for each in others if each.source.type != "schedule"]

    @cached_property
    def singles(self) -> list[SingleRow]:
        return single_rows(self.app)

    @cached_property
    def single_form(self) -> SingleForm:
        if self.single is not None:
            return self.single
        return SingleForm(now=self.now, initial={"form": str(uuid4()), "overlap": "queue_one"})

    @property
    def has_runs(self) -> bool:
        return self.app.parsed_spec.type == "automation"

    @property
    def is_uninstalled(self) -> bool:
        return self.app.status == Status.UNINSTALLED


def rule_rows(app: App, now: datetime) -> list[RuleRow]:
    """The subscriptions that a schedule starts, in the order of the spec."""
    schedules, known = scheduled(app), {each.id: each for each in app.parsed_spec.subscriptions}
    jobs = Job.objects.in_bulk([job_id(app, key) for key in schedules])
    return [
        RuleRow(app, known[key], schedule, jobs.get(job_id(app, key)), number, now)
        for number, (key, schedule) in enumerate(schedules.items(), 1)
    ]


def rule_form(
    app: App, key: str, now: datetime, job: Job | None, number: int, data: Mapping[str, Any] | None = None
) -> RuleForm:
    """The form as it is stored, or as somebody sent it."""
    facts = facts_of(app, key)
    initial = {**values_of(facts["schedule"]), "key": key, "missed": facts["missed"]}
    return RuleForm(
        data,
        initial=initial | {"overlap": facts["overlap"], "base": schedule_digest(app, key)},
        now=now,
        anchor=job.anchor_at if job is not None and job.schedule == facts["schedule"] else None,
        auto_id=f"rule-{number}-%s",
    )


def stored_times(job: Job) -> list[UpcomingRow]:
    """The next five times of a job that is on, from the one that is stored; none where it has none."""
    if not job.enabled or not job.next_run_at or not job.anchor_at:
        return []
    zone, before = default_zone(), to_ms(job.next_run_at) - 1
    try:
        return upcoming_rows(job.schedule, anchor_ms=to_ms(job.anchor_at), now_ms=before, zone=zone)
    except ScheduleError:
        return []


def off_of(app: App, job: Job | None) -> Off:
    """Why the clock leaves a schedule alone, and since when."""
    if job is None:
        return Off(_("Its job is gone: somebody took it out of the database."), None, is_failure=True)
    if job.consecutive_errors or not is_usable(job.schedule):
        last = job.slots.filter(outcome="error").newest_first().first()
        return Off(job.disabled_reason or job.words, last.finished_at if last else None, is_failure=True)
    if job.disabled_reason:
        lines = AuditEntry.objects.filter(object_type="job", object_id=job.pk, verb="switch_off")
        line = lines.order_by("-ts", "-id").first()
        return Off(job.disabled_reason, line.ts if line else None, is_failure=False)
    if app.status == Status.UNINSTALLED:
        return Off(_("its app is uninstalled"), app.uninstalled_at, is_failure=False)
    if job.schedule.get("kind") == "once":
        return Off(_("its one time has passed"), job.last_run_at, is_failure=False)
    return Off(_("nobody wrote down why"), None, is_failure=False)


def spec_notes(frequency: Frequency | None, schedule: Mapping[str, Any]) -> list[str]:
    """That an interval lies outside of what the spec asks for; a person may have it all the same."""
    if frequency is None or schedule.get("kind") != "every":
        return []
    length = parse_duration(str(schedule["every"]))
    facts = {"least": frequency.min, "most": frequency.max}
    if frequency.min and length < parse_duration(frequency.min):
        return [_("The spec asks for at least %(least)s between two times. What you set counts.") % facts]
    if frequency.max and length > parse_duration(frequency.max):
        return [_("The spec asks for at most %(most)s between two times. What you set counts.") % facts]
    return []


def _shadows(row: RuleRow) -> Iterator[str]:
    if row.off is not None:
        yield _("It is switched off, so it does not come due until somebody switches it on.")
    elif not row.app.runs_by_itself:
        facts = {"status": row.app.get_status_display().lower()}
        yield _("The app is %(status)s: its times are skipped until it is resumed.") % facts
    yield from spec_notes(row.subscription.frequency, row.schedule)
