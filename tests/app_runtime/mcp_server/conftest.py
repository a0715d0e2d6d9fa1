"""The server as a client meets it: a real process on the test's own database and data directory."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from django.db import connection
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, InitializeResult, Tool

from halo_site.datadir.paths import DataDir
from tests.processes import command, environment


class Client:
    """The SDK's own client, for tests that are no coroutines."""

    def __init__(self, portal: BlockingPortal, session: ClientSession) -> None:
        self.portal, self.session = portal, session

    def hello(self) -> InitializeResult:
        """What the server said of itself."""
        return self.portal.call(self.session.initialize)

    def tools(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in self.portal.call(self.session.list_tools).tools}

    def call(self, name: str, **arguments: Any) -> CallToolResult:
        return self.portal.call(self.session.call_tool, name, arguments)

    def said(self, name: str, **arguments: Any) -> str:
        """The text of an answer that is no refusal."""
        result = self.call(name, **arguments)
        assert not result.is_error, text_of(result)
        return text_of(result)

    def refused(self, name: str, **arguments: Any) -> str:
        """The sentence of a refusal."""
        result = self.call(name, **arguments)
        assert result.is_error
        return text_of(result)

    def together(self, *calls: tuple[str, dict[str, Any]]) -> list[CallToolResult]:
        """Several calls at once."""
        return self.portal.call(self._together, calls)

    async def _together(self, calls: tuple[tuple[str, dict[str, Any]], ...]) -> list[CallToolResult]:
        results: dict[int, CallToolResult] = {}

        async def one(number: int, name: str, arguments: dict[str, Any]) -> None:
            results[number] = await self.session.call_tool(name, arguments)

        async with anyio.create_task_group() as tasks:
            for number, (name, arguments) in enumerate(calls):
                tasks.start_soon(one, number, name, arguments)
        return [results[number] for number in range(len(calls))]


class Serve(Protocol):
    def __call__(self, *options: str) -> AbstractContextManager[Client]: ...


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    return str(getattr(block, "text", ""))


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a command that works on this test's database and data directory."""
    known = connection.settings_dict
    url = f"sqlite:///{known['NAME']}"
    if connection.vendor != "sqlite":
        url = f"postgresql://{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    return environment(folder, DATABASE_URL=url)


@asynccontextmanager
async def connected(folder: Path, options: tuple[str, ...], log: Any) -> AsyncIterator[ClientSession]:
    python, *arguments = command("mcp", *options)
    server = StdioServerParameters(command=python, args=arguments, env=surroundings(folder))
    async with stdio_client(server, errlog=log) as streams, ClientSession(*streams) as session:
        yield session


@pytest.fixture
def serve(transactional_db: None, data_directory: DataDir, tmp_path: Path) -> Serve:
    """Starts ``manage.py mcp`` with options and says hello; its messages are in ``tmp_path / "log"``."""

    @contextmanager
    def serve(*options: str) -> Iterator[Client]:
        with (
            (tmp_path / "log").open("w") as log,
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(connected(data_directory.root, options, log)) as session,
        ):
            client = Client(portal, session)
            client.hello()
            yield client

    return serve


@pytest.fixture
def start_raw(transactional_db: None, data_directory: DataDir) -> Iterator[Any]:
    """Starts ``manage.py mcp`` with bare pipes; whatever is left of it at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        environ = surroundings(data_directory.root)
        process = subprocess.Popen(
            command("mcp", *options), env=environ, stdin=pipe, stdout=pipe, stderr=pipe
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        with process:  # closes its pipes
            process.wait()
