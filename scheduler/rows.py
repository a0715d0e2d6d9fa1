"""One job in the list of the schedule, with everything that its row says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from halo_site import quantities
from halo_site.audit import actor_words
from halo_site.audit_log.newest import newest_lines
from halo_site.models import AuditEntry
from halo_site.store.fields import to_ms
from scheduler import registry
from scheduler.addresses import job_address
from scheduler.models import Job, Slot
from scheduler.recurrence import ScheduleError, default_zone, next_due
from scheduler.registry import About
from scheduler.standing import Standing, standing_of
from scheduler.statuses import MissedPolicy
from scheduler.strips import Bar, Figures, bars_of, figures_of, newest_slots, summary

# What switches a job, or what it starts, on; the newest line tells who answers for its being on.
SWITCHED_ON = ("install", "reinstall", "resume", "switch_on")


@dataclass(frozen=True)
class JobRow:
    """A job, what its owner says of it, and its newest due times, oldest first."""

    job: Job
    about: About
    slots: Sequence[Slot]
    now: datetime
    switched_on: AuditEntry | None = None

    @cached_property
    def standing(self) -> Standing:
        return standing_of(self.job, self.about, self.now)

    @property
    def kind(self) -> str:
        """What kind of trigger it is, in a word."""
        kinds = {"every": _("interval"), "cron": _("cron rule"), "once": _("one time")}
        return kinds.get(kind_of(self.job), _("unknown"))

    @property
    def rule(self) -> str:
        """The rule in words, or what is wrong with it, without a full stop."""
        return self.job.words.rstrip(".")

    @property
    def raw(self) -> str:
        """The rule as it is stored; empty where the words say the same."""
        rule = str(self.job.schedule.get("cron", "")) if kind_of(self.job) == "cron" else ""
        return "" if rule in self.job.words else rule

    @property
    def zone(self) -> str:
        """The zone that it is counted in; empty for one that no zone changes."""
        return zone_of(self.job) if kind_of(self.job) == "cron" else ""

    @property
    def utc(self) -> str:
        """Its next time in UTC, as it stands behind that of the server's zone; once where these are one."""
        if self.job.next_run_at is None:
            return ""
        is_utc = not timezone.localtime(self.job.next_run_at).utcoffset()
        return "UTC" if is_utc else f"· {self.job.next_run_at.astimezone(UTC):%H:%M:%S} UTC"

    @property
    def address(self) -> str:
        return job_address(self.job.pk)

    @property
    def switched_by(self) -> str:
        """Who switched it on, in words."""
        return actor_words(self.switched_on.actor) if self.switched_on else ""

    @cached_property
    def bars(self) -> list[Bar]:
        return bars_of(self.slots)

    @property
    def summary(self) -> str:
        return summary(self.slots)

    @cached_property
    def figures(self) -> Figures:
        return figures_of(self.slots)

    @cached_property
    def interval_ms(self) -> int | None:
        """From its next time to the one after; None where there is none."""
        if self.job.next_run_at is None or self.job.anchor_at is None:
            return None
        first = to_ms(self.job.next_run_at)
        try:
            second = next_due(self.job.schedule, anchor_ms=to_ms(self.job.anchor_at), after_ms=first)
        except ScheduleError:
            return None
        return None if second is None else second - first

    @property
    def interval(self) -> str:
        return quantities.duration(self.interval_ms)

    @property
    def is_too_long(self) -> bool:
        """Whether its runs take longer than there is time between two of them."""
        took, between = self.figures.average_ms, self.interval_ms
        return took is not None and between is not None and took > between

    @property
    def load_tone(self) -> str:
        return "bad" if self.is_too_long else "run"

    @property
    def missed_words(self) -> str:
        """What happens to due times that were missed."""
        policy = MissedPolicy.SKIP if self.job.skips_missed else MissedPolicy.RUN_ONCE
        return str(policy.label)

    @property
    def overlap_words(self) -> str:
        """What happens to a due time while the run before goes on."""
        queues = metadata_of(self.job).get("overlap") == "queue_one"
        return _("one run waits for the other") if queues else _("the due time is skipped")


def job_rows(jobs: Sequence[Job], now: datetime) -> list[JobRow]:
    """Rows for the jobs of one page, in as many queries however many there are."""
    said = registry.about(jobs)
    slots = newest_slots([job.pk for job in jobs])
    subjects = [("job", job.pk) for job in jobs] + [said[job.pk].subject for job in jobs]
    lines = newest_lines((subject for subject in subjects if subject[1]), SWITCHED_ON)
    return [JobRow(job, said[job.pk], slots[job.pk], now, _newer(lines, job, said[job.pk])) for job in jobs]


def _newer(lines: dict[tuple[str, str], AuditEntry], job: Job, said: About) -> AuditEntry | None:
    found = [line for line in (lines.get(("job", job.pk)), lines.get(said.subject)) if line]
    return max(found, key=lambda line: (line.ts, line.pk), default=None)


def kind_of(job: Job) -> str:
    return str(job.schedule.get("kind", "")) if isinstance(job.schedule, dict) else ""


def zone_of(job: Job) -> str:
    """The name of the zone that its times are told in: its own, or the server's."""
    own = job.schedule.get("timezone") if isinstance(job.schedule, dict) else None
    return str(own or default_zone())


def metadata_of(job: Job) -> dict[str, object]:
    return job.metadata if isinstance(job.metadata, dict) else {}
