"""Waiting for work in the run's event loop, and ending the wait."""

import asyncio

import pytest

from app_runtime.exceptions import RunStopped
from app_runtime.waiting import Waiter


def fine() -> None:
    """Nothing stands against going on."""


def refuse() -> None:
    raise RunStopped("enough")


async def answer() -> str:
    await asyncio.sleep(0)
    return "done"


async def fail() -> str:
    raise KeyError("nobody")


def test_work_ends_with_its_result() -> None:
    with Waiter() as waiter:
        assert waiter.wait(answer(), fine) == "done"


def test_a_failure_of_the_work_is_raised() -> None:
    with Waiter() as waiter, pytest.raises(KeyError):
        waiter.wait(fail(), fine)


def test_what_has_to_stop_is_cancelled_and_may_put_its_things_in_order() -> None:
    left: list[str] = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            left.append("in order")

    with Waiter() as waiter:
        with pytest.raises(RunStopped, match="enough"):
            waiter.wait(hang(), refuse)
        assert left == ["in order"]


def test_what_still_runs_at_the_end_is_cancelled() -> None:
    left: list[str] = []

    async def go_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("ended")

    async def start() -> asyncio.Task[None]:
        task = asyncio.create_task(go_on())
        await asyncio.sleep(0)
        return task

    with Waiter() as waiter:
        waiter.wait(start(), fine)
    assert left == ["ended"]
