"""Loading what an address names, for people: everybody who is signed in sees every memory."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from halo_site.datadir.names import PathRefused
from halo_site.wiki import Resolver
from memory.links import resolver
from memory.places import Place, all_places, find_place


def readable_places(reader: AbstractBaseUser | AnonymousUser) -> dict[str, Place]:
    """Return the places that ``reader`` may look into, by their keys, in the order in which pages list them.

    Search, wiki links and backlinks go through here; roles will narrow it. An app that is not installed any
    more has no place.
    """
    return {place.key: place for place in all_places()} if reader.is_authenticated else {}


def wiki_resolver(request: HttpRequest, place: Place) -> Resolver:
    """What finds the wiki links of a file in ``place`` for whoever asks."""
    return resolver(place, lambda: readable_places(request.user))


def get_place(key: str) -> Place:
    """The place of a key; 404 for an unknown one."""
    place = find_place(key)
    if place is None:
        raise Http404(_("There is no such memory."))
    return place


def get_document(key: str, name: str) -> tuple[Place, str]:
    """The place of a key and a document's name in it; 404 for a name that no document can have."""
    place = get_place(key)
    try:
        place.below(name)
    except PathRefused as error:
        raise Http404(str(error)) from error
    return place, name
