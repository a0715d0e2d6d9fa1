"""Runs, entries and answers as they leave this program (halo-facts §2.3, §8, the later shapes included)."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from halo_site.contract import Document, EpochMs, Record

# The words of app_runtime/statuses.py; a test keeps both equal
Status = Literal["queued", "running", "ok", "error", "skipped", "waiting_user", "cancelled"]
Outcome = Literal["useful", "noop", "error", "skipped"]
Delivery = Literal["none", "pending", "sent", "failed"]
Trigger = Literal["schedule", "event", "manual", "escalation_followup", "continue_followup"]
NotificationKind = Literal[
    "notify", "question", "reminder", "closed", "report", "failure", "recovery", "digest", "test"
]
NotificationState = Literal["pending", "held", "merged", "dropped", "sent", "failed"]
Via = Literal["web", "link", "command"]
EntryType = Literal["run_complete", "run_skipped", "run_error", "milestone", "escalation", "output"]


class Source(Document):
    """Who made an entry."""

    kind: Literal["automation", "team", "chat", "upgrade", "unknown"]
    app_id: str | None = Field(None, description="the app")
    run_id: str | None = Field(None, description="the run, where one made it")
    step: int | None = Field(None, ge=1, description="the step of that run in which it was made")
    session_key: str | None = Field(None, description="the conversation, where one made it")
    team_id: str | None = Field(None, description="the team, where one made it")


class TokenUsage(Document):
    """What a run has used, in tokens."""

    input_tokens: int = Field(0, ge=0)
    output_tokens: int = Field(0, ge=0)
    cache_read_tokens: int = Field(0, ge=0)
    cache_creation_tokens: int = Field(0, ge=0)


class Content(Document):
    """What every entry may say; `content_json` of a row."""

    summary: str = Field(description="what happened, for people")
    status: Literal["ok", "error", "skipped"] | None = Field(None, description="how its run ended, if it did")
    data: JsonValue = Field(None, description="what the app reports with it")
    data_path: str | None = Field(None, description="a file with what it reports")
    output_url: str | None = Field(None, description="an address of what it made")
    source: Source | None = Field(None, description="who made the entry")
    token_usage: TokenUsage | None = Field(None, description="what its run has used")
    team_context: dict[str, Any] | None = Field(None, description="the team's task, where it belongs to one")


class SkippedContent(Content):
    """Of a run that found nothing to do, or did not happen."""

    skipped_schedules: JsonValue = Field(None, description="due times that it stands for")


class Connection(Document):
    """A connection that a run lacked."""

    id: str
    name: str
    state: str = Field(description="what was wrong with it")


class ErrorContent(Content):
    """Of a run that failed; written by the program, not by the app."""

    error: str | None = Field(None, description="why it failed")
    duration_ms: int | None = Field(None, description="how long it ran, in milliseconds")
    next_retry_ms: int | None = Field(None, description="when it is tried again: milliseconds since 1970 UTC")
    resume_available: bool | None = Field(None, description="whether it can go on where it stopped")
    stopped: bool | None = Field(None, description="whether a person stopped it")
    missing_connections: list[Connection] | None = Field(None, description="what it lacked")


class MilestoneContent(Content):
    """Of something worth knowing on the way."""

    upgrade: JsonValue = Field(None, description="what an upgrade of the app kept")


class Question(Document):
    """One question of an escalation; free text is always possible."""

    question: str
    choices: list[str] | None = Field(None, description="suggested answers; absent or null: none")


class Resolution(Document):
    """How a question ended without an answer."""

    reason: Literal["task_closed", "dismissed", "expired", "legacy_system_closed"]


class EscalationContent(Content):
    """Of a question to a person. One is in `question` and `choices`, several are in `questions`."""

    question: str | None = Field(None, description="the question; absent: the summary is")
    choices: list[str] | None = Field(None, description="suggested answers; absent or null: none")
    questions: list[Question] | None = Field(None, description="several questions; answered in this order")
    deadline_at: EpochMs | None = Field(
        None, description="when it expires: milliseconds since 1970 UTC; absent or null: never"
    )
    deadline_review_required: bool | None = Field(
        None, description="whether a person must confirm the deadline"
    )
    deadline_review: dict[str, Any] | None = Field(None, description="what the deadline was before")
    resolution: Resolution | None = Field(None, description="how it ended without an answer")


class Reply(Document):
    """The answer to one question: a choice, or words, or both."""

    choice: str | None = Field(None, description="one of the choices")
    text: str | None = Field(None, description="the person's own words")


class AnswerRecord(Reply):
    """What a person answered: to one question `choice` and `text`, to several `answers`, in their order."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [key]} for key in ("choice", "text", "answers")]}
    )

    ts: EpochMs = Field(description="when: milliseconds since 1970 UTC")
    answers: list[Reply] | None = Field(None, description="one for each of the questions")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.choice is None and self.text is None and self.answers is None:
            raise ValueError("an answer has a choice, a text or answers")
        return self


