"""The parts of an app spec (shapes: BEHAVIOUR "App spec"; documented fields of Halo's format).

Descriptions, examples and defaults are read by editors too: `app_manager/spec/schema.py`.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from app_manager.spec.fields import (
    CronText,
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

    type: SourceType = Field(description="what starts the app")
    config: dict[str, Any] = Field(default_factory=dict, description="when or where; its keys depend on type")


class ScheduleConfig(Part):
    """`source.config` of type schedule. With both, `every` is used."""

    every: Interval | None = Field(None, description="a fixed interval, at least 10 s")
    cron: CronText | None = Field(
        None,
        description="a cron rule of 5 fields, or 6 with seconds first, in the zone of `timezone`",
        examples=["0 9 * * *", "*/15 * * * *", "0 8 * * 1-5"],
    )


class FileConfig(Part):
    """`source.config` of type file: `pattern` is a glob with `**`."""

    pattern: str | None = Field(
        None, description="which files, as a glob", examples=["**/*.csv", "inbox/*.md"]
    )
    path: str | None = Field(None, description="the folder to watch")


class WebhookConfig(Part):
    """`source.config` of type webhook: deliveries come to `/hooks/<path>`."""

    path: LooseText | None = Field(None, description="the end of the address: /hooks/<path>")
    secret: LooseText | None = Field(
        None,
        description="signs deliveries; better a reference than the secret itself",
        examples=["env:HOOK_SECRET"],
    )


class WebpageConfig(Part):
    """`source.config` of type webpage."""

    watch: str | None = Field(None, description="what to look for on the page")
    selector: str | None = Field(
        None, description="a CSS selector of the part that counts", examples=["#price"]
    )
    url: str | None = Field(None, description="the page's address", examples=["https://example.org/"])


class RssConfig(Part):
    """`source.config` of type rss."""

    url: str | None = Field(None, description="the feed's address", examples=["https://example.org/feed.xml"])


class WecomConfig(Part):
    """`source.config` of type wecom."""

    chatId: LooseText | None = Field(  # noqa: N815 - the documented name of the key
        None, description="the chat whose messages start the app"
    )


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

    default: Interval = Field(description="the interval to begin with")
    min: Interval | None = Field(None, description="the shortest interval")
    max: Interval | None = Field(None, description="the longest interval")


class Subscription(Part):
    """One thing that starts the app. A missing `id` is filled with `sub-<index>` when the spec is parsed."""

    id: FilledText = Field(description="unique among the subscriptions; sub-<index> where it is missing")
    source: Source = Field(description="what starts the app, and when or where")
    frequency: Frequency | None = Field(None, description="between which intervals a person may choose")
    config_key: FilledText | None = Field(
        None, description="the key of config_schema whose value this subscription takes"
    )
    prompt: str | None = Field(None, description="the task, for this trigger only")
    timezone: FilledText | None = Field(
        None,
        description="IANA time zone of a cron rule; the server's where it is missing",
        examples=["Europe/Berlin", "Asia/Shanghai", "UTC"],
    )
    missed: Literal["run_once", "skip"] = Field(
        "run_once", description="what happens to due times that the server slept through"
    )
    overlap: Literal["skip", "queue_one"] = Field(
        "skip", description="what happens to a due time while the app is still running"
    )


class FilterRule(Part):
    """One condition on events; all rules of a spec must hold."""

    field: FilledText = Field(
        description="path from the event's root, with dots and [n]",
        examples=["payload.extension", "payload.items[0].price"],
    )
    op: Operator = Field(description="how it is compared; equality is strict: 1, true and text differ")
    value: Any = Field(description="what it is compared with")


class Option(Part):
    """One choice of a select. `value` is text, a number or a boolean."""

    label: LooseText = Field(description="what the form shows")
    value: Any = Field(description="what is stored: text, a number, true or false")


class ConfigItem(Part):
    """One field of the form that a person fills in when installing."""

    key: FilledText = Field(description="the name of the value; unique in the form")
    label: FilledText = Field(description="what the form shows")
    type: ConfigType = Field(description="of what kind the value is")
    description: str | None = Field(None, description="a sentence of help below the field")
    required: bool = Field(False, description="whether the app cannot run without it")
    default: Any = Field(None, description="the value unless a person gives another one")
    placeholder: LooseText | None = Field(None, description="an example shown in the empty field")
    options: list[Option] = Field(default_factory=list, description="the choices of a select; at least one")


class RequiredMcp(Part):
    """An MCP server that the app cannot work without."""

    id: FilledText = Field(description="the server's name")
    reason: str | None = Field(None, description="what the app needs it for")
    bundled: bool | None = Field(None, description="whether it comes with the package")
    enabled: bool | None = Field(None, description="whether it is on")


class RequiredSkill(Part):
    """A skill that the app cannot work without."""

    id: FilledText = Field(description="the skill's name")
    reason: str | None = Field(None, description="what the app needs it for")
    bundled: bool | None = Field(None, description="whether it comes with the package")
    files: list[str] | None = Field(None, description="the skill's files in the package")


class Requires(Part):
    """What must be there for the app to work. An entry may be written as its id alone."""

    mcps: list[Annotated[RequiredMcp, NamedById]] = Field(
        default_factory=list, description="MCP servers, each as {id, reason} or as its id alone"
    )
    skills: list[Annotated[RequiredSkill, NamedById]] = Field(
        default_factory=list, description="skills, each as {id, reason} or as its id alone"
    )


class MemoryField(Part):
    """What the app's memory keeps under one name; told to the model, not enforced."""

    type: FilledText = Field(
        description="of what kind it is", examples=["string", "number", "array", "object"]
    )
    description: str | None = Field(None, description="what it is for")


