"""Loading what an address names, for people: everybody who is signed in sees every memory."""

from django.http import Http404
from django.utils.translation import gettext as _

from halo_site.datadir.names import PathRefused
from memory.places import Place, find_place


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
