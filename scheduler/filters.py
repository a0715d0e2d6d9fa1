"""The filters of the list of jobs, as one bound GET form."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from halo_site.datadir.spaces import all_spaces
from halo_site.filters import FilterForm
from halo_site.roles import Role, standing_of
from scheduler.models import JobQuerySet
from scheduler.registry import jobs_within
from scheduler.standing import jobs_in
from scheduler.statuses import JobState

STATES = (
    (JobState.PLANNED, _("Planned")),
    (JobState.LATE, _("Late")),
    (JobState.PAUSED, _("Paused")),
    (JobState.BLOCKED, _("Blocked")),
    (JobState.OFF, _("Off or over")),
)


class JobFilter(FilterForm):
    """Narrows the list of jobs."""

    MAIN: ClassVar[tuple[str, ...]] = ("q", "state", "space")

    q = forms.CharField(label=_("Name"), required=False, max_length=200)
    state = forms.ChoiceField(label=_("State"), required=False)
    space = forms.ChoiceField(label=_("Space"), required=False)

    def __init__(self, query: QueryDict, reader: Any) -> None:
        super().__init__(query)
        self.reader = reader
        own = standing_of(reader)
        spaces = [(space.id, space.name) for space in all_spaces() if own.may(Role.VIEWER, space.id)]
        self.offer("state", STATES, unknown=_("There is no such state."))
        self.offer("space", spaces, unknown=_("There is no space with this id."))
        self.fields["q"].widget = forms.TextInput(attrs={"type": "search", "maxlength": 200})

    def narrowed(self, jobs: JobQuerySet, now: datetime) -> JobQuerySet:
        """The jobs that fulfil all filters; none where one of them is wrong."""
        if not self.is_valid():
            return jobs.none()
        wanted = self.cleaned_data
        if wanted["q"]:
            jobs = jobs.filter(Q(name__icontains=wanted["q"]) | Q(pk__startswith=wanted["q"]))
        if wanted["state"]:
            jobs = jobs.filter(jobs_in(wanted["state"], now))
        if wanted["space"]:
            jobs = jobs.filter(jobs_within(wanted["space"]))
        return jobs
