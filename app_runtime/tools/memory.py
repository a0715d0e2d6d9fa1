"""The three memory tools as a run has them: always its own memory, the space's where that was granted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app_runtime.exceptions import ToolRefused
from app_runtime.models import Run
from app_runtime.tools.base import Tool
from halo_site.masking import Masker
from memory.exceptions import MemoryRefused
from memory.permissions import Caller
from memory.places import app_caller
from memory.tools import ListArguments, ReadArguments, WriteArguments, memory_list, memory_read, memory_write

HIDDEN = " What it held of secrets was replaced before it was written."


def memory_tools(run: Run, clock: Callable[[], datetime], masker: Masker) -> tuple[Tool, ...]:
    """memory_read, memory_write and memory_list with the rights of the run's app; no secret is written."""

    def read(caller: Caller, arguments: Any) -> str:
        return memory_read(caller, **arguments.model_dump(), now=clock())

    def write(caller: Caller, arguments: Any) -> str:
        return _written(caller, arguments.model_dump(), masker, now=clock(), run_id=run.run_id)

    def listing(caller: Caller, arguments: Any) -> str:
        return memory_list(caller, **arguments.model_dump())

    def refusing(function: Callable[[Caller, Any], str]) -> Callable[[Any], str]:
        def call(arguments: Any) -> str:
            caller = app_caller(run.app_id)
            if caller is None:
                raise ToolRefused("This app is not installed any more, so it has no memory.")
            try:
                return function(caller, arguments)
            except MemoryRefused as error:
                raise ToolRefused(str(error)) from error

        return call

    why = "always on: its own memory" + (", and its space's" if run.app.access.allows("memory.space") else "")
    return (
        Tool("memory_read", str(ReadArguments.__doc__), why, ReadArguments, refusing(read)),
        Tool("memory_write", str(WriteArguments.__doc__), why, WriteArguments, refusing(write)),
        Tool("memory_list", str(ListArguments.__doc__), why, ListArguments, refusing(listing)),
    )


def _written(caller: Caller, wanted: dict[str, Any], masker: Masker, *, now: datetime, run_id: str) -> str:
    masked = wanted | {"content": masker.text(wanted["content"])}
    told = memory_write(caller, **masked, now=now, run_id=run_id)
    return told if masked == wanted else told + HIDDEN
