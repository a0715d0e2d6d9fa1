"""The pages of one app that say what it is: configuration, spec, access, memory."""

from pathlib import PurePosixPath
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager.access import get_app
from app_manager.configuration import ConfigurationForm
from app_manager.exceptions import PermissionsMoved
from app_manager.forms import AccessForm
from app_manager.in_force import settings_of
from app_manager.models import App
from app_manager.notification_level import Level, own_level
from app_manager.pages import config_rows, last_decision, version_rows
from app_manager.permissions import digest_of
from app_manager.places import place_of
from halo_site import audit
from halo_site.access import standing
from halo_site.datadir.config import site_config
from halo_site.roles import Role
from halo_site.unsent import shown_by
from memory.access import get_place, wiki_resolver
from memory.pages import document_page
from memory.rights import rights_of
from memory.tree import tree_of_one
from memory.users import users_now, users_of


@require_safe
def app_config(request: HttpRequest, app_id: str) -> HttpResponse:
    app = get_app(request, app_id)
    return _config_page(request, app, ConfigurationForm(app.parsed_spec, values=app.user_config))


@shown_by("app_manager:app_config")
@require_POST
def app_config_save(request: HttpRequest, app_id: str) -> HttpResponse:
    """Store all values of the form; 422 with messages beside the fields."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    form = ConfigurationForm(app.parsed_spec, request.POST, values=app.user_config, is_complete=True)
    if not form.is_valid():
        return _config_page(request, app, form, 422)
    return _configured(request, app, form.values)


@require_POST
def app_config_reset(request: HttpRequest, app_id: str) -> HttpResponse:
    """Give one value back to the spec."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    kept = {key: value for key, value in app.user_config.items() if key != request.POST.get("key")}
    return _configured(request, app, kept)


@require_POST
def app_notifications_save(request: HttpRequest, app_id: str) -> HttpResponse:
    """How much of the app people are told outside of this site; without a level, as much as by default."""
    app = get_app(request, app_id, Role.MANAGER)
    level = request.POST.get("level", "")
    if level and level not in Level.values:
        messages.error(request, _("There is no such level of notifications. Nothing was changed."))
        return redirect("app_manager:app_config", app.pk)
    changed = app.override_notifications(level, actor=audit.person(request.user), now=timezone.now())
    messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return redirect("app_manager:app_config", app.pk)


@require_safe
def app_spec(request: HttpRequest, app_id: str) -> HttpResponse:
    """The spec in force, and those before it."""
    app = get_app(request, app_id)
    context = {"text": app.written_spec, "versions": version_rows(app)}
    return _page(request, app, "app_manager/spec.html", context)


@require_safe
def app_spec_download(request: HttpRequest, app_id: str) -> HttpResponse:
    """The spec as a file that no browser shows or runs."""
    text = get_app(request, app_id).written_spec
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="spec.yaml"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def app_access(request: HttpRequest, app_id: str) -> HttpResponse:
    """What the app may do, to be decided."""
    app = get_app(request, app_id)
    return _access_page(request, app, AccessForm(app.access))


@require_POST
def app_access_save(request: HttpRequest, app_id: str) -> HttpResponse:
    """Grant what is ticked; 409 with the ticks kept where somebody else decided meanwhile."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    form = AccessForm(app.access, request.POST)
    if not form.is_valid():
        return _access_page(request, app, form, 422)
    decision = form.decided_permissions
    actor, base = audit.person(request.user), request.POST.get("base", "")
    try:
        changed = app.decide_permissions(**decision, actor=actor, now=timezone.now(), base=base)
    except PermissionsMoved as error:
        return _access_page(request, get_app(request, app_id), form, 409, str(error))
    messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return redirect("app_manager:app_access", app.pk)


@require_safe
def app_memory(request: HttpRequest, app_id: str) -> HttpResponse:
    """The app's memory file, as the memory pages show it."""
    app = get_app(request, app_id)
    place = place_of(app) or get_place(request, f"app:{app.pk}")  # which says why there is none
    context = {
        "document": document_page(place, resolve=wiki_resolver(request, place)),
        "tree": tree_of_one(place, request.GET.get("before", "")),
        "users": users_of(place, users_now()),
        "rights": rights_of(place),
    }
    return _page(request, app, "app_manager/memory.html", context)


def _configured(request: HttpRequest, app: App, values: dict[str, Any]) -> HttpResponse:
    waited = app.waits_for_configuration
    changed = app.configure(values, actor=audit.person(request.user), now=timezone.now())
    if waited and not app.waits_for_configuration:
        messages.success(request, _("Saved. The app has all that it needs and is active now."))
    elif app.waits_for_configuration and not waited:
        messages.warning(
            request, _("Saved. A required value is missing now: the app is paused until you give it.")
        )
    else:
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return redirect("app_manager:app_config", app.pk)


def _config_page(request: HttpRequest, app: App, form: ConfigurationForm, status: int = 200) -> HttpResponse:
    manages = standing(request).may(Role.MANAGER, app.space_id)
    settings = settings_of(app, site_config().runs, with_secrets=manages)
    context = {"form": form, "rows": config_rows(form, app.user_config), "settings": settings}
    context |= {"levels": Level.choices, "level": own_level(app.user_overrides) or ""}
    context["may_set_level"] = manages
    return _page(request, app, "app_manager/config.html", context, status)


def _access_page(
    request: HttpRequest, app: App, form: AccessForm, status: int = 200, problem: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "base": digest_of(app.permissions),
        "decided": last_decision(app),
        "problem": problem,
    }
    return _page(request, app, "app_manager/access.html", context, status)


def _page(
    request: HttpRequest, app: App, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page below the app's head and tabs; each tab is called as its template is."""
    tab = PurePosixPath(template).stem
    return render(request, template, {"app": app, "tab": tab, **context}, status=status)
