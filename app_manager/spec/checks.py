"""Rules between the fields of a spec. Shapes are pydantic's; what has a wrong shape is left alone here."""

from collections.abc import Iterator
from typing import Any

from app_manager.spec.appspec import subscription_id
from app_manager.spec.config_checks import config_findings
from app_manager.spec.parts import SOURCE_CONFIGS
from app_manager.spec.problem import Finding, Path, clipped
from app_manager.spec.schedule_checks import schedule_findings, timezone_findings
from app_manager.spec.sentences import findings, missing

MAX_SUBSCRIPTIONS = 100
_TYPES = ("automation", "skill", "mcp", "extension")
_ONLY_FOR = {"subscriptions": "automation", "memory_schema": "automation", "mcp_server": "mcp"}
_SKILL_KEYS = ("system_prompt", "skill_content", "skill_files")


def cross_findings(data: dict[str, Any]) -> Iterator[Finding]:
    """What breaks a rule between fields, in a spec with canonical names."""
    yield from _type_findings(data)
    yield from config_findings(data)
    yield from _mcp_server_findings(data)
    subscriptions = data.get("subscriptions")
    if not isinstance(subscriptions, list):
        return
    if len(subscriptions) > MAX_SUBSCRIPTIONS:
        number = f"{len(subscriptions):,}"
        sentence = f"an app may have at most {MAX_SUBSCRIPTIONS} subscriptions, this one has {number}"
        yield Finding(("subscriptions",), sentence)
    yield from _duplicate_ids(subscriptions)
    form = data.get("config_schema")
    for index, subscription in enumerate(subscriptions[:MAX_SUBSCRIPTIONS]):
        if isinstance(subscription, dict):
            yield from _subscription_findings(("subscriptions", index), subscription, form)


def _type_findings(data: dict[str, Any]) -> Iterator[Finding]:
    kind = data.get("type")
    if kind not in _TYPES:
        return
    if kind != "skill" and data.get("author") is None:
        yield Finding(("author",), missing("author"))
    if kind == "automation" and _blank(data.get("system_prompt")):
        yield Finding(("system_prompt",), missing("system_prompt", _state(data, "system_prompt")))
    if kind == "mcp" and data.get("mcp_server") is None:
        yield Finding(("mcp_server",), "`mcp_server` is missing: say how the server is started or reached")
    if kind == "skill" and all(_blank(data.get(key)) for key in _SKILL_KEYS):
        yield Finding(("skill_content",), "a skill needs one of: system_prompt, skill_content, skill_files")
    for key, owner in _ONLY_FOR.items():
        if kind != owner and data.get(key):
            sentence = f"only an app of type {owner} may have `{key}`, this one has the type {kind}"
            yield Finding((key,), sentence, on_key=True)


def _mcp_server_findings(data: dict[str, Any]) -> Iterator[Finding]:
    server = data.get("mcp_server")
    if not isinstance(server, dict):
        return
    transport = server.get("transport") or "stdio"
    if transport == "stdio" and server.get("command") is None:
        sentence = "`command` is missing: give the program to start, or a transport with a `url`"
        yield Finding(("mcp_server", "command"), sentence)
    if transport in ("sse", "streamable-http") and server.get("url") is None:
        sentence = f"`url` is missing: transport {transport} needs the address of the server"
        yield Finding(("mcp_server", "url"), sentence)


def _duplicate_ids(subscriptions: list[Any]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, subscription in enumerate(subscriptions):
        written = subscription_id(index, subscription) if isinstance(subscription, dict) else None
        if not isinstance(written, str):
            continue
        name = written.strip()
        if name in first:
            sentence = f"the id `{clipped(name)}` is already used by entry [{first[name]}]"
            yield Finding(("subscriptions", index, "id"), sentence)
        first.setdefault(name, index)


def _subscription_findings(base: Path, subscription: dict[str, Any], form: Any) -> Iterator[Finding]:
    key = subscription.get("config_key")
    if isinstance(key, str) and isinstance(form, list) and key.strip() not in _form_keys(form):
        yield Finding((*base, "config_key"), f"no config item has the key `{clipped(key)}`")
    yield from timezone_findings((*base, "timezone"), subscription.get("timezone"))
    source = subscription.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("type"), str):
        return
    path = (*base, "source", "config")
    config = source.get("config") or {}
    model = SOURCE_CONFIGS.get(source["type"])
    if model is None or not isinstance(config, dict):
        return
    yield from findings(model, config, path)
    if source["type"] == "schedule":
        yield from schedule_findings(path, config)


def _form_keys(form: list[Any]) -> set[str]:
    keys = (item.get("key") for item in form if isinstance(item, dict))
    return {key.strip() for key in keys if isinstance(key, str)}


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _state(data: dict[str, Any], key: str) -> str:
    return "empty" if key in data else "missing"
