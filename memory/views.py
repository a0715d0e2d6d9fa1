"""The memory pages that show: all places, one document, its bytes."""

from pathlib import PurePosixPath
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from halo_site.datadir.files import FileTooLarge, PathRefused
from memory.access import get_document, readable_closed, readable_places, seen_tree, wiki_resolver
from memory.documents import on_disk
from memory.links import backlinks
from memory.pages import DocumentPage, State, document_page
from memory.places import Place
from memory.rights import rights_of
from memory.tree import place_files
from memory.users import users_now, users_of

PLACES_ON_A_PAGE = 25
FILES_OF_A_PLACE = 5  # on the page of all places


@require_safe
def place_list(request: HttpRequest) -> HttpResponse:
    """All places that they may look into with some of their files, by scope."""
    page = Paginator(list(readable_places(request.user).values()), PLACES_ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    users = users_now()
    trees = [(place_files(place, limit=FILES_OF_A_PLACE), users_of(place, users)) for place in page]
    closed = readable_closed(request.user)
    return render(request, "memory/places.html", {"page": page, "trees": trees, "closed": closed})


@require_safe
def document_detail(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """One document, rendered and as written, beside the files of its place."""
    place, name = get_document(request, place_key, relative)
    return show_document(request, document_page(place, name, wiki_resolver(request, place)))


def show_document(request: HttpRequest, document: DocumentPage, status: int = 200) -> HttpResponse:
    """The page of a document; also the answer where it cannot be edited."""
    users = users_now()
    tree = seen_tree(request, document.place, document.name, request.GET.get("before", ""), users)
    context: dict[str, Any] = {
        "document": document,
        "tree": tree,
        "users": users_of(document.place, users),
        "rights": rights_of(document.place),
        "backlinks": backlinks(document.place, document.title, readable_places(request.user)),
    }
    found = 404 if document.is_missing else status
    return render(request, "memory/document.html", context, status=found)


@require_safe
def document_raw(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """The bytes of one document, as a download that no browser shows or runs; else the page that says why."""
    place, name = get_document(request, place_key, relative)
    try:
        data = on_disk(place, name)
    except (PathRefused, FileTooLarge, OSError):
        return show_document(request, document_page(place, name), 404)
    if data is None:
        return show_document(request, known_or_404(place, name), 404)
    return download(data, PurePosixPath(place.path(relative)).name)


def known_or_404(place: Place, name: str) -> DocumentPage:
    """The page of a document without a text to show, which says why; 404 where nobody ever heard of it."""
    page = document_page(place, name)
    if page.state == State.NOTHING:
        raise Http404(_("There is no such memory file, and there was none."))
    return page


def download(data: bytes, name: str) -> HttpResponse:
    """An answer that is kept as the file ``name``, and that no browser shows or runs."""
    response = HttpResponse(data, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
