"""Loading is authorising: what a person may not see is not found."""

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from app_manager.exceptions import SpecVersionNotFound
from app_manager.models import App, SpecVersion
from app_manager.versions import find_version
from halo_site.access import require, standing
from halo_site.datadir.spaces import Space, all_spaces
from halo_site.roles import Role


def get_app(request: HttpRequest, app_id: str, needs: Role = Role.VIEWER) -> App:
    """The app of that id; 404 where it is not there or not theirs to see, 403 where their role is too low."""
    app = App.objects.visible_to(request.user).filter(pk=app_id).first() if is_plain(app_id) else None
    if app is None:
        raise Http404(_("There is no app with this id."))
    require(request, needs, app.space_id)
    return app


def get_space(request: HttpRequest, space_id: str, needs: Role = Role.VIEWER) -> Space:
    """The space of that id; 404 and 403 as above. The reserved one is nobody's to see."""
    space = next((space for space in all_spaces() if space.id == space_id), None)
    if space is None or not standing(request).may(Role.VIEWER, space.id):
        raise Http404(_("There is no space with this id."))
    require(request, needs, space.id)
    return space


def get_version(app: App, number: int) -> SpecVersion:
    """The previous spec of that number, or 404."""
    try:
        return find_version(app, number)
    except SpecVersionNotFound as error:
        raise Http404(str(error)) from error


def is_plain(text: str) -> bool:
    """Whether a database can be asked for this text: PostgreSQL refuses NUL with an error."""
    return "\0" not in text
