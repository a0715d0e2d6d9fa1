"""The parts of an app spec (shapes: BEHAVIOUR "App spec"; documented fields of Halo's format)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app_manager.spec.fields import (
    FilledText,
    Hours,
    Interval,
    LooseText,
    NamedById,
    Part,
    Slug,
)

SourceType = Literal["schedule", "file", "webhook", "webpage", "rss", "custom", "wecom"]
ConfigType = Literal["url", "text", "string", "number", "select", "boolean", "email"]
Operator = Literal["eq", "neq", "contains", "matches", "gt", "lt", "gte", "lte", "in", "nin"]
Transport = Literal["stdio", "sse", "streamable-http"]


class Source(Part):
    """Where the events of a subscription come from. `config` is plain data; its keys depend on `type`."""

    type: SourceType
    config: dict[str, Any] = Field(default_factory=dict)


class ScheduleConfig(Part):
    """`source.config` of type schedule. With both, `every` is used."""

    every: Interval | None = None
    cron: FilledText | None = None


class FileConfig(Part):
    """`source.config` of type file: `pattern` is a glob with `**`."""

    pattern: str | None = None
    path: str | None = None


class WebhookConfig(Part):
    """`source.config` of type webhook: deliveries come to `/hooks/<path>`."""

    path: LooseText | None = None
    secret: LooseText | None = None


class WebpageConfig(Part):
    """`source.config` of type webpage."""

    watch: str | None = None
    selector: str | None = None
    url: str | None = None


class RssConfig(Part):
    """`source.config` of type rss."""

    url: str | None = None


class WecomConfig(Part):
    """`source.config` of type wecom."""

    chatId: LooseText | None = None  # noqa: N815 - the documented name of the key


SOURCE_CONFIGS: dict[str, type[Part]] = {
    "schedule": ScheduleConfig,
    "file": FileConfig,
    "webhook": WebhookConfig,
    "webpage": WebpageConfig,
    "rss": RssConfig,
    "wecom": WecomConfig,
}


class Frequency(Part):
    """The intervals between which a person may change a schedule."""

    default: Interval
    min: Interval | None = None
    max: Interval | None = None


class Subscription(Part):
    """One thing that starts the app. A missing `id` is filled with `sub-<index>` when the spec is parsed."""

    id: FilledText
    source: Source
    frequency: Frequency | None = None
    config_key: FilledText | None = None
    prompt: str | None = None
    timezone: FilledText | None = None
    missed: Literal["run_once", "skip"] = "run_once"
    overlap: Literal["skip", "queue_one"] = "skip"


class FilterRule(Part):
    """One condition on events; all rules of a spec must hold."""

    field: FilledText
    op: Operator
    value: Any


class Option(Part):
    """One choice of a select. `value` is text, a number or a boolean."""

    label: LooseText
    value: Any


class ConfigItem(Part):
    """One field of the form that a person fills in when installing."""

    key: FilledText
    label: FilledText
    type: ConfigType
    description: str | None = None
    required: bool = False
    default: Any = None
    placeholder: LooseText | None = None
    options: list[Option] = Field(default_factory=list)


class RequiredMcp(Part):
    """An MCP server that the app cannot work without."""

    id: FilledText
    reason: str | None = None
    bundled: bool | None = None
    enabled: bool | None = None


class RequiredSkill(Part):
    """A skill that the app cannot work without."""

    id: FilledText
    reason: str | None = None
    bundled: bool | None = None
    files: list[str] | None = None


class Requires(Part):
    """What must be there for the app to work. An entry may be written as its id alone."""

    mcps: list[Annotated[RequiredMcp, NamedById]] = Field(default_factory=list)
    skills: list[Annotated[RequiredSkill, NamedById]] = Field(default_factory=list)


class MemoryField(Part):
    """What the app's memory keeps under one name; told to the model, not enforced."""

    type: FilledText
    description: str | None = None


class Notify(Part):
    """Who is told about a result."""

    system: bool = False
    channels: list[str] = Field(default_factory=list)


class Output(Part):
    """What becomes of a result."""

    notify: Notify | None = None
    format: str | None = None


class Escalation(Part):
    """Whether the app asks people. Without `timeout_hours` a question stays open until it is answered."""

    enabled: bool = True
    timeout_hours: Hours | None = None


class BrowserLogin(Part):
    """A site that a person must be logged in to."""

    url: FilledText
    label: str | None = None


class McpServer(Part):
    """How an MCP server is started (`command`) or reached (`url`)."""

    transport: Transport = "stdio"
    command: FilledText | None = None
    args: list[LooseText] = Field(default_factory=list)
    env: dict[str, LooseText] = Field(default_factory=dict)
    cwd: str | None = None
    url: FilledText | None = None
    headers: dict[str, LooseText] = Field(default_factory=dict)


class Store(Part):
    """What a catalogue shows about the app."""

    slug: Slug | None = None
    category: str | None = None
    tags: list[LooseText] = Field(default_factory=list)
    locale: str | None = None
    min_app_version: LooseText | None = None
    license: str | None = None
    homepage: str | None = None
    repository: str | None = None
    registry_id: str | None = None
    install_source: str | None = None
    changelog: str | None = None
