"""What the provider of the tests can answer, whatever wire format it is asked in."""

import json
from dataclasses import dataclass, field
from typing import Any

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Says:
    """An ordinary answer: words, tool calls, and what it cost. No tokens: the provider does not count."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    tokens_in: int | None = 100
    tokens_out: int | None = 10
    cached: int = 0
    model: str = ""
    ids: tuple[str, ...] = ()  # of the calls; the format's own without

    @property
    def raw_calls(self) -> list[tuple[str, str]]:
        """Name and arguments as they go over the wire."""
        return [(name, json.dumps(arguments)) for name, arguments in self.calls]


@dataclass(frozen=True)
class BrokenArguments(Says):
    """A tool call whose arguments are no JSON."""

    name: str = "report_to_user"
    raw: str = '{"type": "run_comp'

    @property
    def raw_calls(self) -> list[tuple[str, str]]:
        return [(self.name, self.raw)]


@dataclass(frozen=True)
class Empty(Says):
    """An answer without words and calls."""


@dataclass(frozen=True)
class Status:
    """An error of the provider's, in its own shape."""

    code: int
    message: str = "no"
    kind: str = "some_error"
    retry_after: str | None = None


@dataclass(frozen=True)
class Raw:
    """A body that is not what was asked for; 200 OK without another code."""

    body: str = "<html>It works</html>"
    content_type: str = "application/json"
    code: int = 200


@dataclass(frozen=True)
class Hangs:
    """No answer until the provider is closed; with ``midway`` the answer begins first."""

    midway: bool = False


@dataclass(frozen=True)
class Cuts:
    """The connection is closed in the middle of the answer."""

    says: Says = field(default_factory=lambda: Says("The kettle costs"))


Answer = Says | Status | Raw | Hangs | Cuts
