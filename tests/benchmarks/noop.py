"""Work that is none: an engine whose runs report at once, one that takes a known time, and a plain task."""

import os
import time
from collections.abc import Sequence

from django_tasks import task

from app_runtime.engines.base import Briefing, LocalEngine, Message, ToolCall, Turn
from app_runtime.models import Run

REPORT = {"type": "run_skipped", "message": "Nothing to do."}


class NoOpEngine(LocalEngine):
    """One turn that reports, after ``NOOP_SECONDS`` (0 unless the environment says otherwise)."""

    name = "noop"

    def __init__(self, run: Run) -> None:
        self.seconds = float(os.environ.get("NOOP_SECONDS", "0"))

    def turn(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        if self.seconds:
            time.sleep(self.seconds)
        return Turn("", (ToolCall("c1", "report_to_user", REPORT),))


@task()
def nothing(key: str) -> None:
    """What the task library alone is measured with."""
