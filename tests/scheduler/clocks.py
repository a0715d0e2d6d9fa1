"""Real clock processes on the database of the tests."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.utils import timezone

from halo_site.models import Heartbeat
from tests.forking import Forked
from tests.processes import eventually, start


def database_url() -> str:
    """How a process of its own reaches the database that this test uses."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    user, password = quote(facts["USER"]), quote(facts["PASSWORD"])
    return f"postgresql://{user}:{password}@{facts['HOST']}:{facts['PORT']}/{quote(str(facts['NAME']))}"


def start_clock() -> Forked:
    return start(Path(settings.HALO_DATA_DIR), "run_clock", DATABASE_URL=database_url())


@contextmanager
def clocks(number: int) -> Iterator[list[Forked]]:
    """So many clocks that tick; whatever is in the list at the end is ended."""
    running = [start_clock() for _ in range(number)]
    try:
        eventually(lambda: all(map(ticks, running)))
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.communicate(timeout=20)


def ticks(process: Forked) -> bool:
    """Whether this clock has said that it lives, just now."""
    young = Heartbeat.objects.kind("clock").younger_than(timedelta(seconds=5), timezone.now())
    return bool(young.filter(pid=process.pid).exists())


def kill(process: Forked) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()
