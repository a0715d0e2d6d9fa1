"""What a tool is: a name, a sentence, the shape of its arguments, and a function."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from app_runtime.exceptions import ToolRefused


@cache
def _schema_of(arguments: type[BaseModel]) -> dict[str, Any]:
    """The same for every run: to make it anew took longer than all else of a run's beginning."""
    return arguments.model_json_schema()


@dataclass(frozen=True)
class Tool:
    """One tool as it is offered to a run; ``why`` tells a person why the run has it.

    ``arguments`` is their type, or their JSON Schema where another program checks them (an MCP server). The
    function gets the checked type or the plain object; it answers at once, or with something to wait for in
    the run's event loop (`app_runtime.waiting`), where no database may be touched.
    """

    name: str
    description: str
    why: str
    arguments: type[BaseModel] | dict[str, Any]
    function: Callable[[Any], str | Awaitable[str]]

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the arguments, as a model is told it."""
        if isinstance(self.arguments, dict):
            return self.arguments
        return _schema_of(self.arguments)

    def call(self, arguments: dict[str, Any]) -> str | Awaitable[str]:
        """Check the arguments and act. Raises `ToolRefused` with a sentence for the model."""
        if isinstance(self.arguments, dict):
            return self.function(arguments)
        try:
            checked = self.arguments.model_validate(arguments)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, p['loc'])) or 'arguments'}: {p['msg']}" for p in error.errors()
            )
            raise ToolRefused(
                f"{self.name} was not called: {problems}. Call it again with these put right."
            ) from error
        return self.function(checked)
