"""Apps as the owners of the clock's jobs: what an administrator changes in a job is the app's decision."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from app_manager import job_showing
from app_manager.exceptions import ScheduleRefused, StatusRefused
from app_manager.job_showing import app_id_of as _app_id
from app_manager.job_showing import held_jobs, jobs_of_apps
from app_manager.jobs import KIND
from app_manager.models import App
from app_manager.scheduling import is_single, switch_job
from app_manager.states import Status
from halo_site.audit import Actor
from scheduler.models import Job
from scheduler.registry import About, register_owner
from scheduler.statuses import Held


class AppJobs:
    """Keeps the app's own setting and its job in step."""

    def reschedule(self, job: Job, schedule: Mapping[str, Any] | None, actor: Actor, now: datetime) -> None:
        """Store the schedule with the app, which rewrites the job. Raises `AppError`, LookupError."""
        app, key = self._owner(job)
        if is_single(job):
            raise ScheduleRefused(
                _("A single run is not moved. Cancel it, and ask for another one on its app's page.")
            )
        app.override_schedule(key, schedule, actor=actor, now=now)

    def switch(self, job: Job, on: bool, actor: Actor, now: datetime) -> None:
        """Switch it by hand, with an audit line; the reason tells it from one that errors switched off.

        Raises `StatusRefused` for one of an uninstalled app, which is off as long as its app is.
        """
        with transaction.atomic():
            app = App.objects.hold(_app_id(job)) if on else None
            if app is not None and app.status == Status.UNINSTALLED:
                raise StatusRefused(app, Status.ACTIVE)
            switch_job(job, on, actor, now)

    def address(self, job: Job) -> str:
        """The page of its app; empty where that is gone."""
        app_id = _app_id(job)
        is_there = App.objects.filter(pk=app_id).exists()
        return reverse("app_runtime:app_thread", args=[app_id]) if is_there else ""

    def visible(self, user: Any) -> Q:
        """Those of the apps that this person sees."""
        return jobs_of_apps(App.objects.visible_to(user))

    def within(self, space_id: str) -> Q:
        return jobs_of_apps(App.objects.in_space(space_id))

    def held(self, how: Held) -> Q:
        return held_jobs(how)

    def about(self, jobs: Sequence[Job]) -> dict[str, About]:
        return job_showing.about(jobs)

    def _owner(self, job: Job) -> tuple[App, str]:
        app = App.objects.filter(pk=_app_id(job)).first()
        if app is None:
            raise LookupError("The app of this job is not there any more.")
        return app, str((job.metadata or {}).get("subscriptionId"))


def register() -> None:
    """Called once, when Django is ready."""
    register_owner(KIND, AppJobs())
