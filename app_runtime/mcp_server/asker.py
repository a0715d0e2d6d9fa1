"""For whom the server speaks: chosen when it starts, looked up again for every call."""

from dataclasses import dataclass

from app_manager.models import App, AppQuerySet
from memory.management.agent import caller_of
from memory.permissions import Caller


@dataclass(frozen=True)
class Asker:
    """``name`` is ``user`` or ``app:<id>``; ``space_id`` the space of the scope space, None for the usual."""

    name: str
    space_id: str | None = None

    @property
    def app_id(self) -> str:
        """The app that asks; empty for the user."""
        return self.name.partition(":")[2]

    def caller(self) -> Caller:
        """Who asks memory. Raises `MemoryRefused`, also for an app that was uninstalled."""
        return caller_of(self.name, self.space_id)

    def apps(self) -> AppQuerySet:
        """The apps that may be looked at: a user's agent sees all, an app itself alone."""
        caller = self.caller()
        return App.objects.all() if caller.kind == "user" else App.objects.filter(pk=caller.app_id)

    def key(self, scope: str) -> str:
        """What ``scope`` means here, as revisions name places; for the audit log."""
        if scope == "user":
            return "user"
        caller = self.caller()
        return f"app:{caller.app_id}" if scope == "app" else f"space:{self.space_id or caller.space_id}"
