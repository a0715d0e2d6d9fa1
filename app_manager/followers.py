"""What other packages do when the state of an app changes, in the same transaction."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from halo_site.audit import Actor

if TYPE_CHECKING:
    from app_manager.models import App


class Follower(Protocol):
    """A package whose rows belong to apps."""

    def status_changed(self, app: "App", before: str, actor: Actor, now: datetime) -> None:
        """The app has another status since this moment. Called inside the transaction of the change."""

    def delete_some(self, app: "App") -> int:
        """Delete some of the app's rows, few for a short transaction; returns how many, 0 at the end.

        Called inside a transaction, again and again until nothing is left.
        """


_followers: dict[str, Follower] = {}


def register_follower(name: str, follower: Follower) -> None:
    """Have a package told of changes; the last registration of a name counts."""
    _followers[name] = follower


def followers() -> Iterator[Follower]:
    """All of them, in the order of their registration."""
    yield from _followers.values()
