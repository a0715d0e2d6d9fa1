"""One run from its prompt to its end: engine and tools in turns until report_to_user (DESIGN §5.5, §5.6)."""

import json
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from app_runtime import prompt
from app_runtime.engines.base import Briefing, Engine, Message, ToolCall, Turn
from app_runtime.exceptions import CapReached, FolderMissing, LeaseLost, RunInterrupted, ToolRefused
from app_runtime.lease import Lease
from app_runtime.models import Run
from app_runtime.settlement import End
from app_runtime.statuses import Outcome, Status
from app_runtime.tools import Reports, tools_for
from app_runtime.transcript import transcript_of
from halo_site.datadir.config import RunSettings
from memory import documents, sections
from memory.exceptions import MemoryRefused
from memory.places import app_caller, app_place

logger = logging.getLogger(__name__)

CONTINUE = "You have not called report_to_user. Go on until the work is done, then report what came of it."


class Session:
    """Works on one claimed run. Time comes from ``clock``; ``stop`` says that the worker has to end.

    Raises `FolderMissing` where there is no place for the run's files.
    """

    def __init__(
        self, run: Run, engine: Engine, lease: Lease, settings: RunSettings,
        clock: Callable[[], datetime], stop: threading.Event,
    ) -> None:  # fmt: skip
        self.run, self.engine, self.lease, self.settings = run, engine, lease, settings
        self.clock, self.stop = clock, stop
        self.transcript = transcript_of(run)
        self.reports = Reports(run, clock)
        self.tools = tools_for(run, self.reports, clock)
        self.conversation: list[Message] = []
        self.turns = self.continued = 0

    def work(self) -> End:
        """Go through the whole run and say how it ended. Raises `LeaseLost` where it is no longer ours.

        Every failure of an engine or of the file system ends here as an exception of its own kind.
        """
        briefing = self._open()
        self.conversation.append(Message("user", briefing.message))
        while True:
            turn = self._turn(briefing)
            for call in turn.calls:
                self._call(call)
            if self.reports.ended or (self.reports.made and not turn.calls):
                return self._end()
            if not turn.calls and not self._go_on():
                sentence = (
                    f"The run ended without a report, although it was told {self.continued} times to go on."
                )
                return End(Status.ERROR, Outcome.ERROR, sentence)

    def _open(self) -> Briefing:
        """Open the memory for this run and write down the prompt as it is sent."""
        now = timezone.localtime(self.clock())
        briefing = prompt.briefing(self.run, memory=self._memory(), tools=tuple(self.tools), now=now)
        self.transcript.append(
            "prompt",
            self.clock(),
            engine=self.engine.name,
            instructions=briefing.instructions,
            message=briefing.message,
            tools=[{"name": tool.name, "why": tool.why} for tool in self.tools.values()],
        )
        return briefing

    def _memory(self) -> str:
        """Insert the run's heading and return the snapshot.

        A memory that is full or cannot be read does not stop the run, which alone can make it shorter: what
        was refused stands in the prompt.
        """
        place, caller = app_place(self.run.app_id), app_caller(self.run.app_id)
        if place is None or caller is None:
            raise FolderMissing(self.run.app)
        refused = ""
        try:
            documents.insert_history_heading(place, self.clock(), self.run.run_id)
        except MemoryRefused as error:
            refused = f"(The heading of this run could not be added: {error})\n\n"
        try:
            return refused + sections.snapshot(documents.read(caller, place, now=self.clock()) or "")
        except MemoryRefused as error:
            return f"{refused}(Your memory could not be read: {error})"

    def _turn(self, briefing: Briefing) -> Turn:
        self._may_go_on()
        if self.turns >= self.settings.model_turns:
            raise CapReached(f"The run reached its cap of {self.settings.model_turns} model turns.")
        self.turns += 1
        began = self._step()
        turn = self.engine.turn(briefing, tuple(self.conversation))
        self._count_tokens(turn)
        self.transcript.append(
            "model",
            self.clock(),
            step=self.run.step_count,
            ms=elapsed_ms(began),
            text=turn.text,
            model=turn.model,
            calls=[{"id": call.id, "name": call.name, "arguments": call.arguments} for call in turn.calls],
            tokensIn=turn.tokens_in,
            tokensOut=turn.tokens_out,
        )
        self.conversation.append(Message("assistant", turn.text, turn.calls))
        return turn

    def _call(self, call: ToolCall) -> None:
        self._may_go_on()
        began = self._step()
        result, is_refused = self._result_of(call)
        self.transcript.append(
            "tool",
            self.clock(),
            step=self.run.step_count,
            ms=elapsed_ms(began),
            id=call.id,
            name=call.name,
            arguments=call.arguments,
            result=result,
            refused=is_refused,
        )
        self.conversation.append(Message("tool", result, call_id=call.id))

    def _result_of(self, call: ToolCall) -> tuple[str, bool]:
        tool = self.tools.get(call.name)
        if tool is None:
            return f"There is no tool {json.dumps(call.name)}. You have: {', '.join(self.tools)}.", True
        try:
            return tool.call(call.arguments), False
        except ToolRefused as error:
            return str(error), True

    def _step(self) -> float:
        """Count the step before it starts: after a crash the row tells that one had."""
        if not self.run.start_step(self.clock(), self.lease.length):
            raise LeaseLost("The run is no longer this worker's.")
        return time.monotonic()

    def _go_on(self) -> bool:
        """Tell the engine to continue; False when it was told often enough."""
        if self.continued >= self.settings.auto_continues:
            return False
        self.continued += 1
        self.transcript.append("continue", self.clock(), text=CONTINUE, count=self.continued)
        self.conversation.append(Message("user", CONTINUE))
        return True

    def _may_go_on(self) -> None:
        if self.lease.is_lost:
            raise LeaseLost("The run is no longer this worker's.")
        if self.stop.is_set():
            raise RunInterrupted("its worker was stopped")
        limit = timedelta(minutes=self.settings.wall_clock_minutes)
        if self.clock() - self.run.started_at > limit:
            raise CapReached(f"The run took longer than its cap of {self.settings.wall_clock_minutes:g} min.")

    def _count_tokens(self, turn: Turn) -> None:
        known = [count for count in (turn.tokens_in, turn.tokens_out) if count is not None]
        if known:
            self.run.tokens_used = (self.run.tokens_used or 0) + sum(known)
        self.run.model = turn.model or self.run.model

    def _end(self) -> End:
        if self.reports.asked:
            return End(Status.WAITING_USER, Outcome.USEFUL)
        told_something = any(kind != "run_skipped" for kind in self.reports.made)
        return End(Status.OK, Outcome.USEFUL if told_something else Outcome.NOOP)


def elapsed_ms(began: float) -> int:
    """Whole milliseconds since ``began``, a monotonic time."""
    return round((time.monotonic() - began) * 1000)
