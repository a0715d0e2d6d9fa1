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
from app_runtime.runs.batch_page import BatchPreview, BatchResult, chosen_ids
from app_runtime.runs.batches import AGAIN, CANCEL, carry_out, done_batch
from app_runtime.runs.filters import RunFilter, encoded
from app_runtime.runs.list_page import list_address
from halo_site import audit
from halo_site.fragments import go


@require_safe
def runs_cancel_preview(request: HttpRequest) -> HttpResponse:
    return _preview(request, CANCEL)


@require_safe
def runs_again_preview(request: HttpRequest) -> HttpResponse:
    return _preview(request, AGAIN)


@require_POST
def runs_cancel(request: HttpRequest) -> HttpResponse:
    """Cancel the runs that a preview listed and that have not ended since."""
    return _carried_out(request, CANCEL)


@require_POST
def runs_again(request: HttpRequest) -> HttpResponse:
    """Run those again that a preview listed; each once, however often this is sent."""
    return _carried_out(request, AGAIN)


@require_safe
def batch_detail(request: HttpRequest, batch_id: str) -> HttpResponse:
    """What became of a batch."""
    entry = done_batch(batch_id) if access.is_plain(batch_id) else None
    if entry is None:
        raise Http404(_("There is no such batch."))
    app = _scope(request, request.GET)
    back = list_address(app, RunFilter(request.GET, app).given)
    context = {"page": BatchResult(entry), "back_url": back, "app": app}
    return render(request, "app_runtime/batch_detail.html", context)


def _preview(request: HttpRequest, verb: str) -> HttpResponse:
    page = BatchPreview(verb, request.GET, timezone.now(), _scope(request, request.GET))
    return render(request, "app_runtime/batch_preview.html", {"page": page, "app": page.app})


class _Confirmation(forms.Form):
    """The id that the preview gave the batch."""

    batch = forms.UUIDField()


def _carried_out(request: HttpRequest, verb: str) -> HttpResponse:
    app, form, ids = _scope(request, request.POST), _Confirmation(request.POST), chosen_ids(request.POST)
    if not form.is_valid() or not ids:
        page = BatchPreview(verb, request.POST, timezone.now(), app)
        return render(request, "app_runtime/batch_preview.html", {"page": page, "app": app}, status=422)
    batch = str(form.cleaned_data["batch"])
    carry_out(verb, batch, ids, audit.person(request.user), timezone.now())
    scoped = {**RunFilter(request.POST, app).given, **({"of": app.pk} if app else {})}
    return go(request, reverse("app_runtime:batch_detail", args=[batch]) + encoded(scoped))


def _scope(request: HttpRequest, asked: QueryDict) -> App | None:
    """The app on whose page the runs were chosen; None: on the page of all runs."""
    app_id = asked.get("of", "")
    return access.get_app(request, app_id) if app_id else None
