"""Loading is authorising: what a person may not see is not found."""

from django.http import Http404, HttpRequest

from app_manager.access import get_app, is_plain
from app_runtime.models import Entry, Run
from halo_site.access import require
from halo_site.roles import Role

__all__ = ["get_app", "get_question", "get_run", "is_plain"]


def get_run(request: HttpRequest, run_id: str, needs: Role = Role.VIEWER) -> Run:
    """The run of that id with its app; 404 where it is not theirs to see, 403 where their role is too low."""
    runs = Run.objects.visible_to(request.user).select_related("app")
    run = runs.filter(pk=run_id).first() if is_plain(run_id) else None
    if run is None:
        raise Http404("There is no run with this id. It may have been removed by retention.")
    require(request, needs, run.app.space_id)
    return run


def get_question(request: HttpRequest, entry_id: str, needs: Role = Role.VIEWER) -> Entry:
    """The question of that id with its app; 404 and 403 as for runs."""
    questions = Entry.objects.visible_to(request.user).questions().select_related("app")
    question = questions.filter(pk=entry_id).first() if is_plain(entry_id) else None
    if question is None:
        raise Http404("There is no question with this id. It may have been removed by retention.")
    require(request, needs, question.app.space_id)
    return question
