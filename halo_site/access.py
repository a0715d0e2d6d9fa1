"""Loading is authorising: what every loader asks. Not seen is 404, seen and not allowed is 403."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from halo_site.roles import Role, Standing, standing_of

View = Callable[..., HttpResponseBase]
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class NotShown(Http404):
    """What is there and theirs to see, but cannot be shown: the page says that, why, and what to do."""

    def __init__(self, title: str | Promise, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.title, self.reason, self.advice = title, reason, advice


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
    none = _("no role on the whole site") if space_id is None else _("no role there")
    raise PermissionDenied(_refusal(needs, own.role_in(space_id), none))


def require_somewhere(request: HttpRequest, needs: Role) -> None:
    """Raise `PermissionDenied` unless whoever asks has that role on the site or in at least one space."""
    own = standing(request)
    if not own.may_somewhere(needs):
        raise PermissionDenied(_refusal(needs, own.highest, _("no role")))


def on_site(needs: Role) -> Callable[[View], View]:
    """Let nobody into a view about the whole site who has not that role there."""
    return _asked(lambda request: require(request, needs))


def somewhere(needs: Role) -> Callable[[View], View]:
    """Let nobody into a view who has that role nowhere. What it is about has to be asked for besides."""
    return _asked(lambda request: require_somewhere(request, needs))


def own_account(view: View) -> View:
    """Say that what is sent to this view concerns nobody but its sender: it needs no role."""
    view.is_own_account = True  # type: ignore[attr-defined]
    return view


class ChangesNeedARole:
    """Middleware, the second line behind the loaders: who may change nothing anywhere can send nothing.

    A view that forgets to ask is closed to them all the same. What is `own_account` is open.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, *_given: Any) -> None:
        is_open = request.method not in CHANGES or getattr(view, "is_own_account", False)
        if not is_open and request.user.is_authenticated:  # others are led to the sign-in before
            self._refuse_who_only_looks(standing(request))

    def _refuse_who_only_looks(self, own: Standing) -> None:
        """Which role the view itself needs is not known here, so none is named."""
        if not own.may_somewhere(Role.OPERATOR):
            has = own.highest.label if own.highest is not None else _("no role")
            words = _("Your account may look, and change nothing here; it has: %(has)s.")
            raise PermissionDenied(words % {"has": has})


def _asked(ask: Callable[[HttpRequest], None]) -> Callable[[View], View]:
    def guarded(view: View) -> View:
        @wraps(view)
        def asking(request: HttpRequest, *given: Any, **named: Any) -> HttpResponseBase:
            ask(request)
            return view(request, *given, **named)

        return asking

    return guarded


def _refusal(needs: Role, has: Role | None, none: str) -> str:
    return _("This needs the role “%(needed)s”; your account has: %(has)s.") % {
        "needed": needs.label,
        "has": has.label if has is not None else none,
    }
