"""The one module that knows the HTMX protocol: whether a fragment is wanted, what an answer carries."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect, HttpResponseStopPolling

STOP_POLLING = HttpResponseStopPolling.status_code


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page (a boosted or history request wants the whole)."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def respond(
    request: HttpRequest, *, page: str, fragment: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render the fragment for htmx and the page that includes it for everybody else."""
    template = fragment if wants_fragment(request) else page
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def poll(request: HttpRequest, *, fragment: str, context: dict[str, Any], finished: bool) -> HttpResponse:
    """Answer a poll; with ``finished`` htmx shows the answer and polls no more."""
    response = render(request, fragment, context, status=STOP_POLLING if finished else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


def go(request: HttpRequest, to: str) -> HttpResponse:
    """Lead the browser to another page after a POST, with and without htmx."""
    if wants_fragment(request):
        return HttpResponseClientRedirect(to)
    return redirect(to)
