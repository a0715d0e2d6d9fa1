"""Keeps the web server, the clock and the workers running until this process is told to stop."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from halo_site.programs import ROOT, Program, Restarts, end_in_words, stop_signal

LONGEST_SLEEP = 1.0  # seconds; a signal ends it early
STOP_SLEEP = 0.1


class Child:
    """One program and the process that runs it at the moment."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.restarts = Restarts()
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.start_at = time.monotonic() + program.start_after  # both on the monotonic clock, seconds
        self.told: signal.Signals | None = None

    def start(self, tether: int, environment: Mapping[str, str], now: float) -> None:
        """Start the process in a session of its own: the terminal's Ctrl-C reaches only the supervisor."""
        command = [sys.executable, "-m", "halo_site.tether", str(tether), *self.program.command]
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            cwd=ROOT,
            env=environment,
            pass_fds=(tether,),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started_at = now

    def ended(self) -> int | None:
        """The return code if the process has ended; what is left of its group is killed then.

        The process is looked at before it is reaped: until then nobody else has its number, the group's.
        """
        if self.process is None:
            return None
        pid = self.process.pid
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self.signal_group(signal.SIGKILL)
        code = self.process.wait()
        self.process = None
        return code

    def signal_group(self, number: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def tell(self, number: signal.Signals | None) -> None:
        """Send a stop signal once: TERM to the process, which ends its own children, KILL to its group."""
        if self.process is None or number is None or number == self.told:
            return
        self.told = number
        if number == signal.SIGKILL:
            self.signal_group(number)
        else:
            self.process.send_signal(number)


class Supervisor:
    """Starts the programs, starts again what ends, and stops all of them within ten seconds.

    ``report`` is called with the program, its process's number, its return code and the seconds until it is
    started again.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        environment: Mapping[str, str],
        report: Callable[[Program, int, int, int], None],
    ) -> None:
        self.children = [Child(program) for program in programs]
        self.environment = environment
        self.report = report
        self.stop_began: float | None = None

    def run(self) -> None:
        """Return when all programs have ended after INT or TERM."""
        read_end, write_end = os.pipe()
        try:
            with self._signals() as wake_up:
                while not self._is_over():
                    self._step(read_end, time.monotonic())
                    sleep = LONGEST_SLEEP if self.stop_began is None else STOP_SLEEP
                    select.select([wake_up], [], [], sleep)
                    drain(wake_up)
        finally:
            os.close(write_end)
            os.close(read_end)

    def _is_over(self) -> bool:
        return self.stop_began is not None and not any(child.process for child in self.children)

    def _step(self, tether: int, now: float) -> None:
        for child in self.children:
            self._look_after(child, now)
        if self.stop_began is not None:
            self._stop(now - self.stop_began)
            return
        for child in self.children:
            if child.process is None and child.start_at <= now:
                child.start(tether, self.environment, now)

    def _look_after(self, child: Child, now: float) -> None:
        pid = child.process.pid if child.process else 0
        code = child.ended()
        if code is None or self.stop_began is not None:
            return
        delay = child.restarts.delay(now - child.started_at)
        child.start_at = now + delay
        self.report(child.program, pid, code, delay)

    def _stop(self, elapsed: float) -> None:
        others_gone = not any(child.process for child in self.children if not child.program.is_worker)
        for child in self.children:
            child.tell(
                stop_signal(is_worker=child.program.is_worker, elapsed=elapsed, others_gone=others_gone)
            )

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """Yield a descriptor that becomes readable at INT, TERM and the end of a child."""
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)

        def stop(number: int, frame: Any) -> None:
            self.stop_began = self.stop_began or time.monotonic()

        handlers = {signal.SIGINT: stop, signal.SIGTERM: stop, signal.SIGCHLD: lambda number, frame: None}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield read_end
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(-1)
            os.close(read_end)
            os.close(write_end)


def drain(descriptor: int) -> None:
    """Empty a non-blocking pipe."""
    with suppress(BlockingIOError):
        while os.read(descriptor, 512):
            pass


def report_end(program: Program, pid: int, code: int, delay: int) -> str:
    """The sentence about a program that ended by itself."""
    again = "it is started again now" if not delay else f"it is started again in {delay} s"
    return f"{program.name} (process {pid}) {end_in_words(code)}; {again}."
