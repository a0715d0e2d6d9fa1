"""Where a run stands: its steps, its caps, whether it has to stop, and what it writes down."""

import threading
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from app_runtime.exceptions import CapReached, LeaseLost, RunCancelled, RunInterrupted
from app_runtime.lease import Lease
from app_runtime.metering import Meter
from app_runtime.models import Run
from app_runtime.transcript import transcript_of
from app_runtime.waiting import Waiter
from halo_site.datadir.config import RunSettings
from halo_site.masking import Masker

Result = TypeVar("Result")


class Progress:
    """One run under way, for everything that works on it.

    Time comes from ``clock``; ``stop`` says that the worker has to end. Raises `FolderMissing` where there is
    no place for the run's files.
    """

    def __init__(
        self, run: Run, lease: Lease, settings: RunSettings, masker: Masker,
        clock: Callable[[], datetime], stop: threading.Event, waiter: Waiter,
    ) -> None:  # fmt: skip
        self.run, self.lease, self.settings, self.masker = run, lease, settings, masker
        self.clock, self.stop, self.waiter = clock, stop, waiter
        self.transcript = transcript_of(run)
        self.meter = Meter(run, settings)
        self._stepped_at = clock()

    def write(self, kind: str, /, **facts: Any) -> None:
        """Add one line to the transcript, secrets masked, on disk when this returns.

        Raises `LeaseLost` where somebody else has ended the run: its transcript has its end by then.
        """
        facts = self.masker.value(facts)
        if not self.transcript.append_while(self.run.held().exists, kind, self.clock(), **facts):
            raise LeaseLost("The run is no longer this worker's.")
        self._stepped_at = self.clock()

    def begin_step(self) -> float:
        """Count the next step before it starts, so that after a crash the row tells that one had.

        Returns a monotonic time for `elapsed_ms`. Raises what `may_go_on` raises.
        """
        self.may_go_on()
        if not self.run.start_step(self.clock(), self.lease.length):
            self.lease.watch()  # what was cancelled by now makes no further call
            self.may_go_on()
            raise LeaseLost("The run is no longer this worker's.")
        return time.monotonic()

    def may_go_on(self) -> None:
        """Raise `RunStopped` of the kind that applies if the run must not go on."""
        if self.lease.is_lost:
            raise LeaseLost("The run is no longer this worker's.")
        if self.lease.cancelled_by:
            raise RunCancelled(self.lease.cancelled_by)
        if self.stop.is_set():
            raise RunInterrupted("its worker was stopped")
        now, settings = self.clock(), self.settings
        if now - self.run.started_at > timedelta(minutes=settings.wall_clock_minutes):
            raise CapReached(f"The run took longer than its cap of {settings.wall_clock_minutes:g} min.")
        if now - self._stepped_at > timedelta(minutes=settings.idle_minutes):
            raise CapReached(
                f"No step ended for {settings.idle_minutes:g} min, the run's cap for standing still."
            )

    def wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of work in the run's event loop; a cap, a cancel or a lost lease ends the wait."""
        return self.waiter.wait(work, self.may_go_on)

    def pause(self, seconds: float) -> None:
        """Do nothing for a while, unless the run has to stop."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.may_go_on()
            self.stop.wait(min(left, 0.1))
        self.may_go_on()


def elapsed_ms(began: float) -> int:
    """Whole milliseconds since ``began``, a monotonic time."""
    return round((time.monotonic() - began) * 1000)
