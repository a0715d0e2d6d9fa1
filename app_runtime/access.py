"""Loading is authorising: what a person may not see is not found."""

from django.http import Http404, HttpRequest

from app_manager.models import App
from app_runtime.models import Run


def get_app(request: HttpRequest, app_id: str) -> App:
    """The app of that id, or 404."""
    app = App.objects.filter(pk=app_id).first() if is_plain(app_id) else None
    if app is None:
        raise Http404("There is no app with this id.")
    return app


def get_run(request: HttpRequest, run_id: str) -> Run:
    """The run of that id with its app, or 404."""
    run = Run.objects.select_related("app").filter(pk=run_id).first() if is_plain(run_id) else None
    if run is None:
        raise Http404("There is no run with this id. It may have been removed by retention.")
    return run


def is_plain(text: str) -> bool:
    """Whether a database can be asked for this text: PostgreSQL refuses NUL with an error."""
    return "\0" not in text
