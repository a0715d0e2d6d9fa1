"""One address for each verb of an app's state machine. What each does is said on the app's Manage page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from app_manager.access import get_app
from app_manager.exceptions import AppError, SpaceNotFound
from app_manager.models import App
from app_manager.wording import resumed
from halo_site import audit
from halo_site.access import require, standing
from halo_site.audit import Actor
from halo_site.datadir.spaces import all_spaces
from halo_site.roles import Role

Verb = Callable[[App, Actor, datetime], str]


@require_POST
def app_pause(request: HttpRequest, app_id: str) -> HttpResponse:
    return _done(request, app_id, _pause)


@require_POST
def app_resume(request: HttpRequest, app_id: str) -> HttpResponse:
    return _done(request, app_id, _resume)


@require_POST
def app_uninstall(request: HttpRequest, app_id: str) -> HttpResponse:
    return _done(request, app_id, _uninstall)


@require_POST
def app_reinstall(request: HttpRequest, app_id: str) -> HttpResponse:
    return _done(request, app_id, _reinstall)


@require_POST
def app_move(request: HttpRequest, app_id: str) -> HttpResponse:
    """Move the app to the space whose id is posted as ``space``."""
    wanted = request.POST.get("space", "")

    def move(app: App, actor: Actor, now: datetime) -> str:
        space = next((space for space in all_spaces() if space.id == wanted), None)
        if space is None or not standing(request).may(Role.VIEWER, space.id):
            raise SpaceNotFound(wanted)
        require(request, Role.MANAGER, space.id)
        if not app.move_to_space(space, actor=actor, now=now):
            return _("It is in this space already.")
        return _("Moved to %(space)s. Its files stay where they are.") % {"space": space.name}

    return _done(request, app_id, move)


@require_POST
def app_delete(request: HttpRequest, app_id: str) -> HttpResponse:
    """Delete for ever; there is no page of the app to go back to."""
    return _done(request, app_id, _delete, ("app_runtime:app_list",), Role.ADMINISTRATOR)


def _pause(app: App, actor: Actor, now: datetime) -> str:
    app.pause(actor=actor, now=now)
    return _("Paused. Its due times are skipped until it is resumed.")


def _resume(app: App, actor: Actor, now: datetime) -> str:
    app.resume(actor=actor, now=now)
    return resumed(app, now)


def _uninstall(app: App, actor: Actor, now: datetime) -> str:
    app.uninstall(actor=actor, now=now)
    return _("Uninstalled. Its history and its files are kept.")


def _reinstall(app: App, actor: Actor, now: datetime) -> str:
    app.reinstall(actor=actor, now=now)
    return resumed(app, now)


def _delete(app: App, actor: Actor, now: datetime) -> str:
    folder, trashed = app.own_folder, app.delete_permanently(actor=actor, now=now)
    if trashed is not None:
        return _("%(name)s is deleted. Its folder is %(path)s.") % {"name": app.name, "path": trashed}
    if folder is not None:
        sentence = _("%(name)s is deleted. Its folder could not be moved to the trash and stays: %(path)s.")
        return sentence % {"name": app.name, "path": folder}
    return _("%(name)s is deleted. It had no folder.") % {"name": app.name}


def _done(
    request: HttpRequest,
    app_id: str,
    verb: Verb,
    to: tuple[Any, ...] = (),
    needs: Role = Role.MANAGER,
) -> HttpResponse:
    """Do it and go on with what it said, or say with 409 why not."""
    app = get_app(request, app_id, needs=needs)
    try:
        words = verb(app, audit.person(request.user), timezone.now())
    except AppError as error:
        context = {"app": App.objects.filter(pk=app_id).first(), "reason": str(error)}
        return render(request, "app_manager/refused.html", context, status=409)
    messages.success(request, words)
    return redirect(*(to or ("app_runtime:app_manage", app.pk)))
