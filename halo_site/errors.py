"""Pages for requests that were refused. The others are Django's own views with our templates."""

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

RETRY_SECONDS = 5


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: 403 with what to do. The reason goes to Django's log, not to the page."""
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """What was not expected is 500; a database that somebody else holds is 503, and worth another try.

    Rendered without the request: what the page would ask the database for may be what failed.
    """
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError) and "locked" in str(error):
        busy = HttpResponse(render_to_string("503.html"), status=503)
        busy["Retry-After"] = str(RETRY_SECONDS)
        return busy
    return HttpResponse(render_to_string("500.html"), status=500)
