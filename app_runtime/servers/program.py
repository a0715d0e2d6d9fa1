"""A server as a program: JSON-RPC by lines over its standard input and output, until all of it ends."""

import asyncio
import os
import signal
import sys
import textwrap
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from app_runtime.servers.definitions import Definition
from halo_site import keeper

COMPLAINT_BYTES = 4096
MOST_RUBBISH = 100  # lines before the first message; then it is no server
SHOWN_OF_RUBBISH = 200  # characters
# Steps of its end: a moment to end by itself, a moment after TERM, then its keeper kills all that is left
GRACE_SECONDS = 0.5
TERM_SECONDS = 2.0
KEEPER_SECONDS = keeper.KILL_SECONDS + 0.5


class Program:
    """One server's process under its keeper, in a process group of its own."""

    def __init__(self, definition: Definition, folder: Path) -> None:
        self.definition, self.folder = definition, folder
        self._complaint = self._first_rubbish = b""
        self._rubbish = 0  # lines before the first message

    @property
    def complaint(self) -> str:
        """The end of what it printed on its standard error."""
        return self._complaint.decode("utf-8", "replace").strip()

    @property
    def objection(self) -> str:
        """That it printed something else than messages, and how that begins; empty where it did not."""
        if not self._first_rubbish:
            return ""
        # In whole words: one that is cut could be a secret that is not recognized any more
        words = self._first_rubbish.decode("utf-8", "replace")
        return (
            f"it printed what is no message: “{textwrap.shorten(words, SHOWN_OF_RUBBISH, placeholder=' …')}”"
        )

    def _goes_on(self, line: bytes) -> bool:
        """Count a line that is no message; False where there were too many before the first that is one."""
        self._rubbish += 1
        if line.strip():
            self._first_rubbish = self._first_rubbish or line[:COMPLAINT_BYTES]
        return self._rubbish < MOST_RUBBISH

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[tuple[Any, Any]]:
        """Start it; yields what a session of the SDK reads and writes. At the end all of it is gone."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", keeper.__file__, str(os.getpid()), *self.definition.command,
            stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=2 * keeper.LONGEST_LINE_BYTES, start_new_session=True,
            env=get_default_environment() | dict(self.definition.env), cwd=self.definition.cwd or self.folder,
        )  # fmt: skip
        incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
        tasks = [
            asyncio.create_task(self._read(process, incoming)),
            asyncio.create_task(self._write(process, outgoing)),
            asyncio.create_task(self._listen(process)),
        ]
        try:
            yield read, write
        finally:
            await asyncio.shield(_end(process))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for stream in (incoming, read, write, outgoing):
                stream.close()

    async def _read(self, process: Process, incoming: Any) -> None:
        """Each line as a message. What is none is left out; much of it before the first one is the end."""
        is_server = False
        assert process.stdout is not None  # noqa: S101 - asked for above
        async with incoming:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                while line := await process.stdout.readline():
                    try:
                        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                    except ValueError:  # the protocol has no answer to it
                        if is_server or self._goes_on(line):
                            continue
                        return
                    is_server, self._first_rubbish = True, b""
                    await incoming.send(SessionMessage(message))

    async def _write(self, process: Process, outgoing: Any) -> None:
        assert process.stdin is not None  # noqa: S101 - asked for above
        with suppress(ConnectionError, anyio.ClosedResourceError):
            async for message in outgoing:
                line = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                process.stdin.write(line.encode() + b"\n")
                await process.stdin.drain()

    async def _listen(self, process: Process) -> None:
        assert process.stderr is not None  # noqa: S101 - asked for above
        while chunk := await process.stderr.read(65_536):
            self._complaint = (self._complaint + chunk)[-COMPLAINT_BYTES:]


async def _end(process: Process) -> None:
    """Close its input, TERM to the group, then have the keeper kill everything; returns when it has ended.

    The keeper is killed only where it does not end: it alone reaches what left the group.
    """
    if process.stdin is not None:
        process.stdin.close()
    steps = (
        (None, os.kill, GRACE_SECONDS),
        (signal.SIGTERM, os.killpg, TERM_SECONDS),
        (keeper.STOP, os.kill, KEEPER_SECONDS),
        (signal.SIGKILL, os.killpg, None),
    )
    for number, tell, seconds in steps:
        if number is not None:
            with suppress(ProcessLookupError):
                tell(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
            return
