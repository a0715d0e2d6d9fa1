"""What the schedule pages say of the jobs of apps: whose they are, who sees them, what holds them up."""

from collections.abc import Sequence
from typing import Any, cast

from django.db.models import Q, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.db.models.lookups import In
from django.urls import reverse
from django.utils.translation import gettext as _

from app_manager.configuration import NEEDS_CONFIGURATION
from app_manager.models import App, AppQuerySet
from app_manager.scheduling import is_single
from app_manager.states import Status
from halo_site.audit import actor_words
from halo_site.datadir.spaces import all_spaces
from scheduler.models import Job
from scheduler.registry import About
from scheduler.statuses import Held

BLOCKING = (Status.ERROR, Status.NEEDS_LOGIN)


def jobs_of_apps(apps: AppQuerySet) -> Q:
    """The jobs of these apps, by a subquery."""
    return Q(In(KT("metadata__appId"), cast("Any", apps.values("pk"))))


def held_apps(how: Held) -> AppQuerySet:
    """The apps that would skip their due times: those that a person paused, or those that cannot run."""
    lacking = Q(status=Status.PAUSED, error_message__startswith=NEEDS_CONFIGURATION)
    if how == Held.BLOCKED:
        return App.objects.filter(Q(status__in=BLOCKING) | lacking)
    return App.objects.filter(status=Status.PAUSED).exclude(lacking)


def held_jobs(how: Held) -> Q:
    """The jobs of those apps; blocked are those too whose app is gone or uninstalled, as `about` says."""
    if how == Held.PAUSED:
        return jobs_of_apps(held_apps(how))
    running = App.objects.exclude(pk__in=held_apps(how).values("pk")).exclude(status=Status.UNINSTALLED)
    app_id = Coalesce(KT("metadata__appId"), Value(""), output_field=TextField())
    return ~Q(In(app_id, cast("Any", running.values("pk"))))


def about(jobs: Sequence[Job]) -> dict[str, About]:
    """Job id → what to say of it, in one query."""
    apps = App.objects.in_bulk({app_id_of(job) for job in jobs})
    spaces = {space.id: space.name for space in all_spaces()}
    return {job.pk: _about(job, apps.get(app_id_of(job)), spaces) for job in jobs}


def app_id_of(job: Job) -> str:
    """The id of its app; empty, which no app has, where its metadata do not say one."""
    app_id = (job.metadata or {}).get("appId") if isinstance(job.metadata, dict) else None
    return app_id if isinstance(app_id, str) else ""


def _about(job: Job, app: App | None, spaces: dict[str, str]) -> About:
    metadata = job.metadata if isinstance(job.metadata, dict) else {}
    part = _("single run") if is_single(job) else str(metadata.get("subscriptionId") or "")
    if app is None:
        words = _("Its app is not installed any more.")
        return About(job.name, part, held=Held.BLOCKED, held_words=words)
    held, words = _held(app)
    return About(
        name=app.name,
        part=part,
        address=reverse("app_runtime:app_thread", args=[app.pk]),
        edit_address=reverse("app_manager:app_schedule", args=[app.pk]),
        space_id=app.space_id,
        space=spaces.get(app.space_id or "", ""),
        held=held,
        held_words=words,
        asked_by=_asked_by(metadata["once"]) if is_single(job) else "",
        subject=("app", app.pk),
    )


def _asked_by(told: dict[str, Any]) -> str:
    by = told.get("by")
    return actor_words(by) if isinstance(by, str) and by else _("somebody who is not written down")


def _held(app: App) -> tuple[Held | None, str]:
    """What keeps its due times from starting runs, and a sentence that says so."""
    if app.runs_by_itself:
        return None, ""
    message = (app.error_message or "").rstrip(".")
    if app.waits_for_configuration:
        return Held.BLOCKED, _("The app is paused: %(message)s.") % {"message": message}
    if app.status in BLOCKING:
        words = str(app.get_status_display())
        said = f"{words}: {message}" if message else words
        return Held.BLOCKED, _("The app stands still. %(words)s.") % {"words": said}
    if app.status == Status.PAUSED:
        return Held.PAUSED, _("The app is paused: its due times are skipped until somebody resumes it.")
    return Held.BLOCKED, _("The app is uninstalled.")
