from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulerConfig(AppConfig):
    """Knows time and nothing of apps: jobs, their due times, and the clock that dispatches them."""

    name = "scheduler"
    verbose_name = _("Scheduler")

    def ready(self) -> None:
        from scheduler.models import Slot
        from scheduler.registry import register_sweep

        register_sweep("slots", lambda now: Slot.objects.prune(), every_seconds=3600)
