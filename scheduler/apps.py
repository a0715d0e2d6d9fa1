from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulerConfig(AppConfig):
    """Knows time and nothing of apps: jobs, their due times, and the clock that dispatches them."""

    name = "scheduler"
    verbose_name = _("Scheduler")

    def ready(self) -> None:
        from scheduler.pruning import Pruning
        from scheduler.registry import register_sweep

        register_sweep("slots", Pruning().sweep, every_seconds=60)
