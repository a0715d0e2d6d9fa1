"""Runs and entries as they leave this program: names and milliseconds of the tables (DESIGN §4)."""

from typing import Any

from pydantic import BaseModel

from app_runtime.models import Entry, Run
from halo_site.store.fields import to_ms


class EntryRecord(BaseModel):
    """One line of an activity thread (halo-facts §8)."""

    id: str
    app_id: str
    run_id: str
    type: str
    ts: int
    content: dict[str, Any]
    user_response: dict[str, Any] | None

    @classmethod
    def of(cls, entry: Entry) -> "EntryRecord":
        return cls(
            id=entry.pk,
            app_id=entry.app_id,
            run_id=entry.run_id,
            type=entry.type,
            ts=to_ms(entry.ts),
            content=entry.content,
            user_response=entry.user_response,
        )


class RunRecord(BaseModel):
    """One run. Times are milliseconds since 1970 UTC; null is "unknown" or "not yet"."""

    run_id: str
    app_id: str
    app_name: str
    session_key: str
    status: str
    outcome: str | None
    delivery: str
    engine: str
    model: str
    trigger_type: str
    trigger_data: dict[str, Any] | None
    queued_at: int
    started_at: int
    finished_at: int | None
    duration_ms: int | None
    step_count: int
    tokens_used: int | None
    cost_microusd: int | None
    error_message: str | None
    entries: list[EntryRecord]

    @classmethod
    def of(cls, run: Run) -> "RunRecord":
        """The run with its entries, oldest first (one query)."""
        entries = Entry.objects.filter(run_id=run.run_id).order_by("ts", "id")
        times = {name: getattr(run, name) for name in ("queued_at", "started_at", "finished_at")}
        plain = {
            name: getattr(run, name) for name in cls.model_fields if hasattr(run, name) and name not in times
        }
        return cls(
            **{key: value for key, value in plain.items() if key != "entries"},
            **{name: None if moment is None else to_ms(moment) for name, moment in times.items()},
            app_name=run.app.name,
            entries=[EntryRecord.of(entry) for entry in entries],
        )
