"""Tells the clock what this package does for it."""

from scheduler import registry

JOB_KIND = "app"
SWEEP_SECONDS = 5
TIDY_SECONDS = 3600
OUTSIDE_SECONDS = 10
INDEX_SECONDS = 10
INDEXED_FILES = 300  # at most in one sweep: about a second


def register() -> None:
    """Register the handler of app jobs and the sweeps: lost runs, memory changed outside, tidying, index."""
    from app_runtime import audit_kinds, following, memory_users, objections, traces
    from app_runtime.dispatch import on_due
    from app_runtime.dispatch_many import on_many_due
    from app_runtime.sweeping import sweep_runs, tidy
    from memory.index import IndexedDocument
    from memory.outside import Watch

    registry.register(JOB_KIND, on_due, on_many_due)
    registry.register_tracer(JOB_KIND, traces.of_slots)
    registry.register_sweep("runs", sweep_runs, every_seconds=SWEEP_SECONDS)
    registry.register_sweep("memory.outside", Watch().sweep, every_seconds=OUTSIDE_SECONDS)
    registry.register_sweep("tidying", tidy, every_seconds=TIDY_SECONDS)
    registry.register_sweep(
        "memory index",
        lambda now: IndexedDocument.index_waiting(INDEXED_FILES),
        every_seconds=INDEX_SECONDS,
    )
    following.register()
    memory_users.register()
    objections.register()
    audit_kinds.register()
