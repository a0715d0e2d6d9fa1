"""An MCP server with a process that left its group and session, lost its parent, and does not hear TERM.

That process writes its id into the file of the first argument.
"""

import os
import signal
import sys
import time
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("escaping")


@server.tool()
async def price() -> str:
    """Knows a price."""
    return "17.20"


def escape() -> None:
    """Fork, begin a session, fork: what is left is nobody's child."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.closerange(0, 100)
    Path(sys.argv[1]).write_text(str(os.getpid()))
    time.sleep(600)


if __name__ == "__main__":
    escape()
    server.run()
