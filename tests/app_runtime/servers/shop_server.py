"""A small MCP server on the official SDK, for tests: its tools work, fail, hang, crash, answer at length."""

import asyncio
import os
import subprocess
import sys

from mcp.server import MCPServer

server = MCPServer("shop")


@server.tool()
def price(article: str) -> str:
    """The price of an article."""
    return f"{article}: 17.20"


@server.tool()
def fails() -> str:
    """Always fails."""
    raise ValueError("the shop is closed")


@server.tool()
def long(characters: int) -> str:
    """As many characters as asked for."""
    return "x" * characters


@server.tool()
def variable(name: str) -> str:
    """A variable of its environment."""
    return os.environ.get(name, "not set")


@server.tool()
def child() -> str:
    """Starts a process that outlives the call, and says its id."""
    return str(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)


@server.tool()
async def hangs() -> str:
    """Never answers."""
    await asyncio.Event().wait()
    return ""


@server.tool()
def crashes() -> str:
    """Ends the server."""
    os._exit(3)


if __name__ == "__main__":
    if sys.argv[1:2] == ["http"]:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
    else:
        server.run()
