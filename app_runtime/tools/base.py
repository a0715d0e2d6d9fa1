"""What a tool is: a name, a sentence, the type of its arguments, and a function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from app_runtime.exceptions import ToolRefused


@dataclass(frozen=True)
class Tool:
    """One tool as it is offered to a run; ``why`` tells a person why the run has it."""

    name: str
    description: str
    why: str
    arguments: type[BaseModel]
    function: Callable[[Any], str]

    def call(self, arguments: dict[str, Any]) -> str:
        """Check the arguments and act. Raises `ToolRefused` with a sentence for the model."""
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
