"""The clock: one look at the time, and the loop around it (DESIGN §5.1)."""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

from django.db import Error, close_old_connections

from halo_site.disk_trouble import log_failure
from halo_site.models import Heartbeat
from scheduler.batch import BATCH_JOBS, Batch, make_ready, run_batch
from scheduler.dispatching import TooSlow
from scheduler.models import Job
from scheduler.statuses import Verdict
from scheduler.sweeping import Sweeps, has_passed

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # the longest sleep: jobs written meanwhile are at most this late
HEARTBEAT_SECONDS = 2.0
FEW_JOBS = 16  # in a transaction, after one in which handlers took too long
MAX_LOST_CLAIMS = 20  # in a row; then the next tick goes on


@dataclass(frozen=True)
class Tick:
    """What one look at the time came to, in due times; `next_due` is the earliest time still to come."""

    dispatched: int
    skipped: int
    errors: int
    merged: int
    missed: int
    next_due: datetime | None


def run_once(
    now: datetime, slow: set[str] | None = None, moved: Callable[[int], object] = lambda jobs: None
) -> Tick:
    """Dispatch everything that is due at `now`, batch by batch; harmless beside other clocks.

    Jobs whose handlers do not answer are asked alone and last: `slow` keeps their ids from tick to tick.
    `moved` is called after each batch with the number of its jobs. Database errors go to the caller; what
    was committed before stays.
    """
    slow = set() if slow is None else slow
    counts: Counter[Verdict] = Counter()
    lost, pace = 0, Pace()
    next_due = Job.objects.next_due_at()
    while next_due and next_due <= now and lost < MAX_LOST_CLAIMS:
        try:
            batch = run_batch(now, Job.objects.exclude(pk__in=slow) if slow else None, pace.size)
        except TooSlow as error:
            pace.slow_down(error.jobs)
            continue
        lost = 0 if batch else lost + 1
        if batch is not None:
            _count(batch, counts, slow, moved)
            pace.go_on(found=bool(batch.timed_out))
            if not batch.jobs:
                break
        next_due = Job.objects.next_due_at()
    for pk in sorted(slow) if next_due and next_due <= now else ():
        batch = run_batch(now, Job.objects.filter(pk=pk))
        slow.discard(pk)
        if batch is not None:
            _count(batch, counts, slow, moved)
        next_due = Job.objects.next_due_at()
    return _tick(counts, next_due)


class Pace:
    """How many jobs a transaction takes: few, then one, while it is not known which of them hangs."""

    def __init__(self) -> None:
        self.size = BATCH_JOBS
        self._alone = 0

    def slow_down(self, jobs: int) -> None:
        if jobs > FEW_JOBS:
            self.size = FEW_JOBS
        else:
            self.size, self._alone = 1, FEW_JOBS

    def go_on(self, *, found: bool) -> None:
        self._alone = 0 if found else max(self._alone - 1, 0)
        if not self._alone:
            self.size = min(self.size * FEW_JOBS, BATCH_JOBS)


def _count(batch: Batch, counts: Counter[Verdict], slow: set[str], moved: Callable[[int], object]) -> None:
    counts.update(batch.counts)
    slow |= batch.timed_out
    moved(batch.jobs)


def _tick(counts: Counter[Verdict], next_due: datetime | None) -> Tick:
    return Tick(
        dispatched=counts[Verdict.RAN] + counts[Verdict.LATE],
        skipped=counts[Verdict.SKIPPED],
        errors=counts[Verdict.ERROR],
        merged=counts[Verdict.MERGED],
        missed=counts[Verdict.MISSED],
        next_due=next_due,
    )


def utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """The loop of a clock process: ticks, heartbeats, sweeps. `clock` and `wait` stand for time itself.

    Its sweeps are called after each tick, or beside the ticks, in a thread (`sweeps_beside`).
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = utc_now,
        wait: Callable[[Event, float], object] = Event.wait,
        *,
        sweeps_beside: bool = False,
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._beat_at: datetime | None = None
        self._slow: set[str] = set()
        self._sweeps = Sweeps(clock)
        self._sweeps_beside = sweeps_beside

    def run(self, stop: Event) -> None:
        """Until `stop` is set. A failure (the database is away, say) is logged, and the loop goes on."""
        if self._sweeps_beside:
            self._sweeps.start(stop)
        self._make_ready()
        while not stop.is_set():
            seconds = IDLE_SECONDS
            try:
                tick = self.step(self._moved)
                self._beat()
            except Exception as error:
                log_failure(log, "The clock could not tick", error, "tick_failed")
                close_old_connections()
            else:
                seconds = self._pause(tick)
            self._wait(stop, seconds)
        self._sweeps.end()
        with suppress(Error):  # the database is away, and the heartbeat grows old by itself
            Heartbeat.end("clock")

    def _make_ready(self) -> None:
        """Or leave it to the first due times. Where the database is away, the tick that follows says so."""
        try:
            make_ready(self._clock())
        except Error:
            close_old_connections()
        except Exception:
            log.exception("The clock could not make itself ready", extra={"action": "make_ready_failed"})

    def step(self, moved: Callable[[int], object] = lambda jobs: None) -> Tick:
        """One tick, then the sweeps whose turn it is, unless a thread has them; `moved` as of `run_once`."""
        now = self._clock()
        tick = run_once(now, self._slow, moved)
        if not self._sweeps_beside:
            self._sweeps.turn(now)
        return tick

    def _moved(self, jobs: int) -> None:
        self._sweeps.note(jobs)
        self._beat()

    def _beat(self) -> None:
        """Say that this process lives, after a step, or a batch of one, that worked."""
        now = self._clock()
        if has_passed(self._beat_at, HEARTBEAT_SECONDS, now):
            Heartbeat.beat("clock", now, self._sweeps.detail(now))
            self._beat_at = now

    def _pause(self, tick: Tick) -> float:
        """Seconds until the next due time, at most the idle time."""
        if tick.next_due is None:
            return IDLE_SECONDS
        return min(max((tick.next_due - self._clock()).total_seconds(), 0.0), IDLE_SECONDS)
