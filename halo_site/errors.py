"""Pages for requests that were refused. The others are Django's own views with our templates."""

import sys
import traceback
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from halo_site.access import NotShown
from halo_site.disk_trouble import trouble_of
from halo_site.too_large import STATUS as TOO_LARGE
from halo_site.unsent import given_back, names_of, page_of, texts_of

RETRY_SECONDS = 5


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: 403 with what to do, and with the text that it had.

    The reason goes to Django's log, not to the page.
    """
    context = {"texts": texts_of(request), "names": names_of(request), "page": page_of(request)}
    return render(request, "403_csrf.html", context, status=403)


def explain_form_address(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a page for whoever opens the address of a form by itself; Django's answer to that is empty.

    An address that was copied leads there, or one from the history of a browser.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_refused = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        if is_refused and request.method == "GET" and not response.content:
            response.content = render_to_string("405.html", request=request)
        return response

    return middleware


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was not understood: 400. Of a form that is too large, 413, the page says where its text still is.

    Such a form was not read to its end, so that its text cannot be given back from here: see
    `halo_site.too_large`, which does that within a bound.
    """
    is_too_large = isinstance(exception, RequestDataTooBig)
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    context = {"limit": limit, "page": page_of(request)} if is_too_large else {}
    return HttpResponse(render_to_string("400.html", context), status=TOO_LARGE if is_too_large else 400)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is not there, or not theirs to see: 404. What is theirs and cannot be shown says why.

    A text that was sent there, to an app that was deleted meanwhile say, is given back.
    """
    closed = exception if isinstance(exception, NotShown) else None
    return render(request, "404.html", {"closed": closed, **given_back(request)}, status=404)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is theirs to see and not to do: 403. The page says which role it takes, and gives a text back."""
    return render(request, "403.html", {"exception": str(exception), **given_back(request)}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """What was not expected is 500; a database that somebody else holds is 503, and worth another try.

    A disk that is full or cannot be written is 507, one that fails is 503.

    Rendered without the request: what the page would ask the database for may be what failed.
    """
    error = sys.exc_info()[1]
    if is_busy(error):
        busy = HttpResponse(render_to_string("503.html"), status=503)
        busy["Retry-After"] = str(RETRY_SECONDS)
        return busy
    trouble = trouble_of(error)
    if error is not None and trouble is not None:
        page = render_to_string("507.html", {"trouble": trouble, "is_answered": is_answered(error)})
        return HttpResponse(page, status=507 if trouble.is_lasting else 503)
    return HttpResponse(render_to_string("500.html"), status=500)


def is_busy(error: BaseException | None) -> bool:
    """Whether somebody else has held the database for so long that it was given up."""
    return isinstance(error, OperationalError) and "locked" in str(error)


def is_answered(error: BaseException) -> bool:
    """Whether the page had done its work when this happened: then nobody can say that nothing was changed.

    A session, say, is stored when the answer passes the middleware on its way out.
    """
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code.co_name == "process_response" for frame, _line in frames)
