"""The matrix of rights as a table (BEHAVIOUR, Memory): asked of `permissions`, never written down twice."""

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
    """One row for people, and one for each kind of agent that can meet ``place``."""
    people = RightsRow(_("People who are signed in, here"), True, True, True)
    agent = _row(_("Your own agent"), Caller("user"), place)
    return [people, agent, *(_row(who, caller, place) for who, caller in _apps(place))]


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
