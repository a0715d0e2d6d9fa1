"""Who did what: one line in the audit log for each change, in the transaction of the change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from halo_site.models import AuditEntry


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
    """Add one line. Call it inside the change's transaction, so that neither is without the other."""
    return AuditEntry.objects.create(
        ts=now,
        actor=str(actor),
        verb=verb,
        object_type=object_type,
        object_id=object_id,
        summary=summary,
        before=before,
        after=after,
    )
