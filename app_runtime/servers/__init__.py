"""The MCP servers of a run: started with it, ended with it, their tools offered to its model."""

import asyncio
import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from app_runtime.models import Run
from app_runtime.servers.definitions import PERMISSION, Definition, definitions_for
from app_runtime.servers.health import record_health
from app_runtime.texts import name as name_of
from app_runtime.tools.base import Tool
from halo_site.masking import Masker

__all__ = ["Servers"]

LONGEST_NAME = 64  # characters, as providers take them
LONGEST_DESCRIPTION = 4000
NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


class Servers:
    """Every server that the run's app was granted. A failing one does not stop the others, or the run."""

    def __init__(self, run: Run, private_hosts: Collection[str]) -> None:
        self.run, self.private_hosts = run, private_hosts
        self._servers: list[Any] = []

    def resolve(self) -> bool:
        """Whether there is any. Touches the database, so it is called outside of the event loop."""
        self._definitions: list[Definition] = definitions_for(self.run.app)
        return bool(self._definitions)

    async def start(self) -> None:
        """Start all of them side by side, each within its time."""
        from app_runtime.servers.connection import Server  # the MCP library, for runs that need it

        folder = self.run.app.folder
        self._servers = [Server(each, folder, self.private_hosts) for each in self._definitions]
        await asyncio.gather(*(server.start() for server in self._servers))

    async def stop(self) -> None:
        """End all of them side by side."""
        await asyncio.gather(*(server.stop() for server in self._servers))

    def tools(self) -> list[Tool]:
        """Their tools, under names that are unique and that every provider takes."""
        names: set[str] = set()
        found = []
        for server in self._servers:
            for offered in server.tools:
                name = _unique(f"{server.name}__{offered.name}", names)
                found.append(_tool(server, offered, name))
        return found

    def facts(self) -> list[dict[str, Any]]:
        """What became of each, for the transcript."""
        return [
            {
                "name": name_of(server.name),
                "state": "works" if server.works else "failed",
                "sentence": server.sentence,
                "ms": server.started_ms,
                "tools": [name_of(tool.name) for tool in server.tools],
            }
            for server in self._servers
        ]

    def record(self, masker: Masker, now: datetime) -> None:
        """Keep how each was found, for the pages that show their health."""
        for server in self._servers:
            record_health(server, self.run, masker, now)


def _tool(server: Any, offered: Any, name: str) -> Tool:
    async def call(arguments: dict[str, Any]) -> str:
        return str(await server.call(offered.name, arguments))

    description = f"{offered.description or offered.title or offered.name} (of the MCP server {server.name})"
    schema = offered.input_schema if isinstance(offered.input_schema, dict) else {}
    shape = {"type": "object", "properties": {}, **schema}
    return Tool(name, description[:LONGEST_DESCRIPTION], f"granted: {PERMISSION}{server.name}", shape, call)


def _unique(wanted: str, taken: set[str]) -> str:
    """A name of letters, digits, _ and -, at most 64 long; a number makes it unique."""
    plain = NOT_PLAIN.sub("_", wanted)[:LONGEST_NAME]
    name, number = plain, 2
    while name in taken:
        suffix = f"_{number}"
        name, number = plain[: LONGEST_NAME - len(suffix)] + suffix, number + 1
    taken.add(name)
    return name
