"""Processes that MCP servers start and let go: gone with the run, however it ends."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.app_runtime.installation import Installation, is_gone
from tests.app_runtime.servers.conftest import HERE
from tests.app_runtime.test_cancelled import cancel
from tests.processes import eventually
from tests.wire import Hangs, Provider
from tests.wire.answers import Answer
from tests.wire.sources import reports

pytestmark = [
    pytest.mark.sqlite_only,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the process group alone is within reach"),
]
GONE_SECONDS = 10
WITH_SERVER: dict[str, Any] = {"requires": {"mcps": ["escaping"]}, "permissions": ["mcp:escaping"]}


@pytest.mark.parametrize(
    ("how", "answer"),
    [("ok", reports()), ("cancelled", Hangs()), ("killed", Hangs())],
    ids=["ok", "cancelled", "killed"],
)
def test_a_process_that_escaped_its_server_is_gone_after_the_run(
    copy_of_migrated: Callable[[], Path], tmp_path: Path, how: str, answer: Answer
) -> None:
    written = tmp_path / "pid"
    with Provider(answer) as provider:
        installation = Installation(copy_of_migrated(), **WITH_SERVER)
        installation.ask_of(provider, "openai", quietSeconds=60)
        script = [str(HERE / "escaping_server.py"), str(written)]
        installation.set("mcpServers", escaping={"command": sys.executable, "args": script})
        installation.run("trigger_app", installation.app_id)
        worker = installation.start("run_worker")
        try:
            eventually(lambda: provider.asked)
            escaped = int(str(eventually(written.read_text)))
            if how == "killed":
                worker.send_signal(signal.SIGKILL)
            else:
                if how == "cancelled":
                    cancel(installation)
                eventually(lambda: installation.row["status"] == how)
            assert eventually(lambda: is_gone(escaped), GONE_SECONDS)
        finally:
            worker.kill()
            worker.communicate()
