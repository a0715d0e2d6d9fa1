"""Forms of more bytes than are read: the text that somebody wrote is given back, within a bound.

No such form reaches its view. Browsers keep what was typed when one goes back a page, but not all of them,
and none after it was closed; so a page with the text is the answer that loses nothing.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

from halo_site.unsent import is_from_here, names_of, page_of, texts_of

MOST_TIMES = 4  # the limit; more is not read at all
STATUS = 413
MULTIPART, PLAIN = "multipart/form-data", "application/x-www-form-urlencoded"


class TextsGivenBack:
    """Middleware before the one that asks for a form's token, which would be the first to read the form.

    Nothing is done but to show a person their own words, so no token is needed; another site gets nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_given: Any) -> HttpResponse | None:
        if not (_is_too_large(request) and request.user.is_authenticated and is_from_here(request)):
            return None
        body = request.read(_length(request))
        fields = _fields(request, body)
        if _is_of_files(request, body, fields):
            request._body = body  # it is a file that is large, and no limit of ours is about files
            return None
        request._post, request._files = fields, MultiValueDict()  # type: ignore[attr-defined]
        context = {
            "limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            "page": page_of(request),
            "texts": texts_of(request),
            "names": names_of(request),
        }
        return render(request, "400.html", context, status=STATUS)


def _is_too_large(request: HttpRequest) -> bool:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    is_form = request.method == "POST" and request.content_type in {MULTIPART, PLAIN}
    is_asked_by_a_person = "HX-Request" not in request.headers  # a script keeps the text, and shows no page
    return is_form and is_asked_by_a_person and limit < _length(request) <= MOST_TIMES * limit


def _length(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isdigit() else 0


def _is_of_files(request: HttpRequest, body: bytes, fields: QueryDict) -> bool:
    """Whether what people wrote in the form is within the limit, and its files are what is large."""
    has_files = request.content_type == MULTIPART and b"; filename=" in body
    size = sum(len(value) for _name, values in fields.lists() for value in values)
    return has_files and size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def _fields(request: HttpRequest, body: bytes) -> QueryDict:
    """The form's fields that are no files, as far as they can be told."""
    if request.content_type == MULTIPART:
        return _parts(body, (request.content_params or {}).get("boundary", ""))
    try:
        return QueryDict(body)
    except SuspiciousOperation:  # too many fields
        return QueryDict()


def _parts(body: bytes, boundary: str) -> QueryDict:
    """Django's own reader of such a form stops at the limit, which is the same for all requests."""
    found = QueryDict(mutable=True)
    if not boundary:
        return found
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))[1:]:
        head, _blank, content = part.partition(b"\r\n\r\n")
        name = _name(head)
        if name and name not in found:
            found[name] = content.decode("utf-8", "replace")
    return found


def _name(head: bytes) -> str:
    """The field that a part is about; empty for a file."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        header, _colon, value = line.partition(":")
        if header.strip().lower() == "content-disposition":
            _kind, options = parse_header_parameters(value)
            return "" if "filename" in options else options.get("name", "")
    return ""
