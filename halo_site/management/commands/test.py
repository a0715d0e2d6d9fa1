"""Runs the test suite with pytest."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

# One more than there are cores, since many tests wait; the tests of a file stay together: some share a site
WHOLE_SUITE = ["-n", str(min((os.cpu_count() or 1) + 1, 8)), "--dist", "loadfile"]


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
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell
