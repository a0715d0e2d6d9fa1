"""The page about usage, and its numbers as a spreadsheet."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from app_runtime.usage.export import spreadsheet
from app_runtime.usage.forms import UsageForm
from app_runtime.usage.page import UsagePage


@require_safe
def usage_detail(request: HttpRequest) -> HttpResponse:
    """What models cost and used; 422 with the reasons where a filter names nothing."""
    form = UsageForm(request.GET, timezone.localdate(), request.user)
    if not form.is_valid():
        return _refused(request, form)
    return render(request, "app_runtime/usage/index.html", {"form": form, "page": UsagePage(form)})


@require_safe
def usage_export(request: HttpRequest) -> HttpResponseBase:
    """The same rows as CSV. It writes nothing, so no line in the audit log either."""
    form = UsageForm(request.GET, timezone.localdate(), request.user)
    if not form.is_valid():
        return _refused(request, form)
    return spreadsheet(form.chosen, form.days)


def _refused(request: HttpRequest, form: UsageForm) -> HttpResponse:
    form.offer(())
    return render(request, "app_runtime/usage/refused.html", {"form": form}, status=422)
