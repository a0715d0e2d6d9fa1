"""What other apps register with the clock in their `ready()`: a handler per kind of job, and sweeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from halo_site.audit import Actor
from scheduler.statuses import SkipReason

if TYPE_CHECKING:
    from scheduler.models import Job


@dataclass(frozen=True)
class Dispatch:
    """What a handler did with a due time. Whether a started one was late is the clock's to say."""

    reason: SkipReason | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def started(cls, metadata: dict[str, Any] | None = None) -> "Dispatch":
        """Work was queued in the clock's transaction; `metadata` (a run id, say) goes into the ledger."""
        return cls(metadata=metadata or {})

    @classmethod
    def skipped(cls, reason: str, words: str) -> "Dispatch":
        """Nothing was queued, for one of the reasons of BEHAVIOUR; `words` say it to a person.

        Raises ValueError for any other reason.
        """
        return cls(SkipReason(reason), {"words": words})


# (job, due_at, lateness, now): pure database inserts, called inside a savepoint (DESIGN §5.1)
Handler = Callable[["Job", datetime, timedelta, datetime], Dispatch]


@dataclass(frozen=True)
class Sweep:
    """Work that the clock does besides its ticks, at most every `every_seconds`."""

    name: str
    function: Callable[[datetime], object]
    every_seconds: float


class Owner(Protocol):
    """Who keeps a kind of jobs: a change of one of them by hand is the owner's to make."""

    def reschedule(self, job: "Job", schedule: Mapping[str, Any] | None, actor: Actor, now: datetime) -> None:
        """Give it this schedule, None: its own again. Raises with a sentence; leaves an audit line."""

    def switch(self, job: "Job", on: bool, actor: Actor, now: datetime) -> None:
        """Switch it on or off by hand. Raises ScheduleError where no time is left; leaves an audit line."""

    def address(self, job: "Job") -> str:
        """The page of what it starts; empty where there is none."""


_owners: dict[str, Owner] = {}
_handlers: dict[str, Handler] = {}
_sweeps: dict[str, Sweep] = {}


def register(kind: str, handler: Handler) -> None:
    """The handler for jobs of that kind; the last registration counts."""
    _handlers[kind] = handler


def handler_for(kind: str) -> Handler | None:
    return _handlers.get(kind)


def register_owner(kind: str, owner: Owner) -> None:
    """The owner of jobs of that kind; the last registration counts."""
    _owners[kind] = owner


def owner_of(kind: str) -> Owner | None:
    return _owners.get(kind)


def register_sweep(name: str, function: Callable[[datetime], object], every_seconds: float) -> None:
    """Have the clock call `function(now)`; the last registration of a name counts."""
    _sweeps[name] = Sweep(name, function, every_seconds)


def sweeps() -> tuple[Sweep, ...]:
    return tuple(_sweeps.values())
