"""The read-only memory pages."""

from pathlib import PurePosixPath

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from halo_site.datadir.files import FileTooLarge, PathRefused
from memory.documents import on_disk
from memory.pages import document_page, place_files
from memory.places import Place, all_places, find_place

PLACES_ON_A_PAGE = 25
FILES_OF_A_PLACE = 5  # on the page of all places


@require_safe
def place_list(request: HttpRequest) -> HttpResponse:
    """All places with their newest files, by scope."""
    page = Paginator(all_places(), PLACES_ON_A_PAGE).get_page(request.GET.get("page"))
    trees = [place_files(place, limit=FILES_OF_A_PLACE) for place in page]
    return render(request, "memory/places.html", {"page": page, "trees": trees})


@require_safe
def document_detail(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """One document, rendered and as written, beside the files of its place."""
    place = _place(place_key)
    try:
        document = document_page(place, relative)
    except PathRefused as error:
        raise Http404(str(error)) from error
    tree = place_files(place, relative, request.GET.get("before", ""))
    status = 404 if document.is_missing else 200
    return render(request, "memory/document.html", {"document": document, "tree": tree}, status=status)


@require_safe
def document_raw(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """The bytes of one document, as a download that no browser shows or runs."""
    place = _place(place_key)
    try:
        data = on_disk(place, relative)
    except (PathRefused, FileTooLarge, OSError) as error:
        raise Http404(str(error)) from error
    if data is None:
        raise Http404(_("There is no such memory file."))
    response = HttpResponse(data, content_type="text/plain; charset=utf-8")
    name = PurePosixPath(place.path(relative)).name
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _place(key: str) -> Place:
    place = find_place(key)
    if place is None:
        raise Http404(_("There is no such memory."))
    return place
