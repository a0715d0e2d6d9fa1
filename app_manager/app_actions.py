"""The lifecycle's verbs on many apps at once, as actions of the admin."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from app_manager.exceptions import AppError
from app_manager.models import App
from halo_site import audit
from halo_site.audit import Actor

Verb = Callable[[App, Actor, datetime], object]
SHOWN = 10  # refusals in words; more of them are a number


@admin.action(description=gettext_lazy("Pause"), permissions=["change"])
def pause(model_admin: Any, request: HttpRequest, apps: Any) -> None:
    _each(request, apps, lambda app, actor, now: app.pause(actor=actor, now=now), _("%(count)d paused"))


@admin.action(description=gettext_lazy("Resume"), permissions=["change"])
def resume(model_admin: Any, request: HttpRequest, apps: Any) -> None:
    _each(request, apps, lambda app, actor, now: app.resume(actor=actor, now=now), _("%(count)d resumed"))


@admin.action(description=gettext_lazy("Uninstall"), permissions=["change"])
def uninstall(model_admin: Any, request: HttpRequest, apps: Any) -> None:
    done = _("%(count)d uninstalled")
    _each(request, apps, lambda app, actor, now: app.uninstall(actor=actor, now=now), done)


@admin.action(description=gettext_lazy("Reinstall"), permissions=["change"])
def reinstall(model_admin: Any, request: HttpRequest, apps: Any) -> None:
    done = _("%(count)d reinstalled")
    _each(request, apps, lambda app, actor, now: app.reinstall(actor=actor, now=now), done)


@admin.action(description=gettext_lazy("Delete for ever"), permissions=["delete_app"])
def delete_permanently(model_admin: Any, request: HttpRequest, apps: Any) -> TemplateResponse | None:
    """First what would go, then, confirmed, the deletion."""
    if request.POST.get("confirmed"):
        done = _("%(count)d deleted for ever; their folders are in the trash")
        _each(request, apps, lambda app, actor, now: app.delete_permanently(actor=actor, now=now), done)
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Delete for ever?"),
        "apps": list(apps),
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/app_manager/delete_permanently.html", context)


ALL = (pause, resume, uninstall, reinstall, delete_permanently)


def _each(request: HttpRequest, apps: Any, verb: Verb, done: str) -> None:
    """Do the verb on each and say what became of them; one that is refused disturbs no other."""
    count, refusals, actor = 0, [], audit.person(request.user)
    for app in apps:
        try:
            verb(app, actor, timezone.now())
        except AppError as error:
            refusals.append(str(error))
        else:
            count += 1
    if count:
        messages.success(request, f"{done % {'count': count}}.")
    if refusals:
        more = f" +{len(refusals) - SHOWN}" if len(refusals) > SHOWN else ""
        words = _("%(count)d refused: %(reasons)s")
        reasons = " ".join(refusals[:SHOWN]) + more
        messages.warning(request, words % {"count": len(refusals), "reasons": reasons})
