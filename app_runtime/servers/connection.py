"""One MCP server for one run: started or reached, asked, ended, all in the run's event loop."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, PaginatedRequestParams, TextContent
from mcp.types import Tool as ServerTool

from app_runtime.exceptions import ToolRefused
from app_runtime.servers.definitions import Definition
from app_runtime.servers.program import Program
from halo_site import outbound

START_SECONDS = 20.0
CALL_SECONDS = 120.0
STOP_SECONDS = 8.0
MOST_TOOLS = 500

# A server that prints rubbish would have every line of it, with a traceback, in our log
logging.getLogger("mcp").setLevel(logging.CRITICAL)


class Server:
    """A connection in a task of its own, as the SDK wants it; any task of the loop may call its tools."""

    def __init__(self, definition: Definition, folder: Path, private_hosts: Collection[str]) -> None:
        self.definition, self.folder, self.private_hosts = definition, folder, private_hosts
        self.tools: tuple[ServerTool, ...] = ()
        self.sentence = definition.problem
        self.started_ms: int | None = None
        self._session: ClientSession | None = None
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._program = Program(definition, folder)

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def works(self) -> bool:
        return self._session is not None

    async def start(self) -> None:
        """Start it and read its tools. Never raises: `sentence` says what went wrong."""
        if self.sentence:
            return
        began = time.monotonic()
        self._task = asyncio.create_task(self._live())
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            self.sentence = self._told(f"did not answer within {START_SECONDS:g} s")
            await self.stop()
        else:
            self.started_ms = round((time.monotonic() - began) * 1000)

    async def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """The tool's result as text. Raises `ToolRefused` for whatever else comes of it."""
        if self._session is None:
            raise ToolRefused(self.sentence or f"The MCP server {self.name} is gone.")
        try:
            async with asyncio.timeout(CALL_SECONDS):
                result = await self._session.call_tool(tool, arguments)
        except TimeoutError as error:
            raise ToolRefused(f"{self.name} did not answer within {CALL_SECONDS:g} s.") from error
        except Exception as error:  # whatever the SDK or a foreign program makes of a call is its result
            words = str(error) or type(error).__name__
            raise ToolRefused(f"{self.name} could not carry out the call: {words}") from error
        if not isinstance(result, CallToolResult):
            raise ToolRefused(f"{self.name} asks for more input than a tool call has.")
        text = text_of(result)
        if result.is_error:
            raise ToolRefused(text or f"{self.name} says that the call failed, and nothing more.")
        return text

    async def stop(self) -> None:
        """End it, and with it every process that it started."""
        task, self._task = self._task, None
        if task is None:
            return
        if self._session is None:
            task.cancel()  # it is still on its way
        self._over.set()
        _done, left = await asyncio.wait([task], timeout=STOP_SECONDS)
        if left:
            task.cancel()
            await asyncio.wait([task], timeout=STOP_SECONDS)

    async def _live(self) -> None:
        """Hold the connection from its start to its end. Its failure is a sentence, and no tools."""
        try:
            async with self._transport() as (read, write), ClientSession(read, write) as session:
                await session.initialize()
                self.tools = await _tools_of(session)
                self._session = session
                self._ready.set()
                await self._over.wait()
        except Exception as error:
            self.sentence = self._told(_reason(error))
        finally:
            self._session = None
            self._ready.set()

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[Any]:
        definition = self.definition
        async with AsyncExitStack() as stack:
            if definition.transport == "stdio":
                yield await stack.enter_async_context(self._program.streams())
                return
            client = outbound.client(
                private_hosts=self.private_hosts,
                quiet_seconds=CALL_SECONDS,
                redirects=0,
                headers=dict(definition.headers),
            )
            if definition.transport == "sse":
                opened = sse_client(definition.url, httpx_client_factory=lambda *_a, **_k: client)
                streams = await stack.enter_async_context(opened)
            else:
                await stack.enter_async_context(client)
                opened_http = streamable_http_client(definition.url, http_client=client)
                streams = await stack.enter_async_context(opened_http)
            yield streams[:2]

    def _told(self, reason: str) -> str:
        said, objection = self._program.complaint, self._program.objection
        reason += f"; {objection}" if objection else ""
        return f"The MCP server {self.name} failed: {reason}." + (f" It said: {said}" if said else "")


def text_of(result: CallToolResult) -> str:
    """The text of a result; what is no text is told by its kind and size."""
    parts = []
    for block in result.content:
        if isinstance(block, TextContent):
            parts.append(block.text)
        else:
            kind = getattr(block, "mime_type", None) or getattr(block, "type", "content")
            size = len(getattr(block, "data", "") or "")
            resource = getattr(block, "resource", None)
            parts.append(
                getattr(resource, "text", None) or f"({kind}, {size:,} characters, is not shown to models)"
            )
    return "\n".join(parts)


async def _tools_of(session: ClientSession) -> tuple[ServerTool, ...]:
    tools: list[ServerTool] = []
    page = await session.list_tools()
    tools += page.tools
    while page.next_cursor and len(tools) < MOST_TOOLS:
        page = await session.list_tools(params=PaginatedRequestParams(cursor=page.next_cursor))
        tools += page.tools
    return tuple(tools[:MOST_TOOLS])


def _reason(error: BaseException) -> str:
    """The first failure inside of what the SDK's task groups bundle, in words."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (str(error) or type(error).__name__).strip().rstrip(".")
