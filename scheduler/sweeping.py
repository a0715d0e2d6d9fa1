"""The sweeps of a clock process: work besides its ticks, at most every so often (`scheduler.registry`)."""

import logging
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

from django.db import close_old_connections, connection

from halo_site.disk_trouble import log_failure
from halo_site.store.fields import to_ms
from halo_site.store.write_ahead_log import write_back
from scheduler.registry import Sweep, sweeps

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 900.0  # of a sweep that keeps failing
LONG = timedelta(seconds=30)  # a sweep that takes longer is told of
# How long a sweep that computes may keep the tick waiting after each statement. Python's own 5 ms add up:
# each row that SQLite writes lets the other thread go first (beside one that computes all the time, a batch
# of jobs takes some five times as long as alone; like this, three times).
SWITCH_SECONDS = 0.0002
MANY_JOBS = 250  # dispatched since the database's log was last written back
FAREWELL_SECONDS = 3.0  # what the sweep under way gets when the process ends


def has_passed(since: datetime | None, seconds: float, now: datetime) -> bool:
    """Whether it is time again; a clock that was set back does not hold anything up."""
    return since is None or now < since or now - since >= timedelta(seconds=seconds)


@dataclass(frozen=True)
class UnderWay:
    """The sweep that is at work, and since when."""

    name: str
    since: datetime


class Sweeps:
    """Calls each sweep when its turn is: in the clock's own loop, or beside it in a thread.

    In the thread, with its own connection, a sweep that takes long, or that hangs on a disk, holds up other
    sweeps and no tick.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._swept: dict[str, datetime] = {}
        self._failures: Counter[str] = Counter()
        self._under_way: UnderWay | None = None
        self._thread: Thread | None = None
        self._own: tuple[Sweep, ...] = ()
        self._jobs = 0

    def start(self, stop: Event) -> None:
        """Begin to sweep in a thread, until `stop` is set. It ends with the process at the latest."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self._own = (Sweep("write-ahead log", self._write_back, LOOK_SECONDS),)
        self._thread = Thread(target=self._run, args=(stop,), name="sweeps", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let the sweep under way come to its end, for a few seconds."""
        if self._thread is not None:
            self._thread.join(FAREWELL_SECONDS)

    def note(self, jobs: int) -> None:
        """So many jobs were dispatched: after many, the thread writes the database's log back."""
        self._jobs += jobs

    def turn(self, now: datetime) -> None:
        """Call the sweeps whose turn it is. None of them raises."""
        for sweep in (*sweeps(), *self._own):
            if has_passed(self._swept.get(sweep.name), self._interval(sweep), now):
                self._sweep(sweep, now)

    def detail(self, now: datetime) -> dict[str, Any]:
        """For the heartbeat: the sweep that has been at work for long, and since when; empty without one."""
        at_work = self._under_way
        if at_work is None or now - at_work.since < LONG:
            return {}
        return {"sweep": at_work.name, "sweepSinceMs": to_ms(at_work.since)}

    def _run(self, stop: Event) -> None:
        try:
            while not stop.is_set():
                self.turn(self._clock())
                stop.wait(LOOK_SECONDS)
        finally:
            connection.close()

    def _write_back(self, _now: datetime) -> None:
        jobs = self._jobs
        if jobs >= MANY_JOBS and write_back():
            self._jobs -= jobs

    def _sweep(self, sweep: Sweep, now: datetime) -> None:
        self._swept[sweep.name] = now
        self._under_way = UnderWay(sweep.name, self._clock())
        try:
            sweep.function(now)
        except Exception as error:
            self._failures[sweep.name] += 1
            log_failure(log, f"The sweep {sweep.name} failed", error, "sweep_failed")
            close_old_connections()
        else:
            del self._failures[sweep.name]
        finally:
            self._under_way = None

    def _interval(self, sweep: Sweep) -> float:
        """Seconds between two calls: doubled with each failure in a row, lest a broken sweep spins."""
        doubled = sweep.every_seconds * 2.0 ** min(self._failures[sweep.name], 10)
        return max(sweep.every_seconds, min(doubled, LONGEST_BACKOFF_SECONDS))
