"""What the doctor looks at here: jobs that cannot come due, and jobs that errors switched off."""

from collections.abc import Iterator
from datetime import datetime

from django.contrib.admin.utils import quote
from django.urls import reverse

from halo_site.doctor.findings import Finding, Result, counted, notice, register_check
from halo_site.health import longest_silence
from halo_site.models import Heartbeat
from halo_site.store.fields import from_ms
from scheduler.backoff import MAX_ERRORS
from scheduler.models import Job
from scheduler.recurrence import ScheduleError, validate
from scheduler.registry import handler_for


def jobs(now: datetime) -> Iterator[Result]:
    """Every job: they are as few as schedules are."""
    count = 0
    for job in Job.objects.order_by("pk").iterator():
        count += 1
        yield from _job(job)
    yield counted(count, "job")


def _job(job: Job) -> Iterator[Finding]:
    subject = f"job {job.name} ({job.pk})"
    page = f"Look at {page_of(job)}"
    try:
        validate(job.schedule)
    except ScheduleError as error:
        yield Finding(subject, f"its schedule cannot be used: {error}", page)
    if not isinstance(job.metadata, dict | None):
        yield Finding(subject, "nobody can tell whose it is: its metadata is no JSON object", page)
        return
    if job.enabled and job.next_run_at is None:
        yield Finding(subject, "it is on and has no next time, so it never comes due", page)
    if not job.enabled and job.consecutive_errors >= MAX_ERRORS:
        yield notice(subject, f"it is off: {job.disabled_reason}", "Resume its app when that is mended.")
    if handler_for(job.kind) is None:
        words = f"nobody handles jobs of the kind “{job.kind}”"
        yield Finding(subject, words, f"Install the version that made it, or switch it off: {page_of(job)}")


def sweeps(now: datetime) -> Iterator[Result]:
    """Clocks of which a sweep has been at work for long: it holds up other sweeps, and no due time."""
    for beat in Heartbeat.objects.kind("clock").younger_than(longest_silence(), now):
        since_ms = beat.detail.get("sweepSinceMs") if isinstance(beat.detail, dict) else None
        if isinstance(since_ms, int):
            minutes = int((now - from_ms(since_ms)).total_seconds()) // 60
            words = f"its sweep “{beat.detail.get('sweep')}” has been at work for {minutes} min"
            yield notice(beat.name, words, "Look at the disk of the data directory, and at the clock's log.")


def page_of(job: Job) -> str:
    """The address of its page in the administration."""
    return reverse("admin:scheduler_job_change", args=[quote(job.pk)])


register_check("jobs", jobs, needs_database=True)
register_check("sweeps", sweeps, needs_database=True)
