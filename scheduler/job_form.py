"""What an administrator can change in a job: its schedule, and whether it is on."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from halo_site import audit
from halo_site.audit import Actor
from scheduler.models import Job
from scheduler.recurrence import ScheduleError, validate
from scheduler.registry import owner_of
from scheduler.switching import note_switch


class JobForm(forms.ModelForm):  # type: ignore[type-arg]
    """Changes nothing by itself: `decide` has the job's owner do it, which `clean` has tried out."""

    actor: Actor
    rule = forms.JSONField(
        label=_("Schedule as stored"),
        widget=forms.Textarea({"rows": 5, "cols": 80}),
        help_text=_("{“kind”: “every”, “every”: “30m”}, or cron with a timezone, or once in ms."),
    )
    is_on = forms.BooleanField(label=_("On"), required=False)

    class Meta:
        model = Job
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"rule": self.instance.schedule, "is_on": self.instance.enabled}

    def clean_rule(self) -> Any:
        rule = self.cleaned_data["rule"]
        try:
            validate(rule)
        except ScheduleError as error:
            raise ValidationError(str(error)) from error
        return rule

    def clean(self) -> dict[str, Any]:
        """Try the changes and take them back: a refusal is said beside its field."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        with transaction.atomic():
            for field in self.changed_data:
                try:
                    with transaction.atomic():
                        self._apply(field, timezone.now())
                except Exception as error:  # whatever the owner raises, with its sentence
                    self.add_error(field, str(error))
            transaction.set_rollback(True)
        return cleaned

    def decide(self) -> None:
        """Make the changes."""
        for field in self.changed_data:
            self._apply(field, timezone.now())

    def _apply(self, field: str, now: datetime) -> None:
        job = Job.objects.get(pk=self.instance.pk)
        owner = owner_of(job.kind) or Nobody()
        if field == "rule":
            owner.reschedule(job, self.cleaned_data["rule"], self.actor, now)
        else:
            owner.switch(job, self.cleaned_data["is_on"], self.actor, now)


class Nobody:
    """Stands in for the owner of jobs that have none: the job itself is all there is."""

    def reschedule(self, job: Job, schedule: Any, actor: Actor, now: datetime) -> None:
        before = job.schedule
        with transaction.atomic():
            facts = (job.pk, job.name, schedule, job.kind, job.metadata or {}, now)
            Job.objects.put(*facts, enabled=job.enabled)
            audit.record(
                actor,
                "reschedule",
                object_type="job",
                object_id=job.pk,
                now=now,
                summary=job.name,
                before={"schedule": before},
                after={"schedule": schedule},
            )

    def switch(self, job: Job, on: bool, actor: Actor, now: datetime) -> None:
        with transaction.atomic():
            if job.enable(now) if on else job.disable(f"switched off by {actor.words}", now):
                note_switch(job, on, actor, now)
