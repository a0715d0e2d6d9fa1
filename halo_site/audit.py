"""Who did what: one line in the audit log for each change, in the transaction of the change."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from halo_site.datadir.secrets import secret_values
from halo_site.masking import Masker
from halo_site.models import AuditEntry
from halo_site.secret_names import in_addresses, without_named

logger = logging.getLogger(__name__)

# What stands before the colon of an actor
KINDS = {
    "person": gettext_lazy("person"),
    "app": gettext_lazy("app"),
    "command": gettext_lazy("command"),
    "mcp": gettext_lazy("MCP client"),
    "system": gettext_lazy("system"),
}


@dataclass(frozen=True)
class Actor:
    """Who makes a change: a person, an app's run, a command or a process of ours."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def words(self) -> str:
        """Who it is in a sentence."""
        if self.kind == "person":
            return self.name
        return _("the command %(name)s") % {"name": self.name} if self.kind == "command" else str(self)


def actor_words(actor: str) -> str:
    """Who it is in a sentence, of an actor as the audit log has it."""
    kind, _colon, name = actor.partition(":")
    return Actor(kind, name).words


def person(user: Any) -> Actor:
    return Actor("person", user.get_username())


def command(name: str) -> Actor:
    return Actor("command", name)


def mcp(name: str) -> Actor:
    return Actor("mcp", name)


def system(name: str) -> Actor:
    return Actor("system", name)


def record(
    actor: Actor,
    verb: str,
    *,
    object_type: str,
    object_id: str,
    now: datetime,
    summary: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add one line. Call it inside the change's transaction, so that neither is without the other.

    Secrets never get into it: known values are masked wherever they stand, and values
    named like secrets (`halo_site.secret_names`).
    """
    masker = masker_of_secrets()
    return AuditEntry.objects.create(
        ts=now,
        actor=str(actor),
        verb=verb,
        object_type=object_type,
        object_id=object_id,
        summary=text_without_secrets(summary, masker),
        before=without_secrets(before, masker),
        after=without_secrets(after, masker),
    )


def masker_of_secrets() -> Masker:
    """Hides every value of secrets.json."""
    return Masker(secret_values())


def without_secrets(value: Any, masker: Masker) -> Any:
    """A JSON value without known secrets, and without what is named like one."""
    return masker.value(without_named(value))


def text_without_secrets(text: str, masker: Masker) -> str:
    """A text without known secrets and logins of addresses; a name in it that people chose stays as it is."""
    return masker.text(in_addresses(text))
