"""The clock: one look at the time, and the loop around it (DESIGN §5.1)."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

from django.db import close_old_connections

from halo_site.disk_trouble import log_failure
from halo_site.models import Heartbeat
from scheduler.batch import BATCH_JOBS, Batch, run_batch
from scheduler.dispatching import TooSlow
from scheduler.models import Job
from scheduler.registry import Sweep, sweeps
from scheduler.statuses import Verdict

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # the longest sleep: jobs written meanwhile are at most this late
HEARTBEAT_SECONDS = 2.0
LONGEST_BACKOFF_SECONDS = 900.0  # of a sweep that keeps failing
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


def run_once(now: datetime, slow: set[str] | None = None, moved: Callable[[], object] = lambda: None) -> Tick:
    """Dispatch everything that is due at `now`, batch by batch; harmless beside other clocks.

    Jobs whose handlers do not answer are asked alone and last: `slow` keeps their ids from tick to tick.
    `moved` is called after each batch. Database errors go to the caller; what was committed before stays.
    """
    slow = set() if slow is None else slow
    counts: Counter[Verdict] = Counter()
    lost = alone = 0
    next_due = Job.objects.next_due_at()
    while next_due and next_due <= now and lost < MAX_LOST_CLAIMS:
        try:
            batch = run_batch(now, Job.objects.exclude(pk__in=slow), 1 if alone else BATCH_JOBS)
        except TooSlow:
            alone = BATCH_JOBS
            continue
        lost, alone = 0 if batch else lost + 1, max(alone - 1, 0)
        if batch is not None:
            _count(batch, counts, slow, moved)
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


def _count(batch: Batch, counts: Counter[Verdict], slow: set[str], moved: Callable[[], object]) -> None:
    counts.update(batch.counts)
    slow |= batch.timed_out
    moved()


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
    """The loop of a clock process: ticks, heartbeats, sweeps. `clock` and `wait` stand for time itself."""

    def __init__(
        self,
        clock: Callable[[], datetime] = utc_now,
        wait: Callable[[Event, float], object] = Event.wait,
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._beat_at: datetime | None = None
        self._swept: dict[str, datetime] = {}
        self._failures: Counter[str] = Counter()

    def run(self, stop: Event) -> None:
        """Until `stop` is set. A failure (the database is away, say) is logged, and the loop goes on."""
        while not stop.is_set():
            seconds = IDLE_SECONDS
            try:
                tick = self.step()
                self._beat(self._clock())
            except Exception as error:
                log_failure(log, "The clock could not tick", error, "tick_failed")
                close_old_connections()
            else:
                seconds = self._pause(tick)
            self._wait(stop, seconds)
        Heartbeat.end("clock")

    def step(self) -> Tick:
        """One tick, then the sweeps whose turn it is."""
        now = self._clock()
        tick = run_once(now)
        for sweep in sweeps():
            if _has_passed(self._swept.get(sweep.name), self._interval(sweep), now):
                self._sweep(sweep, now)
        return tick

    def _beat(self, now: datetime) -> None:
        """Say that this process lives, after a step that worked."""
        if _has_passed(self._beat_at, HEARTBEAT_SECONDS, now):
            Heartbeat.beat("clock", now)
            self._beat_at = now

    def _pause(self, tick: Tick) -> float:
        """Seconds until the next due time, at most the idle time."""
        if tick.next_due is None:
            return IDLE_SECONDS
        return min(max((tick.next_due - self._clock()).total_seconds(), 0.0), IDLE_SECONDS)

    def _sweep(self, sweep: Sweep, now: datetime) -> None:
        self._swept[sweep.name] = now
        try:
            sweep.function(now)
        except Exception as error:
            self._failures[sweep.name] += 1
            log_failure(log, f"The sweep {sweep.name} failed", error, "sweep_failed")
            close_old_connections()
        else:
            del self._failures[sweep.name]

    def _interval(self, sweep: Sweep) -> float:
        """Seconds between two calls: doubled with each failure in a row, lest a broken sweep spins."""
        doubled = sweep.every_seconds * 2.0 ** min(self._failures[sweep.name], 10)
        return max(sweep.every_seconds, min(doubled, LONGEST_BACKOFF_SECONDS))


def _has_passed(since: datetime | None, seconds: float, now: datetime) -> bool:
    """Whether it is time again; a clock that was set back does not hold anything up."""
    return since is None or now < since or now - since >= timedelta(seconds=seconds)
