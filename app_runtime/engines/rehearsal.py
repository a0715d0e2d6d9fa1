"""The engine of an installation without a model: it goes through a run's motions and says so.

It is deterministic and touches nothing but the app's own memory and thread (DESIGN §5.5). It reads the real
spec, configuration and memory, tells which tools the app would have, writes one line marked as rehearsal and
asks one question where the spec has escalation on and the app has asked none yet. It never notifies.
"""

from collections.abc import Sequence

from app_runtime.engines.base import Briefing, LocalEngine, Message, ToolCall, Turn
from app_runtime.models import REHEARSAL, Entry, Run


class RehearsalEngine(LocalEngine):
    """One rehearsed run: read the memory, write a line, then ask or report."""

    name = REHEARSAL

    def __init__(self, run: Run) -> None:
        self.run = run
        self.app = run.app
        self.spec = run.app.parsed_spec

    def turn(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        """The next of three turns, told by how many this conversation has had."""
        made = sum(message.role == "assistant" for message in conversation)
        steps = (self._read, self._write, self._finish)
        return steps[min(made, 2)](briefing, conversation)

    def _read(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        text = f"Rehearsal: no model is set up, so none of {self.app.name}'s instructions are carried out."
        return self._call(text, "memory_read", {"scope": "app", "mode": "headers"}, made=0)

    def _write(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        line = f"- rehearsal of run {self.run.short_id}: nothing was fetched, sent or decided"
        arguments: dict[str, object] = {"scope": "app", "content": line, "mode": "append"}
        return self._call("Rehearsal: I leave one line in the memory.", "memory_write", arguments, made=1)

    def _finish(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        arguments: dict[str, object]
        if self._asks():
            arguments = {
                "type": "escalation",
                "message": f"Rehearsal: did the question of {self.app.name} reach you?",
                "choices": ["Yes", "No"],
                "data": "A rehearsal asks once, to show how the app would. Nothing depends on the answer.",
            }
        else:
            arguments = {"type": "run_complete", "message": self._report(briefing)}
        return self._call("Rehearsal: I report.", "report_to_user", arguments, made=2)

    def _asks(self) -> bool:
        escalation = self.spec.escalation
        if escalation is None or escalation.enabled is False:
            return False
        # Once is enough: whether it was answered, is open, or expired.
        return not Entry.objects.filter(app=self.app).questions().exists()

    def _report(self, briefing: Briefing) -> str:
        values = self.app.configuration
        known = ", ".join(sorted(values)) or "none"
        granted = ", ".join(self.app.access.effective) or "nothing besides"
        return (
            "Rehearsal: nothing was fetched, sent or decided, because no model is set up.\n"
            f"Spec: {self.spec.name} {self.spec.version}. Configuration: {known}. "
            f"Tools it would have: {', '.join(tool.name for tool in briefing.tools)}. Granted: {granted}."
        )

    def _call(self, text: str, tool: str, arguments: dict[str, object], *, made: int) -> Turn:
        call = ToolCall(f"{self.run.short_id}-{made + 1}", tool, arguments)
        return Turn(text, (call,), model="", tokens_in=None, tokens_out=None)
