"""Waiting for the world: an event loop in a thread of its own, on whose work a run waits and can stop to."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

Result = TypeVar("Result")

LOOK_EVERY = 0.1  # seconds between two looks whether the wait must end
LAST_SECONDS = 6.0  # what cancelled work gets to put its things in order (MCP servers: stop their processes)


class Waiter:
    """Runs coroutines in its own thread. Use it as a context: at its end, whatever still runs is cancelled.

    One for each run: an engine's turn, a page, a tool's server all live in the same loop, which begins with
    the first of them.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Waiter":
        return self

    @property
    def is_used(self) -> bool:
        """Whether anything was waited for, so that there may be something to close."""
        return self._thread is not None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is None:
            return
        with_end = asyncio.run_coroutine_threadsafe(_cancel_everything(), self.loop)
        concurrent.futures.wait([with_end], timeout=LAST_SECONDS)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=1)
        if not self._thread.is_alive():
            self.loop.close()

    def wait(self, work: Coroutine[Any, Any, Result], may_go_on: Callable[[], None]) -> Result:
        """The result of ``work``. ``may_go_on`` is asked all the while; what it raises cancels the work.

        The exception is raised when the work has ended, or has had `LAST_SECONDS` for that.
        """
        self._begin()
        ended = threading.Event()
        task = asyncio.run_coroutine_threadsafe(_started(work, ended), self.loop).result()
        try:
            while not ended.wait(LOOK_EVERY):
                may_go_on()
            return task.result()
        finally:
            if not ended.is_set():
                self.loop.call_soon_threadsafe(task.cancel)
                ended.wait(LAST_SECONDS)

    def _begin(self) -> None:
        if self._thread is None:
            self.loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self.loop.run_forever, name="waiter", daemon=True)
            self._thread.start()


async def _started(work: Coroutine[Any, Any, Result], ended: threading.Event) -> "asyncio.Task[Result]":
    """The work as a task that tells another thread of its end, however it ends."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda _task: ended.set())
    return task


async def _cancel_everything() -> None:
    own = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not own]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
