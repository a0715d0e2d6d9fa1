"""The pages of what audit lines of this package are about."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from app_manager.models import App
from app_runtime.models import Entry, Notification, Run
from app_runtime.settings.sources import known_sources
from halo_site.audit_log.objects import always, register_kind, rows_of
from halo_site.datadir.config import site_config
from halo_site.datadir.spaces import all_spaces

SETTINGS = {
    "runs": "app_runtime:limits",
    "notifications": "app_runtime:notification_settings",
    "mail": "app_runtime:notification_settings",
}


def register() -> None:
    register_kind("run", _("run"), rows_of(Run, "app_runtime:run_detail"))
    register_kind("batch", _("several runs"), _batches)
    register_kind("source", _("model"), _sources)
    register_kind("price", _("price"), always("app_runtime:price_list"))
    register_kind("settings", _("settings"), _settings)
    register_kind("memory", _("memory"), _memory)
    register_kind("question", _("question"), rows_of(Entry, "app_runtime:question_detail"))
    register_kind("target", _("notification target"), _targets)
    register_kind("notification", _("notification"), _notifications)
    register_kind("entry", _("entry"), _entries)


def _batches(ids: set[str]) -> dict[str, str]:
    """Their page is made of the audit line itself."""
    return {key: reverse("app_runtime:batch_detail", args=[key]) for key in ids if key and "/" not in key}


def _sources(ids: set[str]) -> dict[str, str]:
    known = known_sources()
    return {key: reverse("app_runtime:source_detail", args=[key]) for key in ids if known.get(key)}


def _settings(ids: set[str]) -> dict[str, str]:
    return {key: reverse(SETTINGS.get(key, "app_runtime:settings_index")) for key in ids}


def _targets(ids: set[str]) -> dict[str, str]:
    known = {target.id for target in site_config().notifications.targets}
    return {key: reverse("app_runtime:target_detail", args=[key]) for key in ids & known}


def _notifications(ids: set[str]) -> dict[str, str]:
    """Their line in the log of messages."""
    log = reverse("app_runtime:notification_list")
    there = Notification.objects.filter(pk__in=ids).values_list("pk", flat=True)
    return {str(key): f"{log}?message={key}" for key in there}


def _entries(ids: set[str]) -> dict[str, str]:
    """The thread of its app, where a question stands."""
    rows = Entry.objects.filter(pk__in=ids).values_list("pk", "app_id")
    return {str(key): reverse("app_runtime:app_thread", args=[app_id]) for key, app_id in rows}


def _memory(ids: set[str]) -> dict[str, str]:
    """The main file of each place that is there."""
    apps = App.objects.filter(pk__in={key.removeprefix("app:") for key in ids if key.startswith("app:")})
    there = {"user", *(f"app:{key}" for key in apps.values_list("pk", flat=True))}
    there |= {f"space:{space.id}" for space in all_spaces()}
    return {key: reverse("memory:document_detail", args=[key]) for key in ids & there}
