"""An MCP server that does not end when asked to: neither it nor the process that it started hears TERM."""

import asyncio
import signal
import subprocess
import sys

from mcp.server import MCPServer

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
server = MCPServer("stubborn")


@server.tool()
async def hangs() -> str:
    """Never answers."""
    await asyncio.Event().wait()
    return ""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", DEAF])
    server.run()
    asyncio.run(hangs())  # its input has ended, and it goes on
