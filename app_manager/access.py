"""Loading is authorising: what a person may not see is not found."""

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from app_manager.models import App


def get_app(request: HttpRequest, app_id: str) -> App:
    """The app of that id, or 404."""
    app = App.objects.filter(pk=app_id).first() if is_plain(app_id) else None
    if app is None:
        raise Http404(_("There is no app with this id."))
    return app


def is_plain(text: str) -> bool:
    """Whether a database can be asked for this text: PostgreSQL refuses NUL with an error."""
    return "\0" not in text
