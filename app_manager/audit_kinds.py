"""The pages of what audit lines of this package, and of the jobs of its apps, are about."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from app_manager.models import App
from halo_site.audit_log.objects import register_kind, rows_of
from halo_site.datadir.spaces import all_spaces
from scheduler.models import Job


def register() -> None:
    register_kind("app", _("app"), rows_of(App, "app_runtime:app_thread"))
    register_kind("space", _("space"), _spaces)
    register_kind("job", _("schedule"), rows_of(Job, "scheduler:job_detail"))


def _spaces(ids: set[str]) -> dict[str, str]:
    known = {space.id for space in all_spaces()}
    return {key: reverse("app_manager:space_detail", args=[key]) for key in ids & known}
