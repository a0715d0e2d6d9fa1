"""Installed apps and spaces as they leave this program (halo-facts §1, §2.2)."""

from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from halo_site.contract import Document, EpochMs, Record

# The words of app_manager/states.py and scheduler/statuses.py; a test keeps them equal
AppStatus = Literal["active", "paused", "error", "needs_login", "waiting_user", "uninstalled"]
Outcome = Literal["useful", "noop", "error", "skipped"]
_MOMENT: JsonDict = {"format": "date-time"}


class Decided(Document):
    """What a person decided about permissions. Denied beats granted; what is in neither list is off."""

    model_config = ConfigDict(alias_generator=None)

    granted: list[str] = Field([], description="names of permissions, such as memory.space or mcp:ID")
    denied: list[str] = Field([], description="names of permissions")


class AppRecord(Record):
    """One installed app: a row of `installed_apps`. Times are milliseconds since 1970 UTC."""

    id: str = Field(description="a UUID v4, the same in tables, addresses and logs")
    spec_id: str = Field(description="the spec's name; unique in its space")
    space_id: str | None = Field(description="a key of spaces-index.json; null: no space")
    spec: dict[str, Any] = Field(
        description="the spec with canonical names (app-spec.json); column spec_json"
    )
    spec_text: str = Field(description="spec.yaml as it was written; empty: it came without its text")
    status: AppStatus = Field(description="where it stands")
    pending_escalation_id: str | None = Field(
        description="its oldest open question, an entry's id; null: none"
    )
    user_config: dict[str, Any] = Field(
        description="values that a person gave for config_schema, by key; column user_config_json"
    )
    user_overrides: dict[str, Any] = Field(
        description="what a person changed of the spec: subscriptions by id; column user_overrides_json"
    )
    permissions: Decided = Field(description="column permissions_json")
    installed_at: EpochMs = Field(description="when it was first installed")
    last_run_at: EpochMs | None = Field(description="when its last run began; null: never")
    last_run_outcome: Outcome | None = Field(description="what that run came to; null: not known")
    error_message: str | None = Field(description="why it stands still, in words; null: it does not")
    uninstalled_at: EpochMs | None = Field(description="when it was uninstalled; null: it is installed")
    data_path: str | None = Field(description="its folder, where that is pinned; null: apps/ID in its space")
    resumed_at: EpochMs | None = Field(description="failed runs before it count no more; null: all count")


class SpaceRecord(Document):
    """One space: its id and its entry in spaces-index.json (version 3). Times are ISO 8601 texts, UTC."""

    id: str = Field(description="a UUID v4, the entry's key in the index")
    path: str = Field(description="the folder of its records")
    name: str = Field(description="what people call it")
    icon: str = Field(description="the name of a picture")
    created_at: str = Field(description="when it was made", json_schema_extra=_MOMENT)
    updated_at: str = Field(description="when its entry was last written", json_schema_extra=_MOMENT)
    last_active_at: str | None = Field(
        None, description="when something last happened in it", json_schema_extra=_MOMENT
    )
    working_dir: str | None = Field(
        None, description="the user's own project, where agents work; absent: the folder of its records"
    )
    sort_order: int | None = Field(None, description="its place in the list, the lowest first")
