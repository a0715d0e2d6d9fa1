"""The state machine of an installed app: pure tables (halo-facts §4; BEHAVIOUR, State machine)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Where an installed app stands."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ERROR = "error", _("Stopped after errors")
    NEEDS_LOGIN = "needs_login", _("Needs a login")
    WAITING_USER = "waiting_user", _("Waiting for you")
    UNINSTALLED = "uninstalled", _("Uninstalled")

    @property
    def tone(self) -> str:
        tones = {"active": "ok", "error": "bad", "needs_login": "wait", "waiting_user": "wait"}
        return tones.get(self.value, "quiet")


ALLOWED: dict[str, frozenset[str]] = {
    Status.ACTIVE: frozenset(
        {Status.PAUSED, Status.ERROR, Status.NEEDS_LOGIN, Status.WAITING_USER, Status.UNINSTALLED}
    ),
    Status.PAUSED: frozenset({Status.ACTIVE, Status.UNINSTALLED}),
    Status.ERROR: frozenset({Status.ACTIVE, Status.PAUSED, Status.UNINSTALLED}),
    Status.NEEDS_LOGIN: frozenset({Status.ACTIVE, Status.PAUSED, Status.UNINSTALLED}),
    Status.WAITING_USER: frozenset({Status.ACTIVE, Status.PAUSED, Status.ERROR, Status.UNINSTALLED}),
    Status.UNINSTALLED: frozenset({Status.ACTIVE}),
}
# Out of a status that there is not: a stranger wrote it (abuse case S15).
WAYS_OUT = frozenset({Status.PAUSED, Status.UNINSTALLED})

# A click may run an app that is paused or stopped; the clock may not (BEHAVIOUR, Runs).
RUNS_BY_CLICK = frozenset({Status.ACTIVE, Status.WAITING_USER, Status.PAUSED, Status.ERROR})
RESUMABLE = frozenset({Status.PAUSED, Status.ERROR, Status.NEEDS_LOGIN, Status.WAITING_USER})
RUNS_BY_ITSELF = frozenset({Status.ACTIVE, Status.WAITING_USER})


def may_become(current: str, wanted: str) -> bool:
    """Whether an app may go from one status to another; staying is not a change."""
    return wanted in ALLOWED.get(current, WAYS_OUT)
