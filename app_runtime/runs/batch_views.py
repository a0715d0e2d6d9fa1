"""One verb for several runs: a preview of it, the verb, and what came of it."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager.models import App
from app_runtime import access
from app_runtime.models import Run
from app_runtime.runs.batch_page import BatchPreview, BatchResult, chosen_ids
from app_runtime.runs.batches import AGAIN, CANCEL, carry_out, done_batch
from app_runtime.runs.filters import RunFilter
from app_runtime.runs.list_page import list_address
from halo_site import audit
from halo_site.access import require, somewhere, standing
from halo_site.filters import encoded
from halo_site.fragments import go
from halo_site.roles import Role


@require_safe
@somewhere(Role.OPERATOR)
def runs_cancel_preview(request: HttpRequest) -> HttpResponse:
    return _preview(request, CANCEL)


@require_safe
@somewhere(Role.OPERATOR)
def runs_again_preview(request: HttpRequest) -> HttpResponse:
    return _preview(request, AGAIN)


@require_POST
@somewhere(Role.OPERATOR)
def runs_cancel(request: HttpRequest) -> HttpResponse:
    """Cancel the runs that a preview listed and that have not ended since."""
    return _carried_out(request, CANCEL)


@require_POST
@somewhere(Role.OPERATOR)
def runs_again(request: HttpRequest) -> HttpResponse:
    """Run those again that a preview listed; each once, however often this is sent."""
    return _carried_out(request, AGAIN)


@require_safe
def batch_detail(request: HttpRequest, batch_id: str) -> HttpResponse:
    """What became of a batch."""
    entry = done_batch(batch_id) if access.is_plain(batch_id) else None
    page = BatchResult(entry, request.user) if entry is not None else None
    if page is None or not page.is_seen:
        raise Http404(_("There is no such batch."))
    app = _scope(request, request.GET)
    back = list_address(app, RunFilter(request.GET, app, request.user).given)
    context = {"page": page, "back_url": back, "app": app}
    return render(request, "app_runtime/batch_detail.html", context)


def _preview(request: HttpRequest, verb: str) -> HttpResponse:
    page = BatchPreview(verb, request.GET, timezone.now(), request.user, _scope(request, request.GET))
    return render(request, "app_runtime/batch_preview.html", {"page": page, "app": page.app})


class _Confirmation(forms.Form):
    """The id that the preview gave the batch."""

    batch = forms.UUIDField()


def _carried_out(request: HttpRequest, verb: str) -> HttpResponse:
    app, form, ids = _scope(request, request.POST), _Confirmation(request.POST), chosen_ids(request.POST)
    if not form.is_valid() or not ids:
        page = BatchPreview(verb, request.POST, timezone.now(), request.user, app)
        return render(request, "app_runtime/batch_preview.html", {"page": page, "app": app}, status=422)
    batch = str(form.cleaned_data["batch"])
    seen, actor = _seen(request, ids), audit.person(request.user)
    carry_out(verb, batch, seen, actor, timezone.now(), standing(request))
    scoped = {**RunFilter(request.POST, app, request.user).given, **({"of": app.pk} if app else {})}
    return go(request, reverse("app_runtime:batch_detail", args=[batch]) + encoded(scoped))


def _seen(request: HttpRequest, ids: list[str]) -> list[str]:
    """Those that the person may see; 404 where these are none, 403 where they may act on none of them."""
    own = standing(request)
    if own.may(Role.OPERATOR):
        return ids
    runs = Run.objects.visible_to(request.user).filter(pk__in=ids).values_list("pk", "app__space_id")
    spaces = dict(runs)
    if not spaces:
        raise Http404(_("There are no such runs."))
    if not any(own.may(Role.OPERATOR, space_id) for space_id in spaces.values()):
        require(request, Role.OPERATOR, next(iter(spaces.values())))
    return [run_id for run_id in ids if run_id in spaces]


def _scope(request: HttpRequest, asked: QueryDict) -> App | None:
    """The app on whose page the runs were chosen; None: on the page of all runs."""
    app_id = asked.get("of", "")
    return access.get_app(request, app_id) if app_id else None
