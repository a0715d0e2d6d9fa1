"""What clock and workers look after: runs that nobody works on any more, and runs that nobody was told of."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError

from app_runtime import queue
from app_runtime.escalations.expiry import expire, mend_waiting
from app_runtime.escalations.reminders import remind
from app_runtime.notifications.delivering import send_due, settle_silent
from app_runtime.notifications.holding import release_held
from app_runtime.settlement import settle_lost
from halo_site.datadir.config import site_config
from halo_site.datadir.leftovers import remove_leftovers
from halo_site.models import Heartbeat

logger = logging.getLogger(__name__)

# A process that was killed cannot take itself off the list.
HEARTBEATS_KEPT = timedelta(days=1)


def sweep_runs(now: datetime) -> None:
    """Settle lost runs and notifications, close and remind of questions, enqueue forgotten runs again.

    Each by itself: a row that one of them cannot read must not keep the others, or a worker, from going on.
    """
    forgotten = timedelta(seconds=site_config().runs.sweep_seconds)
    parts: tuple[Callable[[datetime], int], ...]
    parts = (
        settle_lost,
        expire,
        remind,
        settle_silent,
        release_held,
        partial(queue.wake_forgotten, older_than=forgotten),
    )
    for part in parts:
        _swept(partial(part, now))


def sweep_as_worker(clock: Callable[[], datetime]) -> None:
    """The same, and send again what did not arrive: that takes seconds, which the clock does not have."""
    sweep_runs(clock())
    send_told(clock)


def send_told(clock: Callable[[], datetime]) -> None:
    """Send what there is to tell, and what did not arrive before, as far as it is due."""
    _swept(partial(send_due, clock))


def _swept(part: Callable[[], int]) -> None:
    try:
        part()
    except DatabaseError:
        raise
    except Exception:
        logger.exception("A sweep of the runs failed; it is tried again")


def tidy(now: datetime) -> None:
    """Delete what only ever grows: heartbeats of dead processes, files half written."""
    Heartbeat.objects.filter(beat_at__lt=now - HEARTBEATS_KEPT).delete()
    mend_waiting(now)
    remove_leftovers(now)
