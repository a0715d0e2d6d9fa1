"""The arguments of the tools that only read; those of the memory tools are memory's own."""

from pydantic import Field

from app_manager.contracts import AppStatus
from app_runtime.contracts import Status
from memory.arguments import ToolArguments

BEFORE = "Where the next older ones begin: the value of next in the answer before; without it, the newest."
APP = "Only those of one app: its id, as apps_list gives it."


class AppsArguments(ToolArguments):
    """Which apps."""

    space: str | None = Field(None, description="Only the apps of one space: its id.")
    status: AppStatus | None = Field(
        None, description="Only the apps that stand there; without it, all that are installed."
    )
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


class RunsArguments(ToolArguments):
    """Which runs."""

    app: str | None = Field(None, description=APP)
    status: Status | None = Field(None, description="Only the runs that are that far.")
    limit: int = Field(20, ge=1, le=100, description="How many at most.")
    before: str | None = Field(None, description=BEFORE)


class RunArguments(ToolArguments):
    """Which run."""

    run_id: str = Field(description="The run's id, as runs_list gives it.")
    steps: int = Field(30, ge=0, le=300, description="How many of its steps, the newest.")


class QuestionsArguments(ToolArguments):
    """Which open questions."""

    app: str | None = Field(None, description=APP)
    limit: int = Field(20, ge=1, le=100, description="How many at most.")
    before: str | None = Field(None, description=BEFORE)