class EntryFacts(Record):
    """One line of an app's activity thread: a row of `activity_entries`."""

    id: str = Field(description="a UUID v4")
    app_id: str = Field(description="the app")
    run_id: str = Field(description="the run that made it; chat or upgrade: no run did")
    ts: EpochMs = Field(description="when: milliseconds since 1970 UTC")
    session_key: str | None = Field(description="the conversation; null: none")
    user_response: AnswerRecord | None = Field(
        description="what a person answered; null: nothing; column user_response_json"
    )
    closed_at: EpochMs | None = Field(
        description="when a question ended without an answer: milliseconds since 1970 UTC; null: it did not"
    )
    decided_at: EpochMs | None = Field(
        description="when a person answered or dismissed it: milliseconds since 1970 UTC; null: nobody has",
    )
    decided_by: str | None = Field(description="who did, such as person:anna; null: nobody has")
    decided_via: Via | None = Field(description="how that reached us; null: nobody has")
    followup_run_id: str | None = Field(description="the run that has the answer; null: none")


class CompleteEntry(EntryFacts):
    """A run is done."""

    type: Literal["run_complete"]
    content: Content


class SkippedEntry(EntryFacts):
    """A run found nothing to do, or did not happen."""

    type: Literal["run_skipped"]
    content: SkippedContent


class ErrorEntry(EntryFacts):
    """A run failed."""

    type: Literal["run_error"]
    content: ErrorContent


class MilestoneEntry(EntryFacts):
    """Something worth knowing on the way."""

    type: Literal["milestone"]
    content: MilestoneContent


class OutputEntry(EntryFacts):
    """Something was made."""

    type: Literal["output"]
    content: Content


class EscalationEntry(EntryFacts):
    """A person is asked."""

    type: Literal["escalation"]
    content: EscalationContent


EntryRecord = Annotated[
    CompleteEntry | SkippedEntry | ErrorEntry | MilestoneEntry | OutputEntry | EscalationEntry,
    Field(discriminator="type"),
]


class OddEntry(Record):
    """A row of `activity_entries` that is not as documented: another program or a later version wrote it."""

    problem: str = Field(description="what is wrong with it")
    id: str
    app_id: str
    run_id: str
    type: str = Field(description="as it stands in the row")
    ts: EpochMs | None = Field(
        description="milliseconds since 1970 UTC; null: outside of the years 1 to 9999"
    )
    session_key: str | None
    content: JsonValue = Field(description="as it stands in the row")
    user_response: JsonValue = Field(description="as it stands in the row")
    closed_at: EpochMs | None = Field(description="milliseconds since 1970 UTC")
    decided_at: EpochMs | None = Field(description="milliseconds since 1970 UTC")
    decided_by: str | None = Field(description="as it stands in the row")
    decided_via: str | None = Field(description="as it stands in the row")
    followup_run_id: str | None = Field(description="as it stands in the row")


