"""What other apps register with the clock in their `ready()`: a handler per kind of job, and sweeps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from django.db.models import Q

from halo_site.audit import Actor
from halo_site.roles import standing_of
from halo_site.store.fields import from_ms
from scheduler.statuses import Held, MissedPolicy, SkipReason

if TYPE_CHECKING:
    from scheduler.models import Job, Slot


class Dispatch(NamedTuple):
    """What a handler did with a due time. Whether a started one was late is the clock's to say."""

    reason: SkipReason | None
    metadata: dict[str, Any]

    @classmethod
    def started(cls, metadata: dict[str, Any] | None = None) -> "Dispatch":
        """Work was queued in the clock's transaction; `metadata` (a run id, say) goes into the ledger."""
        return cls(None, metadata or {})

    @classmethod
    def skipped(cls, reason: str, words: str) -> "Dispatch":
        """Nothing was queued, for one of the reasons of BEHAVIOUR; `words` say it to a person.

        Raises ValueError for any other reason.
        """
        return cls(SkipReason(reason), {"words": words})


class DueJob(NamedTuple):
    """A job whose time has come, as the clock read it: what it needs, and its handler. Times are epoch ms."""

    pk: str
    kind: str
    schedule: Any  # whatever JSON stands there
    metadata: Any
    anchor_ms: int
    due_ms: int  # the stored next time
    updated_ms: int
    consecutive_errors: int

    @property
    def facts(self) -> dict[str, Any]:
        """Its metadata; nothing where a stranger wrote something else than an object there."""
        return self.metadata if isinstance(self.metadata, dict) else {}

    @property
    def skips_missed(self) -> bool:
        return self.facts.get("missed") == MissedPolicy.SKIP


# (job, due_at, lateness, now): pure database inserts, called inside a savepoint (DESIGN §5.1)
Handler = Callable[[DueJob, datetime, timedelta, datetime], Dispatch]


class Due(NamedTuple):
    """A due time that is handed to a handler."""

    job: DueJob
    due_ms: int
    late_ms: int

    @property
    def due_at(self) -> datetime:
        return from_ms(self.due_ms)

    @property
    def lateness(self) -> timedelta:
        return timedelta(milliseconds=self.late_ms)


# (dues, now): the same for many jobs at once, job id → what was done. Those that it leaves out, and all of
# them if it raises, are asked one by one. A clock that starts asks for none: what is made once is made then.
HandlerOfMany = Callable[[Sequence[Due], datetime], Mapping[str, Dispatch]]


@dataclass(frozen=True)
class Sweep:
    """Work that the clock does besides its ticks, at most every `every_seconds`."""

    name: str
    function: Callable[[datetime], object]
    every_seconds: float


@dataclass(frozen=True)
class About:
    """What its owner says of a job to somebody who may see it; empty where there is nothing to say."""

    name: str  # of what it starts
    part: str = ""  # which of its schedules it is
    address: str = ""  # the page of what it starts
    edit_address: str = ""  # where its schedule is changed
    space_id: str | None = None
    space: str = ""
    held: Held | None = None  # on, and its due times would start nothing
    held_words: str = ""
    asked_by: str = ""  # who wanted this one run, in words; empty for what runs again and again
    subject: tuple[str, str] = ("", "")  # type and id in the audit log of what it starts


@dataclass(frozen=True)
class Trace:
    """The work that a due time started, as the ledger shows it."""

    text: str
    tone: str
    icon: str
    name: str
    address: str


class Owner(Protocol):
    """Who keeps a kind of jobs: a change of one of them by hand is the owner's to make."""

    def reschedule(self, job: "Job", schedule: Mapping[str, Any] | None, actor: Actor, now: datetime) -> None:
        """Give it this schedule, None: its own again. Raises with a sentence; leaves an audit line."""

    def switch(self, job: "Job", on: bool, actor: Actor, now: datetime) -> None:
        """Switch it on or off by hand. Raises ScheduleError where no time is left; leaves an audit line."""

    def address(self, job: "Job") -> str:
        """The page of what it starts; empty where there is none."""

    def visible(self, user: Any) -> Q:
        """Which of its jobs that person may see."""

    def within(self, space_id: str) -> Q:
        """Which of its jobs belong to that space."""

    def held(self, how: Held) -> Q:
        """Which of its jobs would start nothing when due, for that kind of reason."""

    def about(self, jobs: "Sequence[Job]") -> "dict[str, About]":
        """Job id → what to say of it, in as many queries however many there are."""


Tracer = Callable[["Sequence[Slot]"], dict[int, Trace]]

_owners: dict[str, Owner] = {}
_handlers: dict[str, Handler] = {}
_handlers_of_many: dict[str, HandlerOfMany] = {}
_sweeps: dict[str, Sweep] = {}
_tracers: dict[str, Tracer] = {}


def register(kind: str, handler: Handler, of_many: HandlerOfMany | None = None) -> None:
    """The handler for jobs of that kind, and one that is quicker for many; the last registration counts."""
    _handlers[kind] = handler
    if of_many is None:
        _handlers_of_many.pop(kind, None)
    else:
        _handlers_of_many[kind] = of_many


def handler_for(kind: str) -> Handler | None:
    return _handlers.get(kind)


def handlers_of_many() -> tuple[HandlerOfMany, ...]:
    return tuple(_handlers_of_many.values())


def handler_of_many(kind: str) -> HandlerOfMany | None:
    return _handlers_of_many.get(kind)


def register_owner(kind: str, owner: Owner) -> None:
    """The owner of jobs of that kind; the last registration counts."""
    _owners[kind] = owner


def owner_of(kind: str) -> Owner | None:
    return _owners.get(kind)


def visible_jobs(user: Any) -> Q:
    """Which jobs that person may see: all with a role on the site, else those that an owner shows them.

    Jobs of a kind without an owner are the site's.
    """
    if standing_of(user).sees_everything:
        return Q()
    return any_of({kind: owner.visible(user) for kind, owner in _owners.items()})


def jobs_within(space_id: str) -> Q:
    return any_of({kind: owner.within(space_id) for kind, owner in _owners.items()})


def jobs_held(how: Held) -> Q:
    return any_of({kind: owner.held(how) for kind, owner in _owners.items()})


def any_of(by_kind: Mapping[str, Q]) -> Q:
    """The jobs of each kind that fulfil its condition; none where there is no kind."""
    found = Q(pk__in=())
    for kind, condition in by_kind.items():
        found |= Q(kind=kind) & condition
    return found


def about(jobs: "Sequence[Job]") -> "dict[str, About]":
    """Job id → what its owner says of it; of a job without an owner, its name."""
    found = {job.pk: About(job.name) for job in jobs}
    for kind in {job.kind for job in jobs} & _owners.keys():
        found |= _owners[kind].about([job for job in jobs if job.kind == kind])
    return found


def register_tracer(kind: str, tracer: Tracer) -> None:
    """Have ``tracer`` tell what became of the work that slots of that kind's jobs started."""
    _tracers[kind] = tracer


def traces(kind: str, slots: "Sequence[Slot]") -> dict[int, Trace]:
    """Slot id → the work that it started, of those slots of one kind's jobs that started any."""
    tracer = _tracers.get(kind)
    return tracer(slots) if tracer else {}


def register_sweep(name: str, function: Callable[[datetime], object], every_seconds: float) -> None:
    """Have the clock call `function(now)`; the last registration of a name counts."""
    _sweeps[name] = Sweep(name, function, every_seconds)


def sweeps() -> tuple[Sweep, ...]:
    return tuple(_sweeps.values())
