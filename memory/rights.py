"""The matrix of rights as a table (BEHAVIOUR, Memory): agents' is asked of `permissions`, people's is that of
`memory.access`."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from memory.permissions import Caller, allowed
from memory.places import Place, Scope

OTHER = "another"  # stands for the id of an app or space that is not this one


@dataclass(frozen=True, slots=True)
class RightsRow:
    """Who, and what they may do in one place."""

    who: str
    can_read: bool
    can_append: bool
    can_replace: bool


def rights_of(place: Place) -> list[RightsRow]:
    """A row for each role of people that differs, and one for each kind of agent that can meet ``place``."""
    agent = _row(_("Your own agent"), Caller("user"), place)
    return [*_people(place), agent, *(_row(who, caller, place) for who, caller in _apps(place))]


def _people(place: Place) -> list[RightsRow]:
    """As `memory.access` decides: viewers read, operators change, on the site or in its space."""
    if place.space_id is None:
        edits = _("People who are operators or more, on the whole site")
        looks, others = _("Viewers of the whole site"), _("People who belong to single spaces only")
    else:
        edits = _("People who are operators or more, in its space or on the whole site")
        looks, others = _("Viewers there"), _("People of other spaces")
    return [
        RightsRow(edits, True, True, True),
        RightsRow(looks, True, False, False),
        RightsRow(others, False, False, False),
    ]


def _apps(place: Place) -> list[tuple[str, Caller]]:
    if place.scope == Scope.USER:
        return [(_("Every app"), Caller("app", OTHER, OTHER, space_memory=True))]
    if place.scope == Scope.APP:
        own = Caller("app", place.owner_id, place.space_id)
        return [(_("This app"), own), (_("Every other app"), Caller("app", OTHER, place.space_id, True))]
    return [
        (_("Apps of this space with the grant memory.space"), Caller("app", OTHER, place.space_id, True)),
        (_("Apps of this space without it"), Caller("app", OTHER, place.space_id, False)),
        (_("Apps of other spaces"), Caller("app", OTHER, OTHER, True)),
    ]


def _row(who: str, caller: Caller, place: Place) -> RightsRow:
    return RightsRow(
        who,
        allowed(caller, place, "read"),
        allowed(caller, place, "append"),
        allowed(caller, place, "replace"),
    )
