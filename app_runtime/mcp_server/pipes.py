"""Standard input and output as the SDK's transport, with an end that comes soon and loses no answer.

The SDK reads standard input in a thread that nothing can wake, and drops what it is working on when the
input ends. So lines come from a thread of ours, which is left behind; and the end is told to the SDK only
when each request has its answer, or after `GRACE` seconds.
"""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import (
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

logger = logging.getLogger(__name__)

Incoming = SessionMessage | Exception
GRACE = 1.0  # seconds that requests get to be answered once the input has ended
LONGEST_LINE = 16 * 1024 * 1024  # bytes; 1 MiB of text is at most 6 MiB as JSON
AT_ONCE = 64 * 1024  # bytes of one read
ANSWERS_WAITING = 64
UNREADABLE = f"The line is no JSON-RPC message, or is longer than {LONGEST_LINE:,} bytes."


class Lines:
    """The lines of a descriptor, for ``async for``, until its end or `stop`; ``on_end`` is then called."""

    def __init__(self, descriptor: int, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._loop, self._queue = asyncio.get_running_loop(), asyncio.Queue[str | None](1)
        self._is_stopped = asyncio.Event()
        threading.Thread(target=self._pump, args=(descriptor,), name="stdin", daemon=True).start()

    def stop(self) -> None:
        """End here, whatever still comes."""
        self._is_stopped.set()

    def __aiter__(self) -> "Lines":
        return self

    async def __anext__(self) -> str:
        stopped, line = (asyncio.ensure_future(each) for each in (self._is_stopped.wait(), self._queue.get()))
        try:
            await asyncio.wait((stopped, line), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            line.cancel()
        found = line.result() if line.done() and not line.cancelled() else None
        if found is None or self._is_stopped.is_set():
            self._on_end()
            raise StopAsyncIteration
        return str(found)

    def _pump(self, descriptor: int) -> None:
        try:
            for line in lines_of(descriptor):
                self._put(line.decode("utf-8", "replace"))
            self._put(None)
        except RuntimeError:  # the loop has ended; nobody reads any more
            return

    def _put(self, line: str | None) -> None:
        asyncio.run_coroutine_threadsafe(self._queue.put(line), self._loop).result()


def lines_of(descriptor: int) -> Iterator[bytes]:
    """Each line that is not blank, without its end; of one that is too long only the beginning."""
    line = bytearray()
    for part in _parts(descriptor):
        first, *more = part.split(b"\n")
        line += first[: LONGEST_LINE - len(line)]
        for each in more:
            if line.strip():
                yield bytes(line)
            line = bytearray(each)
    if line.strip():
        yield bytes(line)


def _parts(descriptor: int) -> Iterator[bytes]:
    try:
        while part := os.read(descriptor, AT_ONCE):
            yield part
    except OSError as error:
        logger.error("Standard input cannot be read: %s", error)


class Desk:
    """Between the SDK's transport and its server: knows which requests have no answer yet."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @property
    def waiting(self) -> int:
        """How many requests have no answer."""
        return len(self._open)

    async def take(self, source: Any, sink: MemoryObjectSendStream[Incoming], answers: Any) -> None:
        """Hand on what comes; what is no message is answered here. The end waits for the answers."""
        async with sink, answers:
            async for item in source:
                if isinstance(item, Exception):
                    error = ErrorData(code=PARSE_ERROR, message=UNREADABLE)
                    await answers.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=error)))
                else:
                    self._note(item.message)
                    await sink.send(item)
            with anyio.move_on_after(GRACE):
                await self._is_idle.wait()

    async def give(self, source: MemoryObjectReceiveStream[SessionMessage], sink: Any) -> None:
        """Hand on the answers."""
        async with sink, source:
            async for item in source:
                await sink.send(item)
                if isinstance(item.message, JSONRPCResponse | JSONRPCError):
                    self._settle(item.message.id)

    def _note(self, message: Any) -> None:
        if isinstance(message, JSONRPCRequest):
            self._open.add(str(message.id))
            self._is_idle.clear()
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            self._settle((message.params or {}).get("requestId"))  # such a request is never answered

    def _settle(self, request_id: Any) -> None:
        self._open.discard(str(request_id))
        if not self._open:
            self._is_idle.set()


@asynccontextmanager
async def standard_streams(lines: Lines, desk: Desk) -> AsyncIterator[tuple[Any, Any]]:
    """The two streams that the SDK's server wants. While they are open, ``print`` goes to standard error."""
    taken, incoming = anyio.create_memory_object_stream[Incoming](0)
    outgoing, given = anyio.create_memory_object_stream[SessionMessage](ANSWERS_WAITING)
    async with stdio_server(stdin=cast("Any", lines)) as (source, sink), anyio.create_task_group() as tasks:
        tasks.start_soon(desk.take, source, taken, outgoing.clone())
        tasks.start_soon(desk.give, given, sink)
        yield incoming, outgoing
