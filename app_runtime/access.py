"""Loading is authorising: what a person may not see is not found."""

from django.http import Http404, HttpRequest

from app_manager.access import get_app, is_plain
from app_runtime.models import Run

__all__ = ["get_app", "get_run", "is_plain"]


def get_run(request: HttpRequest, run_id: str) -> Run:
    """The run of that id with its app, or 404."""
    run = Run.objects.select_related("app").filter(pk=run_id).first() if is_plain(run_id) else None
    if run is None:
        raise Http404("There is no run with this id. It may have been removed by retention.")
    return run
