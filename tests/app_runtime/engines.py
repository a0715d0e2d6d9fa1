"""Engines that do what a test says, turn by turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app_runtime.engines.base import Briefing, LocalEngine, Message, ToolCall, Turn

Script = Turn | BaseException | Callable[[], Turn]


@dataclass
class ScriptedEngine(LocalEngine):
    """Answers with the given turns; an exception is raised, a function called. Then it says nothing more."""

    script: Sequence[Script]
    name: str = "scripted"
    briefings: list[Briefing] = field(default_factory=list)
    heard: list[tuple[Message, ...]] = field(default_factory=list)

    def turn(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        position = len(self.heard)
        self.briefings.append(briefing)
        self.heard.append(tuple(conversation))
        if position >= len(self.script):
            return Turn("I have nothing more to say.")
        step = self.script[position]
        if isinstance(step, BaseException):
            raise step
        return step if isinstance(step, Turn) else step()


def call(name: str, id: str = "c1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, arguments)


def says(*calls: ToolCall, text: str = "", **facts: Any) -> Turn:
    return Turn(text, calls, **facts)


def report(type: str = "run_complete", message: str = "The kettle costs 20.", **more: Any) -> Turn:
    """A turn that reports."""
    return says(call("report_to_user", type=type, message=message, **more))


def look() -> Turn:
    """A turn that reads the memory: one step that changes nothing."""
    return says(call("memory_read", scope="app", mode="headers"))
