"""A worker's hold on a run: renewed, and watched, by a thread while an engine's turn takes its time."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType

from django.db import Error, connection

from app_runtime.models import Run
from halo_site.datadir.config import RunSettings
from halo_site.models import Heartbeat

logger = logging.getLogger(__name__)


class Lease:
    """Renews the lease of one run every heartbeat until it is left, and knows when it was lost.

    More often than that it looks whether somebody cancelled the run: `cancelled_by` then says who.
    """

    def __init__(self, run: Run, settings: RunSettings, clock: Callable[[], datetime]) -> None:
        self.run = run
        self.clock = clock
        self.length = timedelta(seconds=settings.lease_seconds)
        self.cancelled_by = ""
        self._every = settings.heartbeat_seconds
        self._watch_every = min(settings.watch_seconds, settings.heartbeat_seconds)
        self._done = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{run.short_id}", daemon=True)

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def beat(self) -> None:
        """Renew the lease once. The worker's own heartbeat, where it has one, stays young with it."""
        now = self.clock()
        try:
            if not self.run.renew_lease(now, self.length):
                self._lost.set()
            Heartbeat.objects.filter(name=self.run.worker).update(beat_at=now)
        except Error:
            # A busy database is no reason to give up: the lease has time for several more tries.
            logger.exception("The lease of run %s could not be renewed", self.run.short_id)
            connection.close()

    def watch(self) -> None:
        """Look once whether the run was taken from this worker or is to be cancelled."""
        try:
            asked = self.run.held().values_list("cancel_requested_at", "cancelled_by").first()
        except Error:
            connection.close()
            return
        if asked is None:
            self._lost.set()
        elif asked[0] is not None:
            self.cancelled_by = asked[1] or "somebody"

    def _renew(self) -> None:
        beat_due = time.monotonic() + self._every
        try:
            while not self._done.wait(self._watch_every):
                if time.monotonic() >= beat_due:
                    beat_due = time.monotonic() + self._every
                    self.beat()
                self.watch()
        finally:
            connection.close()  # this thread's own
