"""What an engine is: something that makes one model turn out of a conversation (DESIGN §5.5)."""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from halo_site.datadir.ai_sources import ModelSource

if TYPE_CHECKING:
    from app_runtime.tools import Tool


@dataclass(frozen=True)
class ToolCall:
    """One call that a turn asks for; ``problem`` says why its arguments cannot be used, if they cannot.

    ``carried`` stands for long arguments wherever the call is written down or told again; None: they do.
    """

    id: str
    name: str
    arguments: dict[str, Any]
    problem: str = ""
    carried: dict[str, Any] | None = None

    def as_told(self) -> "ToolCall":
        """The call as the transcript and the conversation have it."""
        return self if self.carried is None else replace(self, arguments=self.carried, carried=None)


@dataclass(frozen=True)
class Message:
    """One line of the conversation: role ``user``, ``assistant`` or ``tool`` (the result of ``call_id``)."""

    role: str
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True)
class Turn:
    """What the model said and wants done. Tokens are None where the engine does not know them.

    ``tokens_in`` counts those out of a cache too. ``cost_picousd`` is in 1e-12 US dollars, None where nobody
    knows the price; ``price`` says where it came from.
    """

    text: str
    calls: tuple[ToolCall, ...] = ()
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    cost_picousd: int | None = None
    price: str = ""


@dataclass(frozen=True)
class Briefing:
    """What the engine is told before the first turn, exactly as it is sent."""

    instructions: str
    message: str
    tools: "tuple[Tool, ...]" = ()


class Engine(Protocol):
    """One engine, made for one run. ``source`` is the model source in use; None without one."""

    name: str

    @property
    def source(self) -> ModelSource | None: ...

    def turn(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn | Coroutine[Any, Any, Turn]:
        """Make one turn, at once or as work for the run's event loop. Raises `EngineError`."""
        ...

    def fall_back(self) -> bool:
        """Go over to the next source for the turns to come; False where there is none."""
        ...

    async def close(self) -> None:
        """Let go of connections, in the run's event loop."""
        ...


class LocalEngine:
    """What engines without a provider have in common: no source, nothing to fall back to or to close."""

    source: ModelSource | None = None

    def fall_back(self) -> bool:
        return False

    async def close(self) -> None:
        """There is nothing to let go of."""
