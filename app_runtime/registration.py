"""Tells the clock what this package does for it."""

from scheduler import registry

JOB_KIND = "app"


def register() -> None:
    """Register the handler of app jobs and the sweep of lost runs."""
    from app_runtime.dispatch import on_due
    from app_runtime.sweeping import sweep_runs

    registry.register(JOB_KIND, on_due)
    registry.register_sweep("runs", sweep_runs, every_seconds=5)
