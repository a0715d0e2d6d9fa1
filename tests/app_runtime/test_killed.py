"""kill -9 of workers in the middle of real model runs: nothing is lost, doubled, torn, locked or left."""

import os
import random
import re
import signal
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app_runtime.installation import Installation, descendants, is_gone
from tests.app_runtime.servers.conftest import SHOP
from tests.processes import eventually
from tests.wire import Provider, Says
from tests.wire.sources import reports

pytestmark = pytest.mark.sqlite_only
TURNS = 6
WAYS = [("openai", True), ("anthropic", True), ("openai", False), ("anthropic", False)]
LINE = re.compile(r"^- line (\d+) of the kettle$", re.M)
GONE_SECONDS = 10
UNRECORDED = "it was changed outside Halo Site, which is not recorded yet"


def script() -> list[Says]:
    """Each turn writes a numbered line and tells a numbered piece of news; the last one is the end."""
    turns = []
    for number in range(TURNS):
        line = {"scope": "app", "content": f"- line {number} of the kettle", "mode": "append"}
        told = {"type": "milestone", "message": f"news {number}"}
        turns.append(Says(calls=(("memory_write", line), ("report_to_user", told))))
    return [*turns, reports(f"news {TURNS}")]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(*script()) as provider:
        yield provider


@pytest.fixture
def make(copy_of_migrated: Callable[[], Path], provider: Provider) -> Callable[..., Installation]:
    def made(way: tuple[str, bool], *, with_server: bool) -> Installation:
        asked = {"requires": {"mcps": ["shop"]}, "permissions": ["mcp:shop"]} if with_server else {}
        installation = Installation(copy_of_migrated(), **asked)
        installation.ask_of(provider, way[0], stream=way[1])
        if with_server:
            installation.set("mcpServers", shop={"command": sys.executable, "args": SHOP})
        return installation

    return made


def kill(installation: Installation, provider: Provider, requests: int, pause: float) -> dict[str, Any]:
    """kill -9 a worker ``pause`` seconds after its n-th request; returns the run's row at that moment."""
    installation.run("trigger_app", installation.app_id)
    worker = installation.start("run_worker")
    try:
        eventually(lambda: installation.row["status"] != "queued" and len(provider.asked) >= requests)
        time.sleep(pause)
        started = descendants(worker.pid)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    assert eventually(lambda: all(map(is_gone, started)), GONE_SECONDS)
    return installation.row


def settle(installation: Installation, lost: dict[str, Any]) -> None:
    """Another worker looks after the run when its lease is over, and not before."""
    if lost["status"] == "running":
        time.sleep(max(0, lost["lease_until"] / 1000 - time.time()))
    installation.run("run_worker", "--once")
    assert installation.row["status"] in {"ok", "error"}
    if lost["status"] == "running" and lost["step_count"]:
        assert installation.row["error_message"].startswith("interrupted: its worker was last heard of at ")


def check_reports(installation: Installation) -> None:
    told = installation.told
    assert told == [f"news {number}" for number in range(len(told))]
    if installation.row["status"] == "ok":
        assert len(told) == TURNS + 1
    errors = installation.ask("SELECT * FROM activity_entries WHERE type = 'run_error'")
    assert len(errors) == (installation.row["status"] == "error")


def check_transcript(installation: Installation, provider: Provider) -> None:
    """It is a beginning of what happened: nothing in it that was not, and nothing out of order."""
    steps = [line for line in installation.transcript if line["type"] in ("model", "tool")]
    assert [line["step"] for line in steps] == list(range(1, len(steps) + 1))
    assert installation.row["step_count"] - len(steps) in (0, 1)
    turns = [line for line in steps if line["type"] == "model"]
    assert len(provider.asked) - len(turns) in (0, 1)
    results = [line["result"] for line in steps if line["type"] == "tool"]
    if provider.asked:
        heard = [text for role, text in provider.asked[-1].messages if role == "tool"]
        assert results[: len(heard)] == heard
    news = [line for line in steps if line["type"] == "tool" and line["name"] == "report_to_user"]
    assert len(installation.told) - len(news) in (0, 1)
    assert provider.refused == []


def check_memory(installation: Installation) -> bool:
    """The file has each line once and whole; it is its newest revision, or the doctor says that it is not.

    Returns whether the kill came between the file and its revision.
    """
    if not (installation.app_folder / "memory.md").exists():
        return False
    lines = [int(number) for number in LINE.findall(installation.memory)]
    assert lines == list(range(len(lines)))
    assert installation.memory.count("- line") == len(lines)
    assert len(lines) - sum("news" in told for told in installation.told) in (-1, 0, 1)
    content = installation.memory.encode()
    is_recorded = revised(installation) == content
    if not is_recorded:
        assert UNRECORDED in installation.doctor()
        installation.run("memory_read", "--as", f"app:{installation.app_id}", "--scope", "app")
        assert revised(installation) == content
    return not is_recorded


def revised(installation: Installation) -> bytes:
    """The newest revision of memory.md."""
    (row,) = installation.ask(
        "SELECT content FROM memory_revisions WHERE path = 'memory.md' ORDER BY id DESC LIMIT 1"
    )
    return zlib.decompress(row["content"])


def check_that_nothing_is_locked(installation: Installation, provider: Provider) -> None:
    provider.script = [Says(calls=script()[0].calls), reports("afterwards")]
    provider.asked.clear()
    installation.run("trigger_app", installation.app_id)
    installation.run("run_worker", "--once")
    assert installation.told[-2:] == ["news 0", "afterwards"]
    assert installation.memory.endswith("- line 0 of the kettle\n")


def check(installation: Installation, provider: Provider, requests: int, pause: float) -> str:
    lost = kill(installation, provider, requests, pause)
    settle(installation, lost)
    check_reports(installation)
    check_transcript(installation, provider)
    is_between = check_memory(installation)
    end = f"{lost['status']}, step {lost['step_count']} → {installation.row['status']}"
    return end + (", between file and revision" if is_between else "")


POINTS = [(0, 0.1, False), (1, 0.0, False), (4, 0.02, True)]


@pytest.mark.parametrize(("requests", "pause", "with_server"), POINTS)
def test_a_model_run_whose_worker_is_killed_stays_true(
    make: Callable[..., Installation], provider: Provider, requests: int, pause: float, with_server: bool
) -> None:
    installation = make(WAYS[requests % 3], with_server=with_server)
    check(installation, provider, requests, pause)
    if with_server:
        check_that_nothing_is_locked(installation, provider)


@pytest.mark.chaos
@pytest.mark.parametrize("number", range(50))
def test_a_model_run_whose_worker_is_killed_at_any_moment_stays_true(
    make: Callable[..., Installation], provider: Provider, number: int
) -> None:
    seed = int(os.environ.get("HALO_CHAOS_SEED") or random.randrange(10**6))
    chance = random.Random(f"{seed} {number}")
    requests, pause = chance.randint(0, TURNS + 1), chance.uniform(0, 0.08)
    print(f"seed {seed}, point {number}: killed {pause:.3f} s after request {requests}: ", end="")
    installation = make(WAYS[number % 4], with_server=number % 5 == 0)
    print(check(installation, provider, requests, pause))
    if number % 5 == 1:
        check_that_nothing_is_locked(installation, provider)
