"""The filters of the list of jobs, as one bound GET form."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from halo_site.audit_log.filters import encoded
from halo_site.datadir.spaces import all_spaces
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


class JobFilter(forms.Form):
    """Narrows the list of jobs. Parameters that it does not know are nobody's business here."""

    q = forms.CharField(label=_("Name"), required=False, max_length=200)
    state = forms.ChoiceField(label=_("State"), required=False)
    space = forms.ChoiceField(label=_("Space"), required=False)

    def __init__(self, query: QueryDict, reader: Any) -> None:
        super().__init__(query.copy(), auto_id="filter-%s")
        self.reader = reader
        own = standing_of(reader)
        spaces = [(space.id, space.name) for space in all_spaces() if own.may(Role.VIEWER, space.id)]
        self._offer("state", STATES, _("There is no such state."))
        self._offer("space", spaces, _("There is no space with this id."))
        self.fields["q"].widget = forms.TextInput(attrs={"type": "search", "maxlength": 200})

    def _offer(self, name: str, choices: Any, unknown: Any) -> None:
        field = cast("forms.ChoiceField", self.fields[name])
        field.choices = [("", _("Any")), *choices]
        field.error_messages["invalid_choice"] = unknown

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

    @cached_property
    def given(self) -> dict[str, str]:
        """What was asked for, right or wrong, without what is empty."""
        values = {name: str(self.data.get(name, "")).strip() for name in self.fields}
        return {name: value for name, value in values.items() if value}

    @property
    def query(self) -> str:
        """The query string that asks for the same again."""
        return encoded(self.given)
