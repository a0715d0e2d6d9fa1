"""The arguments of the three memory tools, as models: their JSON Schema is what a language model is shown."""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from memory.exceptions import MemoryRefused
from memory.sections import TAIL_LINES

ScopeName = Literal["user", "space", "app"]
SCOPE = "Whose memory: the user's, that of the space, or the app's own."


class ToolArguments(BaseModel):
    """Only the named arguments are accepted: one that is ignored would look as if it had worked."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadArguments(ToolArguments):
    """Read a memory file, or a part of it."""

    scope: ScopeName = Field(description=SCOPE)
    mode: Literal["full", "headers", "section", "tail"] = Field(
        "full",
        description="full: the whole text. headers: the headings with line numbers. "
        "section: one section (say which in section). tail: the last lines (say how many in limit).",
    )
    section: str | None = Field(None, description="A part of the heading of the wanted section.")
    limit: int = Field(TAIL_LINES, ge=1, le=1_000_000, description="How many lines tail returns.")
    path: str | None = Field(
        None, description="A file of the memory folder as memory_list names it; without it, the main file."
    )


class WriteArguments(ToolArguments):
    """Add to the main memory file, or replace it."""

    scope: ScopeName = Field(description=SCOPE)
    content: str = Field(description="Markdown text.")
    mode: Literal["append", "replace"] = Field(
        description="append: add the text at the end. replace: the text becomes the whole file."
    )


class ListArguments(ToolArguments):
    """List the memory files of a scope."""

    scope: ScopeName = Field(description=SCOPE)


Arguments = TypeVar("Arguments", bound=ToolArguments)


def parse_arguments(model: type[Arguments], raw: dict[str, Any]) -> Arguments:
    """Return the arguments of a call; raise `MemoryRefused` with one sentence that names every problem."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(_problem(dict(item)) for item in error.errors(include_url=False))
        known = ", ".join(model.model_fields)
        raise MemoryRefused(f"The call was not understood: {problems}. The arguments are {known}.") from error


def _problem(item: dict[str, Any]) -> str:
    name = ".".join(str(part) for part in item["loc"]) or "the arguments"
    if item["type"] == "extra_forbidden":
        return f"there is no argument “{name[:60]}”"
    if item["type"] == "missing":
        return f"{name} is missing"
    return f"{name}: {item['msg'][:1].lower()}{item['msg'][1:]}"
