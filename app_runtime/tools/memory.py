"""The three memory tools as a run has them: always its own memory, the space's where that was granted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app_runtime.exceptions import ToolRefused
from app_runtime.models import Run
from app_runtime.tools.base import Tool
from memory.exceptions import MemoryRefused
from memory.permissions import Caller
from memory.places import app_caller
from memory.tools import ListArguments, ReadArguments, WriteArguments, memory_list, memory_read, memory_write


def memory_tools(run: Run, clock: Callable[[], datetime]) -> tuple[Tool, ...]:
    """memory_read, memory_write and memory_list with the rights of the run's app."""

    def read(caller: Caller, arguments: Any) -> str:
        return memory_read(caller, **arguments.model_dump(), now=clock())

    def write(caller: Caller, arguments: Any) -> str:
        return memory_write(caller, **arguments.model_dump(), now=clock(), run_id=run.run_id)

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
