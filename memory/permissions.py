"""Who may do what with which memory (BEHAVIOUR, Memory). Agents only; people are let in by their role."""

from dataclasses import dataclass
from typing import Literal

from memory.places import Place, Scope

Operation = Literal["read", "append", "replace"]
ALL: frozenset[Operation] = frozenset({"read", "append", "replace"})
NONE: frozenset[Operation] = frozenset()


@dataclass(frozen=True, slots=True)
class Caller:
    """An agent that asks for memory: the user's own, or an app.

    ``space_id`` is the space of the app, or the one that the user's agent works in. ``space_memory`` tells
    whether an app was granted ``memory.space``.
    """

    kind: Literal["user", "app"]
    app_id: str | None = None
    space_id: str | None = None
    space_memory: bool = False

    @property
    def signature(self) -> str:
        """``user`` or ``app:<id>``, as it stands above appended text."""
        return f"app:{self.app_id}" if self.kind == "app" else "user"


def allowed(caller: Caller, place: Place, operation: Operation) -> bool:
    """Tell whether ``caller`` may do ``operation`` in ``place``."""
    return operation in _rights(caller, place)


def refusal(caller: Caller, place: Place) -> str:
    """Return the sentence for an operation that is not allowed."""
    if caller.kind == "user":
        return "An app's memory belongs to the app; a user's agent can neither read nor change it."
    if place.scope == Scope.USER:
        return "An app can read the user's memory, but not change it."
    if place.scope == Scope.APP:
        return "The memory of another app can be neither read nor changed."
    if place.space_id != caller.space_id:
        return "An app can only use the memory of its own space."
    if not caller.space_memory:
        return "This app was not granted the memory of its space (the permission memory.space)."
    return "An app can read the memory of its space and append to it, but not replace it."


def _rights(caller: Caller, place: Place) -> frozenset[Operation]:
    if caller.kind == "user":
        return NONE if place.scope == Scope.APP else ALL
    if place.scope == Scope.USER:
        return frozenset({"read"})
    if place.scope == Scope.APP:
        return ALL if caller.app_id and place.owner_id == caller.app_id else NONE
    has_grant = caller.space_memory and caller.space_id is not None and place.space_id == caller.space_id
    return frozenset({"read", "append"}) if has_grant else NONE
