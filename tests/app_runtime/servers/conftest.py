import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app_manager.models import App
from app_runtime.servers import Servers
from app_runtime.waiting import Waiter
from halo_site.datadir.config import update_config
from tests.factories import make_app, make_run

HERE = Path(__file__).parent
SHOP = [str(HERE / "shop_server.py")]


def fine() -> None:
    """Nothing stands against going on."""


def configure(**servers: Any) -> None:
    """Put servers into config.json; a list stands for the arguments of a Python program."""
    known = {
        name: {"command": sys.executable, "args": server} if isinstance(server, list) else server
        for name, server in servers.items()
    }
    update_config("mcpServers", known)


class Bench:
    """The servers of one run, with the loop that they live in."""

    def __init__(self, app: App, waiter: Waiter) -> None:
        self.run = make_run(app, "running")
        self.waiter = waiter
        self.servers = Servers(self.run, ["127.0.0.1"])

    def start(self) -> list[dict[str, Any]]:
        self.servers.resolve()
        self.waiter.wait(self.servers.start(), fine)
        return self.servers.facts()

    def call(self, name: str, /, **arguments: Any) -> str:
        tool = next(tool for tool in self.servers.tools() if tool.name == name)
        return self.waiter.wait(tool.call(arguments), fine)  # type: ignore[arg-type]

    def stop(self) -> None:
        self.waiter.wait(self.servers.stop(), fine)


@pytest.fixture
def bench(db: None) -> Iterator[Bench]:
    app = make_app(granted=("mcp:shop",))
    with Waiter() as waiter:
        bench = Bench(app, waiter)
        yield bench
        bench.stop()
