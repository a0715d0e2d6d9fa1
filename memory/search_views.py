"""Search over all memory, and the files that no link leads to."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from halo_site.fragments import respond
from memory.access import raise_if_closed, readable_places
from memory.links import MOST_LISTED, orphans
from memory.search_pages import search_page


@require_safe
def search_detail(request: HttpRequest) -> HttpResponse:
    """The search field with its narrowing, and what it found."""
    context = {"page": search_page(request)}
    return respond(
        request, page="memory/search.html", fragment="memory/_search_results.html", context=context
    )


@require_safe
def orphan_list(request: HttpRequest) -> HttpResponse:
    """The files of one place that no wiki link leads to."""
    places = readable_places(request.user)
    key = request.GET.get("place") or next(iter(places), "")
    place = places.get(key)
    if place is None:
        raise_if_closed(request, key)
        raise Http404(_("There is no such memory."))
    context = {
        "place": place,
        "places": places.values(),
        "orphans": orphans(place, places),
        "most": f"{MOST_LISTED:,}",
    }
    return render(request, "memory/orphans.html", context)
