"""Tells the clock what this package does for it."""

from scheduler import registry

JOB_KIND = "app"
SWEEP_SECONDS = 5
TIDY_SECONDS = 3600
OUTSIDE_SECONDS = 10


def register() -> None:
    """Register the handler of app jobs and the sweeps: lost runs, memory changed outside, hourly tidying."""
    from app_runtime import following, objections
    from app_runtime.dispatch import on_due
    from app_runtime.sweeping import sweep_runs, tidy
    from memory.outside import Watch

    registry.register(JOB_KIND, on_due)
    registry.register_sweep("runs", sweep_runs, every_seconds=SWEEP_SECONDS)
    registry.register_sweep("memory.outside", Watch().sweep, every_seconds=OUTSIDE_SECONDS)
    registry.register_sweep("tidying", tidy, every_seconds=TIDY_SECONDS)
    following.register()
    memory_users.register()
    objections.register()
