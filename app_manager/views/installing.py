"""From a spec to an installed app: paste or choose, look, decide."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager.exceptions import AlreadyInstalled, AppError
from app_manager.install import install
from app_manager.models import App
from app_manager.pages import InstallPage, SpecPage
from app_manager.spec import SpecError, parse_spec
from app_manager.uploads import posted_text
from halo_site import audit
from halo_site.access import somewhere, standing
from halo_site.roles import Role
from halo_site.unsent import shown_by


@require_safe
@somewhere(Role.MANAGER)
def app_new(request: HttpRequest) -> HttpResponse:
    return _spec_page(request, SpecPage())


@shown_by("app_manager:app_new")
@require_POST
@somewhere(Role.MANAGER)
def app_preview(request: HttpRequest) -> HttpResponse:
    """What a spec asks for, or everything that is wrong with it beside its text."""
    text = ""
    try:
        text = posted_text(request)
        spec = parse_spec(text)
    except SpecError as error:
        return _spec_page(request, SpecPage(text, error.problems))
    return _install_page(request, InstallPage.of(text, spec, timezone.now(), standing(request)))


@shown_by("app_manager:app_new")
@require_POST
@somewhere(Role.MANAGER)
def app_install(request: HttpRequest) -> HttpResponse:
    """Install what was looked at; 422 with messages beside the fields, 409 where the app is there already."""
    now = timezone.now()
    text = request.POST.get("spec_text", "").replace("\r\n", "\n")
    try:
        page = InstallPage.of(text, parse_spec(text), now, standing(request), request.POST)
    except SpecError as error:
        return _spec_page(request, SpecPage(text, error.problems))
    if not page.is_valid():
        return _install_page(request, page, 422)
    try:
        app = _install(page, audit.person(request.user))
    except AppError as error:
        status = 409 if isinstance(error, AlreadyInstalled) else 422
        return _install_page(request, replace(page, problem=str(error)), status)
    _say_what_happened(request, app)
    return redirect("app_runtime:app_thread", app.pk)


def _install(page: InstallPage, actor: audit.Actor) -> App:
    return install(
        page.text,
        space=page.form.chosen_space,
        configuration=page.configuration.values,
        permissions=page.form.decided_permissions,
        actor=actor,
        now=timezone.now(),
    )


def _say_what_happened(request: HttpRequest, app: App) -> None:
    missing = app.missing_configuration
    if missing:
        sentence = _("Installed and paused: it cannot run before it has %(labels)s.")
        messages.warning(request, sentence % {"labels": ", ".join(missing)})
    else:
        messages.success(request, _("Installed."))


def _spec_page(request: HttpRequest, page: SpecPage) -> HttpResponse:
    return render(request, "app_manager/new.html", {"page": page}, status=422 if page.problems else 200)


def _install_page(request: HttpRequest, page: InstallPage, status: int = 200) -> HttpResponse:
    return render(request, "app_manager/preview.html", {"page": page}, status=status)
