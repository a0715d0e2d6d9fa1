"""What `up` runs, when what ended is started again, and how all are stopped. No processes in here."""

import signal
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DELAYS = (0, 1, 2, 4, 8, 16, 30)  # seconds before the first, second … start after a failure
STEADY = 60.0  # seconds of life after which earlier failures are forgotten
WORKERS_AFTER = 1.0  # seconds that web and clock get to end before the workers are told to
KILL_AFTER = 9.0  # seconds after which what still runs is killed
HEAD_START = 1.0  # seconds in which the web server has the processors to itself: somebody waits for its page
BLOCKING_THREADS = 4


@dataclass(frozen=True)
class Program:
    """One process to keep: its name in messages, and the script or module with its arguments."""

    name: str
    command: tuple[str, ...]

    @property
    def start_after(self) -> float:
        """Seconds after the supervisor's start."""
        return 0.0 if self.name == "web" else HEAD_START

    @property
    def is_worker(self) -> bool:
        return self.name.startswith("worker")


def programs(host: str, port: int, workers: int) -> list[Program]:
    """The web server, the clock and the workers."""
    manage = str(ROOT / "manage.py")
    return [
        Program("web", web_command(host, port)),
        Program("clock", (manage, "run_clock")),
        *(Program(f"worker {number}", (manage, "run_worker")) for number in range(1, workers + 1)),
    ]


def web_command(host: str, port: int) -> tuple[str, ...]:
    """Granian with one worker process: what counts sign-ins counts in its memory."""
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": str(port),
        "--workers": "1",
        "--blocking-threads": str(BLOCKING_THREADS),
        "--log-level": "warning",
    }
    words = [word for option in options.items() for word in option]
    return ("granian", *words, "--no-access-log", "--no-ws", "halo_site.wsgi:application")


@dataclass
class Restarts:
    """How long to wait before one program is started again."""

    failures: int = field(default=0)

    def delay(self, lived: float) -> int:
        """Seconds to wait after the program ended, having lived ``lived`` seconds."""
        if lived >= STEADY:
            self.failures = 0
        delay = DELAYS[min(self.failures, len(DELAYS) - 1)]
        self.failures += 1
        return delay


def stop_signal(*, is_worker: bool, elapsed: float, others_gone: bool) -> signal.Signals | None:
    """What a program must have been sent ``elapsed`` seconds after the stop began; None: nothing yet.

    Web and clock go first, so that nothing new reaches the workers, which then end what they are at.
    """
    if elapsed >= KILL_AFTER:
        return signal.SIGKILL
    if not is_worker or others_gone or elapsed >= WORKERS_AFTER:
        return signal.SIGTERM
    return None


def end_in_words(code: int) -> str:
    """How a process ended, from its return code (negative: minus the signal's number)."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
