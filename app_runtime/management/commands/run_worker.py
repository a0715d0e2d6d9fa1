"""The worker's process."""

import logging
import os
import signal
import threading
from typing import Any

from django.core.management.base import CommandParser

from app_runtime import worker
from halo_site.datadir.config import site_config
from halo_site.management.base import HaloCommand

logger = logging.getLogger(__name__)


class Command(HaloCommand):
    help = "Works on queued runs until INT or TERM; with --once, on those that are queued now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="work on what is queued, print how many, and end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        draining = threading.Event()
        seconds = site_config().runs.drain_seconds

        def drain(number: int, frame: Any) -> None:
            # In a thread: the signal may have come while this one holds the lock of the event.
            threading.Thread(target=worker.drain, args=(draining, seconds), daemon=True).start()

        signal.signal(signal.SIGTERM, drain)
        signal.signal(signal.SIGINT, drain)
        if options["once"]:
            self.stdout.write(f"{worker.work_off(draining)} runs ended")
            return
        logger.info("Worker %s is ready", os.getpid())
        worker.Worker(draining).run()
