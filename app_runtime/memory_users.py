"""Tells the memory which runs are going on, and so which places are in use, and which have a page."""

from collections.abc import Iterable

from app_manager.places import caller_of
from app_runtime.models import Run
from memory.users import User, register_kept_runs, register_users

MOST_RUNS = 64  # as many as an installation has workers


def running() -> Iterable[User]:
    """The runs that are under way, each as the caller that its tools are. One query."""
    runs = Run.objects.running().select_related("app").newest_first()[:MOST_RUNS]
    return [User(run.run_id, run.app.name, caller_of(run.app)) for run in runs]


def kept(run_ids: set[str]) -> set[str]:
    """Those of the ids whose runs are stored. One query."""
    return set(Run.objects.filter(pk__in=run_ids).values_list("pk", flat=True))


def register() -> None:
    """Make memory know the runs; called once, when Django is ready."""
    register_users(running)
    register_kept_runs(kept)
