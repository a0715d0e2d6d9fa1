"""Runs the test suite with pytest."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

# One more than there are cores, since many tests wait; the tests of a file stay together: some share a site.
# The files keep our order (tests/conftest.py).
WHOLE_SUITE = [
    *("-n", str(min((os.cpu_count() or 1) + 1, 8)), "--dist", "loadfile", "--no-loadscope-reorder"),
]
MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory; what is made in it gets a name of its own
ENOUGH = 4 * 1024**3  # bytes; the whole suite leaves less than that behind


class Command(BaseCommand):
    help = "Runs the tests on all cores; what follows goes to pytest instead: test tests/scheduler -k slot"
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand everything to pytest as it is: it knows its own options best."""
        self.execute(pytest_arguments=argv[2:])

    def execute(self, *args: Any, **options: Any) -> None:
        os.chdir(settings.BASE_DIR)
        # Else each worker, and each command that tests start, compiles everything again
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-m", "pytest", *(options.get("pytest_arguments") or WHOLE_SUITE)]
        signal.signal(signal.SIGINT, lambda number, frame: None)  # pytest hears it too, and ends in order
        with tempfile.TemporaryDirectory(dir=_place(), prefix="halo-site-tests-") as scratch:
            os.environ["TMPDIR"] = scratch
            sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own interpreter


def _place() -> Path | None:
    """Where the tests keep their files: in memory, if there is enough; None for the usual place.

    They make some 100,000 folders, and on some disks it takes a millisecond to remove an empty one.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free > ENOUGH else None
