"""From the spec in force to another one: paste or choose, compare, decide. And back to a previous one."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager.access import get_app, get_version
from app_manager.exceptions import AppError, NameTaken, StaleSpec
from app_manager.models import App
from app_manager.pages import Doer, SpecPage
from app_manager.spec import SpecError, parse_spec
from app_manager.spec_updates import SpecUpdate, update_spec
from app_manager.update_page import UpdatePage
from app_manager.uploads import posted_text
from halo_site import audit
from halo_site.diff import diff_of
from halo_site.roles import Role
from halo_site.unsent import shown_by


@require_safe
def app_update(request: HttpRequest, app_id: str) -> HttpResponse:
    """Where another spec is pasted or chosen; the one in force stands there to be changed."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    return _text_page(request, app, SpecPage(app.written_spec))


@shown_by("app_manager:app_update")
@require_POST
def app_update_preview(request: HttpRequest, app_id: str) -> HttpResponse:
    """What the spec would change, or everything that is wrong with it beside its text."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    text = ""
    try:
        text = posted_text(request)
        page = UpdatePage.of(app, text, parse_spec(text), timezone.now())
    except SpecError as error:
        return _text_page(request, app, SpecPage(text, error.problems))
    return _update_page(request, page)


@shown_by("app_manager:app_update")
@require_POST
def app_update_confirm(request: HttpRequest, app_id: str) -> HttpResponse:
    """Put in force what was looked at; 409 with the text kept where another spec came first."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    text = request.POST.get("spec_text", "").replace("\r\n", "\n")
    ticked = request.POST.getlist("permissions")
    try:
        page = UpdatePage.of(app, text, parse_spec(text), timezone.now(), ticked=ticked)
        update = _update(page, request.POST.get("base", ""), audit.person(request.user))
    except SpecError as error:
        return _text_page(request, app, SpecPage(text, error.problems))
    except AppError as error:
        # compared anew: with what is in force by now
        page = UpdatePage.of(get_app(request, app_id), text, page.update.after, page.now, ticked=ticked)
        status = 409 if isinstance(error, StaleSpec | NameTaken) else 422
        return _update_page(request, replace(page, problem=str(error)), status)
    _say_what_happened(request, app, update)
    return redirect("app_manager:app_spec", app.pk)


@require_safe
def spec_version(request: HttpRequest, app_id: str, number: int) -> HttpResponse:
    """A previous spec, and what is different in the one in force."""
    app = get_app(request, app_id)
    version = get_version(app, number)
    context = {
        "app": app,
        "version": version,
        "replaced": Doer(version.replaced_by, version.replaced_at),
        "diff": diff_of(version.spec_text, app.written_spec),
    }
    return render(request, "app_manager/spec_version.html", context)


@require_safe
def spec_version_restore(request: HttpRequest, app_id: str, number: int) -> HttpResponse:
    """What putting a previous spec in force again would change; the confirmation is that of an update."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    text = get_version(app, number).spec_text
    try:
        page = UpdatePage.of(app, text, parse_spec(text), timezone.now(), number=number)
    except SpecError as error:  # it was legal once; rules have become stricter since
        return _text_page(request, app, SpecPage(text, error.problems))
    return _update_page(request, page)


def _update(page: UpdatePage, base: str, actor: audit.Actor) -> SpecUpdate:
    return update_spec(
        page.app,
        page.update.text,
        base=base,
        granted=page.ticked,
        denied=page.denied,
        actor=actor,
        now=page.now,
    )


def _say_what_happened(request: HttpRequest, app: App, update: SpecUpdate) -> None:
    if update.is_same:
        messages.success(request, _("Nothing was changed: this is the spec in force."))
        return
    messages.success(request, _("Updated to version %(version)s.") % {"version": update.after.version})
    if update.dropped_values:
        keys = ", ".join(update.dropped_values)
        messages.warning(request, _("Dropped from the configuration: %(keys)s.") % {"keys": keys})
    if update.dropped_overrides:
        keys = ", ".join(update.dropped_overrides)
        messages.warning(request, _("Schedules of yours that went with them: %(keys)s.") % {"keys": keys})
    if update.shadowed:
        keys = ", ".join(update.shadowed)
        sentence = _("The spec has another schedule for %(keys)s now, and what you set there still counts.")
        messages.warning(request, sentence % {"keys": keys})
    if update.missing:
        labels = ", ".join(update.missing)
        messages.warning(request, _("It cannot run before it has %(labels)s.") % {"labels": labels})


def _text_page(request: HttpRequest, app: App, page: SpecPage) -> HttpResponse:
    context = {"app": app, "page": page}
    return render(request, "app_manager/update.html", context, status=422 if page.problems else 200)


def _update_page(request: HttpRequest, page: UpdatePage, status: int = 200) -> HttpResponse:
    context = {"app": page.app, "page": page}
    return render(request, "app_manager/update_preview.html", context, status=status)
