"""An engine that takes its time, for tests that end its worker: news by news, then it is done."""

import os
import time
from collections.abc import Sequence

from app_runtime.engines.base import Briefing, LocalEngine, Message, ToolCall, Turn
from app_runtime.models import Run


class SlowEngine(LocalEngine):
    """SLOW_TURNS times news, each after SLOW_SECONDS, then run_complete."""

    name = "slow"

    def __init__(self, run: Run) -> None:
        self.run = run

    def turn(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        time.sleep(float(os.environ["SLOW_SECONDS"]))
        made = sum(message.role == "assistant" for message in conversation)
        is_last = made >= int(os.environ["SLOW_TURNS"])
        arguments = {"type": "run_complete" if is_last else "milestone", "message": f"news {made}"}
        return Turn("", (ToolCall(f"c{made}", "report_to_user", arguments),))
