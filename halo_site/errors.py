"""Pages for requests that were refused. The others are Django's own views with our templates."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: 403 with what to do. The reason goes to Django's log, not to the page."""
    return render(request, "403_csrf.html", status=403)
