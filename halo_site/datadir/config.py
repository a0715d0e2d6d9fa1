"""`config.json`: the settings that a person edits. Unknown keys are kept, wrong values named and not used."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from halo_site.datadir.ai_sources import AiSources
from halo_site.datadir.json_file import Contents, FileDamaged, JsonFile
from halo_site.datadir.mail import MailServer
from halo_site.datadir.mcp_servers import SiteServer
from halo_site.datadir.notification_targets import Notifications
from halo_site.datadir.paths import data_dir

logger = logging.getLogger(__name__)

MODELS = "aiSources"
BY_VALUE = ("runs", "network", "mcpServers")  # sections of which the other values stay in force
WRITTEN = {"ai_sources": MODELS, "mcp_servers": "mcpServers"}  # both are read
HARD_CAPS = ("tokens", "money_usd")  # a cap that somebody set must not become no cap
ADVICE = "No run starts until somebody mends it."
REFUSED = "Nothing was saved: config.json is kept as it is, because %s. Mend it first, then save again."
Place = tuple[int | str, ...]


class ConfigDamaged(Exception):
    """Saving would take the place of settings that cannot be read; the text says what to do."""


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
    mail: MailServer = MailServer()


@dataclass(frozen=True)
class ConfigState:
    """What could be made of config.json; built anew when the file changes.

    ``damage`` says why nothing of it can be read, and ``since`` when that began, as far as the disk tells.
    ``problems`` name each value that is wrong and not used. ``obstacle`` is why no run may start: what a
    person has set about models or the caps of money and tokens is not known, and nothing is guessed.
    """

    config: SiteConfig
    damage: str = ""
    since: datetime | None = None
    problems: tuple[str, ...] = ()
    obstacle: str = ""
    wrong_runs: frozenset[str] = frozenset()  # names of those of them that limit runs


def site_config() -> SiteConfig:
    """The settings as they are on disk now; re-read when the file changes.

    A wrong value falls back to its default, and the log names it; `config_state` tells of it.
    """
    return config_state().config


def config_state() -> ConfigState:
    """The settings as they are on disk now, with everything that is wrong with them."""
    path = data_dir().config
    contents = _file(path).contents()
    known, state = _validated.get(path, (None, ConfigState(SiteConfig())))
    if known != contents:  # once for each change of the file: this is called in every loop
        state = _damaged(contents) if contents.damage else _validate(contents.values)
        _validated[path] = (contents, state)
    return state


def update_config(section: str, values: dict[str, Any]) -> SiteConfig:
    """Set values of one section. Raises pydantic's ValidationError before anything is written."""
    return change_config(section, lambda current: {**current, **values})


def change_config(section: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> SiteConfig:
    """Replace one section by what ``change`` makes of it, under the file's lock; raises as that does.

    Raises `ConfigDamaged`, and writes nothing, where that would take the place of what cannot be read.
    """
    with changing_config(section, change) as put_in_place:
        put_in_place()
    return site_config()


@contextmanager
def changing_config(
    section: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Iterator[Callable[[], None]]:
    """Do what `change_config` does in two steps: yields the second, which puts the new file in place.

    What fails until the end takes it back; for callers with a transaction that may yet fail.
    """

    def whole(content: dict[str, Any]) -> dict[str, Any]:
        current = content.get(section)
        if section == MODELS and section in content and _errors({section: current}):
            raise ConfigDamaged(REFUSED % f"its part “{section}” cannot be used")
        changed = {"version": 1, **content, section: change(current if isinstance(current, dict) else {})}
        SiteConfig.model_validate({section: changed[section]})
        return changed

    try:
        with _file(data_dir().config).changing(whole, sets_aside=False) as (_changed, put_in_place):
            yield put_in_place
    except FileDamaged as error:
        raise ConfigDamaged(REFUSED % "it cannot be read") from error


_validated: dict[Path, tuple[Contents, ConfigState]] = {}


def _damaged(contents: Contents) -> ConfigState:
    """Defaults, but not of the models: what was set up is not known, which is not the same as nothing."""
    sentence = f"config.json cannot be read ({contents.damage})"
    unknown = SiteConfig(aiSources=AiSources(problems=(sentence,)))
    return ConfigState(unknown, contents.damage, contents.since, (), f"{sentence}. {ADVICE}")


def _validate(content: dict[str, Any]) -> ConfigState:
    content = {WRITTEN.get(key, key): value for key, value in content.items()}
    problems = _errors(content)
    usable = {key: _usable(key, value, problems) for key, value in content.items()}
    usable = {key: value for key, value in usable.items() if value is not None}
    unknown = [text for place, text in problems.items() if place[0] == MODELS]
    if unknown:
        usable[MODELS] = {"problems": unknown[:1]}
    config = SiteConfig.model_validate(usable)
    sentences = tuple(problems.values())
    for sentence in (*sentences, *config.ai_sources.problems, *config.notifications.problems):
        logger.error("config.json: %s", sentence)
    stopping = [text for place, text in problems.items() if stops_runs(place)]
    obstacle = f"config.json has a wrong value: {stopping[0]}. {ADVICE}" if stopping else ""
    wrong = frozenset(str(place[1]) for place in problems if place[0] == "runs" and len(place) > 1)
    return ConfigState(config, problems=sentences, obstacle=obstacle, wrong_runs=wrong)


def _errors(content: dict[str, Any]) -> dict[Place, str]:
    """What is wrong, by its place; never the value, which may be a secret in the wrong place."""
    try:
        SiteConfig.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return {each["loc"]: f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found}
    return {}


def _usable(key: str, value: Any, problems: dict[Place, str]) -> Any:
    """A section without what is wrong in it: its single values, or the whole where that is none. Or None."""
    wrong = [place for place in problems if place[0] == key]
    if not wrong:
        return value
    if key not in BY_VALUE or not isinstance(value, dict):
        return None
    named = {str(place[1]) for place in wrong if len(place) > 1}
    return {name: each for name, each in value.items() if name not in named}


def stops_runs(place: Place) -> bool:
    """Whether what stands there decides what a run may use, so that a default would be a guess."""
    return place[0] == MODELS or place == ("runs",) or (place[0] == "runs" and place[1] in HARD_CAPS)


@cache
def _file(path: Path) -> JsonFile:
    return JsonFile(path)
