"""Commands that begin where a first process already is: with the libraries in memory.

To load them takes a new process most of a second, and the suite starts some thousand. So each process of the
tests has one template: it loads what asks for no settings, then forks for every command. The fork gets the
environment, the files and the umask that the test chose, and runs `manage.py` from its first line on, as
Python does. What is about starting itself (what a process loads, the children of `up`) uses real ones.
"""

import atexit
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
LOADED = (  # what takes long to load, and nothing that asks for settings
    *("app_manager.spec", "argparse", "asyncio", "cmarkgfm", "csp.constants", "difflib", "django.apps"),
    *("django.contrib.admin", "django.contrib.staticfiles.apps", "django.contrib.syndication.views"),
    *(
        "django.core.management.commands.migrate",
        "django.db.backends.sqlite3.base",
        "django.template.loader_tags",
    ),
    *("django.template.defaulttags", "django_stubs_ext", "django_tasks", "logging.config", "nh3"),
    *(
        "psycopg",
        "pydantic.fields",
        "halo_site.bootstrap",
        "halo_site.datadir.config",
        "halo_site.archive.journal",
        "scheduler.recurrence",
        "tomllib",
        "yaml",
        "zoneinfo",
    ),
)
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
LONGEST = 200_000  # bytes of a request
NUMBER = 10  # characters of a process id or an exit status in a pipe


def kept_variables() -> dict[str, str]:
    """What a command takes over of the environment of the tests."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}


class Forked:
    """A command that runs, with the part of `subprocess.Popen` that tests of commands need."""

    def __init__(self, pid: int, told: int, stdout: IO[str] | None = None) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdout = stdout
        self._told = told  # a pipe: the template writes how the command ended
        self._asking = threading.Lock()
        self._reader: threading.Thread | None = None
        self._output = ""

    def poll(self) -> int | None:
        """Its exit status, or the number of the signal that ended it below zero; None while it runs."""
        return self._ended_within(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status when it has one. Raises TimeoutExpired after so many seconds."""
        status = self._ended_within(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """What is left of its output when it has ended. Raises TimeoutExpired after so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if self.stdout is not None and not self.stdout.closed:
            if self._reader is None:  # after a timeout it reads on
                self._reader = threading.Thread(target=self._read_all, daemon=True)
                self._reader.start()
            self._reader.join(timeout)
            if self._reader.is_alive():
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self.stdout.close()
        self.wait(None if deadline is None else max(deadline - time.monotonic(), 0))
        return self._output, None

    def _read_all(self) -> None:
        if self.stdout is not None:
            self._output = self.stdout.read()

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ended, and the template is about to tell
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended_within(self, seconds: float | None) -> int | None:
        with self._asking:
            if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
                told = os.read(self._told, NUMBER)
                os.close(self._told)
                if not told:
                    raise RuntimeError("The template of processes is gone.")
                self.returncode = os.waitstatus_to_exitcode(int(told))
            return self.returncode


class Template:
    """The process that forks for commands, as the process of the tests sees it."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * LONGEST)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(theirs.fileno())],
                cwd=ROOT,
                env=kept_variables(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the tests; they end their commands
            )
        atexit.register(self.end)

    def end(self) -> None:
        """Let it end, which it does when nobody can ask it any more."""
        self._channel.close()
        self._process.wait()

    def fork(
        self, command: Sequence[str], env: Mapping[str, str], umask: int, stdout: int, stderr: int
    ) -> Forked:
        """Begin a Python file with its arguments, this environment and these open files."""
        told, tells = os.pipe()
        request = json.dumps(
            {"command": list(command), "env": dict(env), "umask": umask, "cwd": str(Path.cwd())}
        )
        with Path(os.devnull).open() as nothing:
            socket.send_fds(self._channel, [request.encode()], [nothing.fileno(), stdout, stderr, tells])
        os.close(tells)
        pid = os.read(told, NUMBER)
        if not pid:
            raise RuntimeError("The template of processes is gone.")
        return Forked(int(pid), told)


@cache
def template() -> Template:
    """The one of this process."""
    return Template()


class Server:
    """The template's own side: forks when asked, and tells how its commands ended."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.running: dict[int, int] = {}  # process id → the pipe in which its end is told
        self.woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        self.wakes = wakes

    def serve(self) -> dict[str, Any] | None:
        """Until the tests end: None. In a fork: what it is to do."""
        while True:
            ready = select.select([self.channel, self.woken], [], [])[0]
            if self.woken in ready:
                os.read(self.woken, 1_000)
                self._bury()
            if self.channel in ready:
                told, files, _flags, _address = socket.recv_fds(self.channel, LONGEST, 4)
                if not told:
                    return None
                if (request := self._fork(json.loads(told), files)) is not None:
                    return request

    def _fork(self, request: dict[str, Any], files: list[int]) -> dict[str, Any] | None:
        *streams, tells = files
        pid = os.fork()
        if pid:
            for stream in streams:
                os.close(stream)
            self.running[pid] = tells
            os.write(tells, f"{pid:{NUMBER}}".encode())
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        for opened in (*files, self.woken, self.wakes, *self.running.values()):
            os.close(opened)
        self.channel.close()
        return request

    def _bury(self) -> None:
        while self.running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            tells = self.running.pop(pid)
            os.write(tells, f"{status:{NUMBER}}".encode())
            os.close(tells)


def begin(request: Mapping[str, Any]) -> NoReturn:
    """Run the command in this process, as Python would have started it."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    os.umask(request["umask"])
    sys.argv = request["command"]
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as ended:
        status = _status_of(ended.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    end(status)


def _status_of(code: object) -> int:
    """What `sys.exit` makes of its argument."""
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def end(status: int) -> NoReturn:
    """End as Python does, but let the kernel take the memory apart: Python needs as long as for a command."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status & 0xFF)


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    for name in LOADED:
        importlib.import_module(name)
    request = Server(channel).serve()
    if request is not None:
        begin(request)


if __name__ == "__main__":
    main()
