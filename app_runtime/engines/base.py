"""What an engine is: something that makes one model turn out of a conversation (DESIGN §5.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class ToolCall:
    """One call that a turn asks for."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Message:
    """One line of the conversation: role ``user``, ``assistant`` or ``tool`` (the result of ``call_id``)."""

    role: str
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True)
class Turn:
    """What the model said and wants done. Tokens are None where the engine does not know them."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True)
class Briefing:
    """What the engine is told before the first turn, exactly as it is sent."""

    instructions: str
    message: str
    tools: tuple[str, ...] = field(default_factory=tuple)


class Engine(Protocol):
    """One engine, made for one run."""

    name: str

    def turn(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        """Make one turn. Raises `EngineError`."""
        ...