class RunRecord(Record):
    """One run: a row of `automation_runs` with its entries. Times are milliseconds since 1970 UTC."""

    run_id: str = Field(description="a UUID v4")
    app_id: str = Field(description="the app")
    app_name: str = Field(description="what people call the app")
    session_key: str = Field(description="app-run- and the first 8 characters of the run's id")
    session_id: str | None = Field(description="the engine's name of its conversation; null: it has none")
    status: Status = Field(description="how far its execution is")
    outcome: Outcome | None = Field(description="what came of it; null: not known yet")
    delivery: Delivery = Field(description="whether its messages reached their channels")
    engine: str = Field(
        description="what it ran on; rehearsal: no model took part; empty: it has not started"
    )
    model: str = Field(description="the model's name; empty: none")
    trigger_type: Trigger = Field(description="what started it")
    trigger_data: dict[str, Any] | None = Field(
        description="more about that, such as an event's payload; null: nothing; column trigger_data_json"
    )
    parent_run_id: str | None = Field(description="the run that it continues; null: none")
    queued_at: EpochMs = Field(description="when it was asked for")
    started_at: EpochMs = Field(description="when it began; while it is queued, when it was asked for")
    finished_at: EpochMs | None = Field(description="when it ended; null: not yet")
    duration_ms: int | None = Field(description="from start to end, in milliseconds; null: not yet")
    step_count: int = Field(ge=0, description="model turns and tool calls that have started")
    spec_version: str = Field(description="of the spec that it ran; empty: it has not started")
    waiting_ms: int = Field(ge=0, description="time spent waiting for the model's provider, in milliseconds")
    requeues: int = Field(ge=0, description="how often its worker was lost before its first step")
    cancel_requested_at: EpochMs | None = Field(
        description="when somebody asked to stop it; null: nobody did"
    )
    cancelled_by: str = Field(description="who asked to stop it; empty: nobody did")
    tokens_used: int | None = Field(
        ge=0, description="tokens in and out, of the turns whose size is known; null: unknown"
    )
    tokens_in: int | None = Field(
        ge=0, description="of these, those that went in, from caches too; null: unknown"
    )
    tokens_out: int | None = Field(ge=0, description="of these, those that came out; null: unknown")
    tokens_cached: int | None = Field(
        ge=0, description="of the tokens in, those out of a provider's cache; null: unknown"
    )
    turns_unknown: int = Field(
        ge=0, description="model turns, answered or not, whose tokens nobody knows: they are in none of these"
    )
    cost_microusd: int | None = Field(
        ge=0, description="millionths of a US dollar, of the turns whose price is known; null: unknown"
    )
    turns_unpriced: int = Field(
        ge=0, description="model turns, answered or not, whose price nobody knows: they are not in the cost"
    )
    error_message: str | None = Field(description="why it failed; null: it did not")
    entries: list[EntryRecord | OddEntry] = Field(description="what it wrote, the oldest first")


class NotificationRecord(Record):
    """One message on its way to one target: a row of `deliveries`. Times are milliseconds since 1970 UTC."""

    id: str = Field(description="a UUID v4")
    app_id: str | None = Field(description="the app; null: a digest of several, or a test")
    run_id: str = Field(description="the run that it is about; empty: none")
    entry_id: str = Field(description="the entry that it is about; empty: none")
    step: int | None = Field(ge=0, description="the step of the run that sent it; null: none did")
    kind: NotificationKind = Field(description="why it is sent")
    target_id: str = Field(description="the target, as config.json names it")
    target_name: str = Field(description="what people called the target then")
    title: str = Field(description="plain text, secrets masked")
    text: str = Field(description="plain text, secrets masked")
    state: NotificationState = Field(description="how far it is on its way")
    attempts: int = Field(ge=0, description="how often it was tried to send it")
    next_try_at: EpochMs | None = Field(description="when it is tried; null: it is being sent, or has ended")
    sending_until: EpochMs | None = Field(
        description="it is being sent; after this moment whoever did so counts as lost; null: it is not"
    )
    last_error: str = Field(description="why the last try failed; empty: it did not, or there was none")
    topic: str = Field(description="equal for failures of one app with equal words; empty: no failure")
    reason: str = Field(
        description="why it is held, went out in quiet hours, or is not needed; empty: none of it"
    )
    held_until: EpochMs | None = Field(description="until when it is held back; null: it is not")
    carried_by: str = Field(description="the notification that it went out in; empty: by itself")
    created_at: EpochMs = Field(description="when it was made")
    sent_at: EpochMs | None = Field(description="when the target took it; null: it has not")
