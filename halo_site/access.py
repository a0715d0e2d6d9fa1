"""Loading is authorising: what every loader asks. Not seen is 404, seen and not allowed is 403."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from halo_site.roles import Role, Standing, standing_of


def standing(request: HttpRequest) -> Standing:
    """What whoever asks may do, and where."""
    return standing_of(request.user)


def require(request: HttpRequest, needs: Role, space_id: str | None = None) -> None:
    """Raise `PermissionDenied` unless whoever asks has that role there; without a space, on the whole site.

    Its text says which role is needed and which one they have. Call it for what they may see: what they may
    not see is 404, which the loaders decide.
    """
    own = standing(request)
    if own.may(needs, space_id):
        return
    role = own.role_in(space_id)
    has = role.label if role is not None else _("no role there")
    raise PermissionDenied(
        _("This needs the role “%(needed)s”; your account has: %(has)s.")
        % {"needed": needs.label, "has": has}
    )
