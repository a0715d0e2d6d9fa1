"""What clock and workers look after: runs that nobody works on any more, and runs that nobody was told of."""

from datetime import datetime, timedelta

from app_runtime import queue
from app_runtime.settlement import settle_lost
from halo_site.datadir.config import site_config


def sweep_runs(now: datetime) -> None:
    """Settle lost runs and enqueue forgotten ones again."""
    settle_lost(now)
    queue.wake_forgotten(now, timedelta(seconds=site_config().runs.sweep_seconds))
