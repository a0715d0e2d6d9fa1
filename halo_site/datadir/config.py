"""`config.json`: the settings that a person edits. Unknown keys are kept, wrong values named and not used."""

import logging
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from halo_site.datadir.ai_sources import AiSources
from halo_site.datadir.json_file import JsonFile
from halo_site.datadir.mcp_servers import SiteServer
from halo_site.datadir.notification_targets import Notifications
from halo_site.datadir.paths import data_dir

logger = logging.getLogger(__name__)


class RunSettings(BaseModel):
    """Limits and intervals of runs; seconds unless the name says otherwise (BEHAVIOUR, Runs)."""

    model_config = ConfigDict(extra="allow", frozen=True)

    wall_clock_minutes: float = Field(60, gt=0, le=24 * 60)
    idle_minutes: float = Field(10, gt=0, le=24 * 60)
    model_turns: int = Field(100, ge=1, le=10_000)
    tokens: int | None = Field(None, ge=1)  # in and out together; None: no cap
    money_usd: Decimal | None = Field(None, gt=0)  # None: no cap
    auto_continues: int = Field(3, ge=0, le=20)
    lease_seconds: float = Field(30, gt=0, le=3600)
    heartbeat_seconds: float = Field(5, gt=0, le=600)
    watch_seconds: float = Field(0.5, gt=0, le=2)  # how often a run looks whether it was cancelled
    sweep_seconds: float = Field(10, gt=0, le=600)
    poll_seconds: float = Field(0.1, gt=0, le=60)
    drain_seconds: float = Field(7, ge=0, le=8)  # `up` kills after 9 s
    provider_retries: int = Field(4, ge=0, le=20)
    first_retry_wait_seconds: float = Field(1, gt=0, le=60)  # doubled with each further try
    longest_retry_wait_seconds: float = Field(60, gt=0, le=3600)


class NetworkSettings(BaseModel):
    """Which private addresses runs may reach; every public one they may."""

    model_config = ConfigDict(extra="allow", frozen=True)

    private_hosts: tuple[str, ...] = ()  # "host" or "host:port", as they stand in addresses


class SiteConfig(BaseModel):
    """The whole file with its defaults."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    version: int = 1
    runs: RunSettings = RunSettings()
    network: NetworkSettings = NetworkSettings()
    ai_sources: AiSources = Field(AiSources(), alias="aiSources")
    mcp_servers: dict[str, SiteServer] = Field(default_factory=dict, alias="mcpServers")
    notifications: Notifications = Notifications()


def site_config() -> SiteConfig:
    """The settings as they are on disk now; re-read when the file changes.

    A wrong value falls back to its section's defaults, and the log names it.
    """
    path = data_dir().config
    content = _file(path).read()
    known, config = _validated.get(path, (None, SiteConfig()))
    if known is not content:  # once for each change of the file: this is called in every loop
        config = _validate(content)
        _validated[path] = (content, config)
    return config


def update_config(section: str, values: dict[str, Any]) -> SiteConfig:
    """Set values of one section. Raises pydantic's ValidationError before anything is written."""
    return change_config(section, lambda current: {**current, **values})


def change_config(section: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> SiteConfig:
    """Replace one section by what ``change`` makes of it, under the file's lock; raises as that does."""

    def whole(content: dict[str, Any]) -> dict[str, Any]:
        current = content.get(section)
        changed = {"version": 1, **content, section: change(current if isinstance(current, dict) else {})}
        SiteConfig.model_validate(changed)
        return changed

    return SiteConfig.model_validate(_file(data_dir().config).update(whole))


_validated: dict[Path, tuple[dict[str, Any], SiteConfig]] = {}


def _validate(content: dict[str, Any]) -> SiteConfig:
    try:
        config = SiteConfig.model_validate(content)
        for sentence in (*config.ai_sources.problems, *config.notifications.problems):
            logger.error("config.json: %s", sentence)
        return config
    except ValidationError as error:
        for problem in error.errors():
            logger.error("config.json: %s: %s", ".".join(map(str, problem["loc"])), problem["msg"])
        return SiteConfig.model_validate({key: content[key] for key in content if not _is_wrong(key, error)})


def _is_wrong(key: str, error: ValidationError) -> bool:
    return any(problem["loc"][:1] == (key,) for problem in error.errors())


@cache
def _file(path: Path) -> JsonFile:
    return JsonFile(path)
