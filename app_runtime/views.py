"""The pages of runs and threads: load, ask, respond."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager.models import App
from app_runtime import access
from app_runtime.dispatch import trigger
from app_runtime.exceptions import AlreadyRunning, NotRunnable
from app_runtime.manage_page import ManagePage
from app_runtime.notifications.log_page import undelivered
from app_runtime.pages import OverviewPage, app_cards
from app_runtime.runs.list_page import RunListPage
from app_runtime.thread.marks import unread_of_each
from halo_site import audit
from halo_site.access import somewhere, standing
from halo_site.fragments import go
from halo_site.paging import page_of
from halo_site.roles import Role

APPS_PAGE = 24
UNINSTALLED_SHOWN = 100


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    context = {"page": OverviewPage(now, request.user), "undelivered": undelivered(request.user, now)}
    return render(request, "app_runtime/overview.html", context)


@require_safe
@somewhere(Role.VIEWER)
def machinery(request: HttpRequest) -> HttpResponse:
    """What every page asks for again: the foot of the side bar, and how many questions wait."""
    return render(request, "halo_site/_poll.html")


@require_safe
def app_list(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").replace("\0", "").strip()[:200]
    seen = App.objects.visible_to(request.user)
    apps = seen.installed()
    if wanted:
        apps = apps.filter(spec_id__icontains=wanted)
    page = page_of(request, apps, moment="installed_at", size=APPS_PAGE)
    unread = unread_of_each(request.user, [app.pk for app in page.rows])
    context = {
        "cards": app_cards(list(page.rows), unread),
        "pager": page,
        "wanted": wanted,
        "uninstalled": list(seen.uninstalled()[: UNINSTALLED_SHOWN + 1]),
        "shown": UNINSTALLED_SHOWN,
    }
    return render(request, "app_runtime/app_list.html", context)


@require_safe
def app_runs(request: HttpRequest, app_id: str) -> HttpResponse:
    """The runs of one app, filtered."""
    app = access.get_app(request, app_id)
    page = RunListPage(request, timezone.now(), app)
    return render(request, "app_runtime/app_runs.html", {"app": app, "page": page, "pager": page.pager})


@require_safe
def app_manage(request: HttpRequest, app_id: str) -> HttpResponse:
    """What can be done with the app, and what each of it would stop."""
    app = access.get_app(request, app_id, needs=Role.MANAGER)
    context = {"app": app, "tab": "manage", "page": ManagePage(app, timezone.now(), standing(request))}
    return render(request, "app_runtime/app_manage.html", context)


@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """The runs of all apps, filtered."""
    page = RunListPage(request, timezone.now())
    return render(request, "app_runtime/run_list.html", {"page": page, "pager": page.pager})


@require_POST
def app_run(request: HttpRequest, app_id: str) -> HttpResponse:
    """Start a run by hand; 409 where one is under way or the app cannot run, with the reason."""
    app = access.get_app(request, app_id, needs=Role.OPERATOR)
    try:
        run = trigger(app, audit.person(request.user), timezone.now())
    except (AlreadyRunning, NotRunnable) as error:
        context = {"app": app, "reason": str(error), "busy": getattr(error, "run", None)}
        return render(request, "app_runtime/run_refused.html", context, status=409)
    messages.success(request, _("Queued. It starts as soon as a worker is free."))
    return go(request, reverse("app_runtime:run_detail", args=[run.pk]))
