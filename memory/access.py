"""Loading what an address names: what a person may not see is not found.

The user's memory is the site's; that of a space or an app belongs to its space. Viewers read it, operators
change it.
"""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from halo_site.access import NotShown, require, standing
from halo_site.datadir.names import PathRefused
from halo_site.roles import Role, standing_of
from halo_site.wiki import Resolver
from memory.links import resolver
from memory.places import ClosedPlace, Place, all_places, closed_places, find_place
from memory.tree import Tree, tree_of
from memory.users import User

CLOSED = gettext_lazy("This memory cannot be opened")


def readable_places(reader: Any) -> dict[str, Place]:
    """Return the places that ``reader`` may look into, by their keys, in the order in which pages list them.

    Search, wiki links and backlinks go through here. An app that is not installed any more has no place.
    """
    own = standing_of(reader)
    if not own.may_somewhere(Role.VIEWER):
        return {}
    seen = _sees(reader)
    return {place.key: place for place in all_places() if seen is None or seen(place)}


def wiki_resolver(request: HttpRequest, place: Place) -> Resolver:
    """What finds the wiki links of a file in ``place`` for whoever asks."""
    return resolver(place, lambda: readable_places(request.user))


def get_place(request: HttpRequest, key: str, needs: Role = Role.VIEWER) -> Place:
    """The place of a key; 404 where it is not there or not theirs to see, 403 where their role is too low.

    Also 404, and the page says why, where it is theirs and what holds its files is a link.
    """
    place = find_place(key)
    if place is None:
        raise_if_closed(request, key)
    if place is None or not standing(request).may(Role.VIEWER, place.space_id):
        raise Http404(_("There is no such memory."))
    require(request, needs, place.space_id)
    if place.link_on_the_way:
        advice = _("Memory lies in plain folders of its own: put the folder itself in the place of the link.")
        raise NotShown(CLOSED, place.link_on_the_way, advice)
    return place


def raise_if_closed(request: HttpRequest, key: str) -> None:
    """Raise `NotShown` for the memory of an app, theirs to see, of which nobody can tell where it lies."""
    for closed in closed_places(key):
        if standing(request).may(Role.VIEWER, closed.space_id):
            advice = _(
                "Nothing is read or written until that is mended. Run “manage.py doctor” on the server: "
                "it says what to do."
            )
            raise NotShown(CLOSED, closed.reason, advice)


def readable_closed(reader: Any) -> list[ClosedPlace]:
    """What memory of installed apps ``reader`` might look into, if anybody could tell where it lies."""
    own = standing_of(reader)
    return [closed for closed in closed_places() if own.may(Role.VIEWER, closed.space_id)]


def get_document(request: HttpRequest, key: str, name: str, needs: Role = Role.VIEWER) -> tuple[Place, str]:
    """The place of a key and a document's name in it; 404 for a name that no document can have."""
    place = get_place(request, key, needs)
    try:
        place.below(name)
    except PathRefused as error:
        raise Http404(str(error)) from error
    return place, name


def seen_tree(
    request: HttpRequest, current: Place, name: str = "", before: str = "", users: list[User] | None = None
) -> Tree:
    """`tree_of` with the places that whoever asks may see."""
    return tree_of(current, name, before, users=users, sees=_sees(request.user))


def _sees(reader: Any) -> Callable[[Place], bool] | None:
    """Tells whether they may look into a place; None where they may look into all."""
    own = standing_of(reader)
    return None if own.sees_everything else lambda place: own.may(Role.VIEWER, place.space_id)
