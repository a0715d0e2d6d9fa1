"""What the tools that only read answer: plain types. Times are milliseconds since 1970 UTC."""

from pydantic import BaseModel, ConfigDict, Field

from app_runtime.contracts import RunRecord


class Listed(BaseModel):
    """One row or one answer; words of other programs in a row are given as they stand there."""

    model_config = ConfigDict(frozen=True)


class ListedApp(Listed):
    """One app, without its configuration: that may hold what is nobody else's business."""

    id: str
    name: str
    description: str
    space_id: str | None
    status: str
    problem: str = Field(description="why it stands still or cannot run; empty: it does not")
    last_run_at: int | None
    last_run_outcome: str | None
    pending_escalation_id: str | None = Field(description="its oldest open question")


class ListedApps(Listed):
    """Apps, the last installed first."""

    apps: list[ListedApp]
    more: bool = Field(description="whether there are more than the limit")


class ListedRun(Listed):
    """One run, as a list shows it."""

    run_id: str
    app_id: str
    app_name: str
    status: str
    outcome: str | None
    delivery: str
    trigger_type: str
    engine: str
    model: str
    started_at: int | None
    finished_at: int | None
    duration_ms: int | None
    tokens_used: int | None = Field(description="null: unknown")
    cost_microusd: int | None = Field(description="null: unknown")
    error_message: str | None


class ListedRuns(Listed):
    """Runs, the newest first."""

    runs: list[ListedRun]
    next: str | None = Field(
        description="what before has to be for the next older ones; null: there are none"
    )


class AskedQuestion(Listed):
    """One question of an entry."""

    question: str
    choices: list[str]


class ListedQuestion(Listed):
    """One entry that asks a person; free text is always possible."""

    id: str
    app_id: str
    app_name: str
    run_id: str
    ts: int | None
    summary: str
    questions: list[AskedQuestion]
    deadline_at: int | None = Field(description="null: it never expires")


class ListedQuestions(Listed):
    """Open questions, the newest first."""

    questions: list[ListedQuestion]
    next: str | None


class RunStep(Listed):
    """One step of a run, its texts cut where they are long."""

    number: int = Field(description="0: it happened between two steps")
    kind: str
    what: str
    said: str
    arguments: str
    result: str
    is_bad: bool
    duration_ms: int
    tokens: int | None


class ShownRun(Listed):
    """A run's record with its newest steps, the oldest of them first."""

    run: RunRecord
    steps: list[RunStep]
    earlier_steps: int = Field(description="how many steps before these are not shown")
    steps_problem: str = Field(description="why the steps cannot be read; empty: they can")
