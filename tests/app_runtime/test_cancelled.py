"""A person cancels a run of a real worker: seen at once, all that it started gone, nothing asked again."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.app_runtime.installation import Installation, descendants, is_gone
from tests.app_runtime.servers.conftest import HERE
from tests.processes import eventually
from tests.wire import Hangs, Provider, Says

pytestmark = pytest.mark.sqlite_only
GONE_SECONDS = 10
CANCEL = """
from django.utils import timezone
from app_runtime.models import Run
from app_runtime.stopping import request_cancel
from halo_site.audit import Actor
assert request_cancel(Run.objects.get(), Actor("person", "anna"), timezone.now())
"""
STUBBORN = {"command": sys.executable, "args": [str(HERE / "stubborn_server.py")]}
WITH_SERVER: dict[str, Any] = {"requires": {"mcps": ["stubborn"]}, "permissions": ["mcp:stubborn"]}


def hanging_in_mid_stream(provider: Provider, installation: Installation) -> bool:
    return len(provider.asked) == 1


def hanging_in_a_call(provider: Provider, installation: Installation) -> bool:
    return len(provider.asked) == 1 and installation.row["step_count"] == 2


@pytest.mark.parametrize(
    ("answer", "is_hanging"),
    [
        (Hangs(midway=True), hanging_in_mid_stream),
        (Says(calls=(("stubborn__hangs", {}),)), hanging_in_a_call),
    ],
    ids=["provider in mid-stream", "call of a server that ignores TERM"],
)
def test_a_cancelled_run_stops_at_once_and_leaves_nothing_behind(
    copy_of_migrated: Callable[[], Path],
    answer: Hangs | Says,
    is_hanging: Callable[[Provider, Installation], bool],
) -> None:
    with Provider(answer) as provider:
        installation = Installation(copy_of_migrated(), **WITH_SERVER)
        installation.ask_of(provider, "anthropic", quietSeconds=60)
        installation.set("mcpServers", stubborn=STUBBORN)
        installation.run("trigger_app", installation.app_id)
        worker = installation.start("run_worker")
        try:
            eventually(lambda: is_hanging(provider, installation))
            started = eventually(lambda: descendants(worker.pid))
            assert len(started) >= 3  # type: ignore[arg-type]  # keeper, server, and what the server started
            cancel(installation)
            check_the_end(installation, provider, started)  # type: ignore[arg-type]
            assert worker.poll() is None  # it goes on with other runs
        finally:
            worker.kill()
            worker.communicate()


def cancel(installation: Installation) -> None:
    """Cancel as a page does; from then on it is shown as cancelling."""
    installation.run("shell", "-v0", "-c", CANCEL)
    row = installation.row
    assert row["status"] == "cancelled" or row["cancel_requested_at"]


def check_the_end(installation: Installation, provider: Provider, started: set[int]) -> None:
    asked = len(provider.asked)
    assert eventually(lambda: installation.row["status"] == "cancelled", GONE_SECONDS)
    row = installation.row
    assert row["finished_at"] - row["cancel_requested_at"] < GONE_SECONDS * 1000
    assert eventually(lambda: all(map(is_gone, started)), 1)
    assert (row["cancelled_by"], row["error_message"]) == ("anna", "Cancelled by anna.")
    assert eventually(lambda: provider.connections == 0)
    assert len(provider.asked) == asked
    # The end is written into the file once it is in the row.
    eventually(lambda: installation.transcript[-1]["type"] == "end")
    assert installation.transcript[-1]["status"] == "cancelled"
    assert installation.told == []