class Notify(Part):
    """Who is told about a result."""

    system: bool = Field(False, description="whether the desktop shows it")
    channels: list[str] = Field(
        default_factory=list,
        description="email, wecom, dingtalk, feishu, webhook",
        examples=[["email"]],
    )


class Output(Part):
    """What becomes of a result."""

    notify: Notify | None = Field(None, description="who is told about it")
    format: str | None = Field(None, description="how it is written", examples=["markdown"])


class Escalation(Part):
    """Whether the app asks people. Without `timeout_hours` a question stays open until it is answered."""

    enabled: bool = Field(True, description="whether the app may ask people")
    timeout_hours: Hours | None = Field(
        None, description="hours after which an open question expires and its run is an error", examples=[24]
    )


class BrowserLogin(Part):
    """A site that a person must be logged in to."""

    url: FilledText = Field(
        description="the address of the login page", examples=["https://example.org/login"]
    )
    label: str | None = Field(None, description="the site's name")


class McpServer(Part):
    """How an MCP server is started (`command`) or reached (`url`)."""

    transport: Transport = Field("stdio", description="stdio starts a program; the others reach an address")
    command: FilledText | None = Field(
        None, description="the program to start (stdio)", examples=["npx", "uvx"]
    )
    args: list[LooseText] = Field(default_factory=list, description="the program's arguments")
    env: dict[str, LooseText] = Field(default_factory=dict, description="variables of its environment")
    cwd: str | None = Field(None, description="the folder it starts in")
    url: FilledText | None = Field(
        None, description="the server's address (sse, streamable-http)", examples=["https://example.org/mcp"]
    )
    headers: dict[str, LooseText] = Field(default_factory=dict, description="headers of each request")


class Store(Part):
    """What a catalogue shows about the app."""

    slug: Slug | None = Field(None, description="its name in addresses", examples=["price-watch"])
    category: str | None = Field(None, description="where the catalogue lists it")
    tags: list[LooseText] = Field(default_factory=list, description="words to find it by")
    locale: str | None = Field(None, description="the language it is written in", examples=["en-US", "zh-CN"])
    min_app_version: LooseText | None = Field(None, description="the oldest program that can run it")
    license: str | None = Field(None, description="an SPDX expression", examples=["MIT"])
    homepage: str | None = Field(None, description="the address of its page")
    repository: str | None = Field(None, description="the address of its source")
    registry_id: str | None = Field(None, description="the catalogue it comes from")
    install_source: str | None = Field(None, description="store, builtin or manual")
    changelog: str | None = Field(None, description="what is new in this version")
