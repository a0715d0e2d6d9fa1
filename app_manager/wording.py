"""Sentences about what an app does from now on."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from app_manager.jobs import jobs_of
from app_manager.models import App
from halo_site.quantities import relative
from scheduler.models import Job


def resumed(app: App, now: datetime) -> str:
    """What an app that was brought back does next, with the time that was computed for it."""
    if not app.runs_by_itself:
        words = {"status": app.get_status_display().lower(), "reason": app.error_message or ""}
        return _("It is back and %(status)s: %(reason)s.") % words
    jobs = [job for job in jobs_of(app) if job.enabled and job.next_run_at]
    if not jobs:
        return _("It is active. Nothing starts it by itself: it runs when you click Run now.")
    return _("It is active. Next run: %(when)s.") % {"when": moment(earliest(jobs), now)}


def earliest(jobs: list[Job]) -> datetime:
    """The next time of jobs that all have one."""
    return min(job.next_run_at for job in jobs)  # type: ignore[no-any-return]


def moment(at: datetime, now: datetime) -> str:
    """A time to come, exact in the server's zone and relative."""
    exact = date_format(timezone.localtime(at), "j M Y, H:i:s e")
    return f"{exact} ({relative(at, now)})"
