"""What clock and workers look after: runs that nobody works on any more, and runs that nobody was told of."""

from datetime import datetime, timedelta

from app_runtime import queue
from app_runtime.expiry import expire
from app_runtime.settlement import settle_lost
from halo_site.datadir.config import site_config
from halo_site.models import Heartbeat

# A process that was killed cannot take itself off the list.
HEARTBEATS_KEPT = timedelta(days=1)


def sweep_runs(now: datetime) -> None:
    """Settle lost runs, close questions whose time is over, and enqueue forgotten runs again."""
    settle_lost(now)
    expire(now)
    queue.wake_forgotten(now, timedelta(seconds=site_config().runs.sweep_seconds))


def tidy(now: datetime) -> None:
    """Delete what only ever grows: tasks that are over, and the heartbeats of dead processes."""
    queue.prune(now)
    Heartbeat.objects.filter(beat_at__lt=now - HEARTBEATS_KEPT).delete()
