"""How a job stands at a moment: one word and one sentence, and the same as a question to the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from halo_site.quantities import relative
from scheduler.backoff import MAX_ERRORS
from scheduler.models import Job
from scheduler.recurrence import ScheduleError
from scheduler.registry import About, jobs_held
from scheduler.statuses import Held, JobState

# A clock that lives looks every second; a tick with thousands of jobs takes a few.
GRACE = timedelta(seconds=10)
GONE = "its subscription is not in the spec any more"  # why a job is off, until the spec has it again
# How the reasons begin that a person has decided; any other was found by the clock, or is errors
DECIDED = ("switched off by ", "cancelled by ", GONE)


@dataclass(frozen=True)
class Standing:
    """A job's state, and a sentence where the word alone does not explain it."""

    state: JobState
    words: str = ""
    is_failing: bool = False  # errors switched it off, or hold it back

    @property
    def tone(self) -> str:
        return "bad" if self.state == JobState.OFF and self.is_failing else self.state.tone

    @property
    def icon(self) -> str:
        return self.state.icon

    @property
    def text(self) -> str:
        return str(self.state.label)


def standing_of(job: Job, said: About, now: datetime) -> Standing:
    """How the job stands at ``now``, given what its owner says of it."""
    if not job.enabled:
        return _off(job, said, now)
    if job.next_run_at is None:
        return Standing(JobState.BLOCKED, _("It is on and has no next time, so it never comes due."), True)
    if said.held is not None:
        return Standing(JobState(said.held.value), said.held_words)
    if is_late(job, now):
        words = _("It was due %(ago)s, and no clock has taken it up.")
        return Standing(JobState.LATE, words % {"ago": relative(job.next_run_at, now)})
    if job.consecutive_errors:
        words = _("%(count)d of %(most)d errors in a row; it waits longer after each.")
        facts = {"count": job.consecutive_errors, "most": MAX_ERRORS}
        return Standing(JobState.PLANNED, words % facts, True)
    return Standing(JobState.PLANNED, _ahead(job, now))


def _ahead(job: Job, now: datetime) -> str:
    """What is to be said of a job that ran while the server's clock was ahead: no due time comes twice."""
    began = job.began_at
    if began is None or not job.is_ahead(now):
        return ""
    words = _("The server's clock was ahead when its last run began (%(when)s), and it goes on from there.")
    advice = _("Pausing and resuming its app makes it begin now.")
    return f"{words % {'when': relative(began, now)}} {advice}"


def is_late(job: Job, now: datetime) -> bool:
    """Whether its next time has passed and no clock has dispatched it."""
    return bool(job.enabled and job.next_run_at and job.next_run_at < now - GRACE)


def jobs_in(state: str, now: datetime) -> Q:
    """The jobs that `standing_of` gives that state; `off` are all that are not on."""
    with_next = Q(enabled=True, next_run_at__gt=0)
    paused, blocked = jobs_held(Held.PAUSED), jobs_held(Held.BLOCKED)
    conditions = {
        JobState.PLANNED: with_next & Q(next_run_at__gte=now - GRACE) & ~paused & ~blocked,
        JobState.LATE: with_next & Q(next_run_at__lt=now - GRACE) & ~paused & ~blocked,
        JobState.PAUSED: with_next & paused,
        JobState.BLOCKED: Q(enabled=True) & (blocked | Q(next_run_at=0)),
    }
    return conditions.get(JobState(state), Q(enabled=False))


def is_broken(job: Job) -> bool:
    """Whether it is off and no person wants it so: errors, or a rule that cannot be used, switched it off."""
    facts = job.metadata if isinstance(job.metadata, dict) else {}
    found_out = facts.get("disabled_reason") is not None and not job.disabled_reason.startswith(DECIDED)
    found_out = found_out and job.disabled_reason != ""
    return not job.enabled and (job.consecutive_errors >= MAX_ERRORS or found_out)


def broken_jobs() -> Q:
    """The jobs that `is_broken` is true of."""
    decided = Q()
    for beginning in DECIDED:
        decided |= Q(metadata__disabled_reason__startswith=beginning)
    for none in ("", None):
        decided |= Q(metadata__disabled_reason=none)
    found_out = Q(metadata__has_key="disabled_reason") & ~decided
    return Q(enabled=False) & (Q(consecutive_errors__gte=MAX_ERRORS) | found_out)


def _off(job: Job, said: About, now: datetime) -> Standing:
    is_failing = is_broken(job)
    if job.disabled_reason:
        return Standing(JobState.OFF, f"{job.disabled_reason.rstrip('.')}.", is_failing)
    if _is_over(job, now):
        return Standing(JobState.OVER, _("Its schedule has no time left."))
    if said.held_words:
        return Standing(JobState.OFF, said.held_words, is_failing)
    return Standing(JobState.OFF, _("Nobody wrote down why."), is_failing)


def _is_over(job: Job, now: datetime) -> bool:
    try:
        return job.anchor_at is not None and job.next_due_after(now) is None
    except ScheduleError:
        return False
