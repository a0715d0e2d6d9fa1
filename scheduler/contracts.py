"""Jobs and slots as they leave this program (halo-facts §2.1, DESIGN §3)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from halo_site.contract import Document, EpochMs, Record

# The words of scheduler/statuses.py; a test keeps both equal
JobStatus = Literal["idle", "running", "paused", "disabled"]
Verdict = Literal["ran", "late", "merged", "skipped", "missed", "error"]
SkipReason = Literal["", "paused", "overlap", "limit", "budget", "filter"]
Outcome = Literal["useful", "noop", "error", "skipped"]


class Every(Document):
    """A fixed interval."""

    kind: Literal["every"]
    every: str = Field(description="digits and one of s, m, h, d; at least 10 s", examples=["30m"])


class Cron(Document):
    """A rule on the wall clock of a zone."""

    kind: Literal["cron"]
    cron: str = Field(description="5 fields, or 6 with seconds first", examples=["0 9 * * *"])
    timezone: str | None = Field(None, description="IANA zone; absent: the server's")


class Once(Document):
    """One moment."""

    kind: Literal["once"]
    once: EpochMs = Field(description="milliseconds since 1970 UTC")


Schedule = Annotated[Every | Cron | Once, Field(discriminator="kind")]


class JobRecord(Record):
    """A schedule and where it stands: a row of `scheduler_jobs`. Times are milliseconds since 1970 UTC."""

    id: str = Field(description="for a job of an app: its app's id, a colon, its subscription's id")
    name: str = Field(description="the app's name, a dash, the subscription's id")
    schedule: Schedule = Field(description="when it is due; column schedule_json")
    enabled: bool = Field(description="whether the clock looks at it")
    anchor_ms: EpochMs = Field(description="where an interval is counted from")
    next_run_at_ms: EpochMs | None = Field(description="the next due time; null: none (0 in the table)")
    last_run_at_ms: EpochMs | None = Field(description="when its last run began; null: never")
    running_at_ms: EpochMs | None = Field(description="since when it is running; null: it is not")
    consecutive_errors: int = Field(ge=0, description="failed runs in a row; at 5 it is disabled")
    status: JobStatus = Field(description="what it is doing")
    metadata: dict[str, Any] | None = Field(description="what its owner keeps with it; column metadata_json")
    created_at: EpochMs = Field(description="when it was made")
    updated_at: EpochMs = Field(description="when its row was last written")
    kind: str = Field(description="who answers for it; app: an installed app")


class SlotRecord(Record):
    """One due time of a job: a row of `scheduler_run_log`. Times are milliseconds since 1970 UTC."""

    id: int = Field(description="counts up")
    job_id: str = Field(description="the job")
    due_at_ms: EpochMs = Field(description="the due time; unique for a job")
    verdict: Verdict = Field(description="what became of it; late: over 60 s, merged: one run for several")
    reason: SkipReason = Field(description="why it was skipped; empty: it was not")
    merged_count: int = Field(ge=1, description="how many due times this row stands for")
    started_at: EpochMs | None = Field(description="when its run began; null: none has")
    finished_at: EpochMs | None = Field(description="when its run ended; null: not yet")
    duration_ms: int | None = Field(description="of its run, in milliseconds; null: none has ended")
    outcome: Outcome | None = Field(description="what its run came to; null: not known yet")
    error: str | None = Field(description="why its run failed; null: it did not")
    metadata: dict[str, Any] | None = Field(description="words about it; column metadata_json")
