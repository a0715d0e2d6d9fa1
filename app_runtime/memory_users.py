"""Tells the memory which runs are going on, and so which places are in use."""

from collections.abc import Iterable

from app_manager.places import caller_of
from app_runtime.models import Run
from memory.users import User, register_users

MOST_RUNS = 64  # as many as an installation has workers


def running() -> Iterable[User]:
    """The runs that are under way, each as the caller that its tools are. One query."""
    runs = Run.objects.running().select_related("app").newest_first()[:MOST_RUNS]
    return [User(run.run_id, run.app.name, caller_of(run.app)) for run in runs]


def register() -> None:
    """Make memory know the runs; called once, when Django is ready."""
    register_users(running)
