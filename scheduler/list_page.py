"""The schedule as its page shows it: every job that the person may see, and what needs somebody."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from halo_site.paging import Page
from scheduler.backoff import MAX_ERRORS
from scheduler.filters import JobFilter
from scheduler.models import Job, JobQuerySet
from scheduler.rows import JobRow, job_rows
from scheduler.soonest import soonest_page
from scheduler.standing import broken_jobs, jobs_in
from scheduler.statuses import JobState

JOBS_PAGE = 20


@dataclass(frozen=True)
class JobListPage:
    """The jobs in the order of need, filtered."""

    request: HttpRequest = field(repr=False)
    now: datetime

    @cached_property
    def filter(self) -> JobFilter:
        return JobFilter(self.request.GET, self.request.user)

    @property
    def is_filtered(self) -> bool:
        return bool(self.filter.given)

    @cached_property
    def pager(self) -> Page[Job]:
        return soonest_page(self.request, self.filter.narrowed(self._seen, self.now), JOBS_PAGE)

    @cached_property
    def rows(self) -> list[JobRow]:
        return job_rows(list(self.pager.rows), self.now)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many jobs are in each state; jobs are as few as schedules are, so they are counted."""
        filters = {state.value: Count("pk", filter=jobs_in(state, self.now)) for state in COUNTED}
        failing = Count("pk", filter=Q(enabled=False, consecutive_errors__gte=MAX_ERRORS))
        return self._seen.aggregate(**filters, failing=failing, broken=Count("pk", filter=broken_jobs()))

    @property
    def has_jobs(self) -> bool:
        return any(self.counts.values())

    @cached_property
    def title(self) -> str:
        """The state of the schedule in a sentence."""
        counts = self.counts
        if counts["late"]:
            words = ngettext("%(n)d schedule is late", "%(n)d schedules are late", counts["late"])
            return words % {"n": counts["late"]}
        if counts["broken"] > counts["failing"]:
            words = ngettext(
                "%(n)d schedule is off, and nobody switched it off",
                "%(n)d schedules are off, and nobody switched them off",
                counts["broken"],
            )
            return words % {"n": counts["broken"]}
        if counts["failing"]:
            words = ngettext(
                "Errors switched %(n)d schedule off", "Errors switched %(n)d schedules off", counts["failing"]
            )
            return words % {"n": counts["failing"]}
        if counts["blocked"]:
            words = ngettext("%(n)d schedule is blocked", "%(n)d schedules are blocked", counts["blocked"])
            return words % {"n": counts["blocked"]}
        return _("Everything is on time") if counts["planned"] else _("Nothing is planned")

    @property
    def pills(self) -> list[tuple[str, str, int]]:
        """States that have jobs: their value, word and number."""
        return [
            (state.value, str(word), self.counts[state.value])
            for state, word in self.filter.fields["state"].choices[1:]  # type: ignore[attr-defined]
            if self.counts[state.value]
        ]

    @property
    def _seen(self) -> JobQuerySet:
        return Job.objects.visible_to(self.request.user)


COUNTED = (JobState.PLANNED, JobState.LATE, JobState.PAUSED, JobState.BLOCKED, JobState.OFF)
