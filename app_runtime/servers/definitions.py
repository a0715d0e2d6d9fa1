"""Which MCP servers a run has: those that its app was granted, found where they are installed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app_manager.models import App
from app_manager.spec.parts import McpServer
from app_manager.states import Status
from halo_site.datadir.config import site_config
from halo_site.datadir.mcp_servers import SiteServer
from halo_site.datadir.secrets import SecretMissing, resolve

PERMISSION = "mcp:"
PLACEHOLDER = re.compile(r"\$\{(?:config\.)?([\w.-]+)\}|\{\{\s*(?:config\.)?([\w.-]+)\s*\}\}")


@dataclass(frozen=True)
class Definition:
    """One server as it is started or reached, every reference resolved; ``problem`` says why it cannot be."""

    name: str
    key: str
    transport: str = "stdio"
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str | None = None
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: str = ""


def definitions_for(app: App) -> list[Definition]:
    """The servers that the app was granted, in the order of its permissions."""
    names = [p.removeprefix(PERMISSION) for p in app.access.effective if p.startswith(PERMISSION)]
    return [definition(app, name) for name in names]


def definition(app: App, name: str) -> Definition:
    """The server of that name: an app of its space, an app of no space, or one of config.json."""
    installed = _installed(app, name)
    if installed is not None:
        return _of_app(installed, name)
    configured = site_config().mcp_servers.get(name)
    key = f"config:{name}"
    if configured is None:
        problem = (
            f"There is no MCP server “{name}”: install it as an app of the type mcp in this space, "
            "or put it into mcpServers in config.json."
        )
        return Definition(name, key, problem=problem)
    if configured.disabled:
        return Definition(name, key, problem=f"The MCP server “{name}” is disabled in config.json.")
    return _resolved(name, key, configured, {})


def _installed(app: App, name: str) -> App | None:
    """The newest app of the type mcp with that name or slug; one of the same space before one of none."""
    near = App.objects.installed().filter(spec__type="mcp").newest_first()
    for space_id in dict.fromkeys((app.space_id, None)):
        for found in near.in_space(space_id):
            store = found.parsed_spec.store
            if name in {found.spec_id, store.slug if store else None}:
                return found
    return None


def _of_app(app: App, name: str) -> Definition:
    if app.status != Status.ACTIVE:
        return Definition(
            name, app.pk, problem=f"The MCP server {app.name} is {app.get_status_display().lower()}."
        )
    server = app.parsed_spec.mcp_server
    if app.obstacle or server is None:
        return Definition(name, app.pk, problem=f"The MCP server {app.name} cannot start: {app.obstacle}.")
    return _resolved(name, app.pk, server, app.configuration)


def _resolved(name: str, key: str, server: McpServer | SiteServer, values: Mapping[str, Any]) -> Definition:
    try:
        words = tuple(_value(str(word), values) for word in (server.command or "", *server.args))
        env = {variable: _value(str(value), values) for variable, value in server.env.items()}
        headers = {header: _value(str(value), values) for header, value in server.headers.items()}
        url = _value(server.url or "", values)
    except SecretMissing as error:
        return Definition(name, key, problem=f"The MCP server “{name}” cannot start: {error}")
    if not (words[0] if server.transport == "stdio" else url):
        lacks = "command" if server.transport == "stdio" else "url"
        return Definition(name, key, problem=f"The MCP server “{name}” cannot start: it has no {lacks}.")
    command = words if server.transport == "stdio" else ()
    return Definition(name, key, server.transport, command, env, server.cwd, url, headers)


def _value(text: str, values: Mapping[str, Any]) -> str:
    """A whole value that is a reference is looked up; ``${KEY}`` and ``{{KEY}}`` stand for configuration."""
    if text.startswith(("env:", "secret:")):
        return resolve(text)

    def configured(match: re.Match[str]) -> str:
        wanted = match[1] or match[2]
        if wanted not in values:
            raise SecretMissing(f"its configuration has no {wanted}.")
        return str(values[wanted])

    return PLACEHOLDER.sub(configured, text)
