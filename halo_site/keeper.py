"""Runs a foreign program for a worker and sees to its end, and to the end of everything that it started.

It is started by its path, with Python's standard library only, as the leader of a process group of its own.
The program inherits standard input; what it prints goes through here, so that a line without end cannot fill
the worker's memory. When the worker is gone, even by kill -9, when the program has ended, or at `STOP`, all
that is left is killed.

On Linux that is every descendant: this process adopts what lost its parent, so that forks in sessions of
their own stay within reach. Elsewhere it is the process group alone. What kills this very process gets away.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

LOOK_SECONDS = 0.2
CHUNK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 128 * 1024 * 1024
# What asks this process to end everything now; SIGTERM is for the program, which shares the group
STOP = signal.SIGUSR1
KILL_SECONDS = 5.0  # for descendants that fork faster than they are killed
PR_SET_CHILD_SUBREAPER = 36


def main(worker: str, *command: str) -> None:
    """Run the command to its end, or to that of the process ``worker`` (its id), and end all that it began.

    The id is given, not asked for: a worker that is gone before this line would be asked for in vain.
    """
    # A handler, not SIG_IGN: the program gets its own default back, and this process waits for it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    signal.signal(STOP, lambda _number, _frame: sys.exit(0))
    adopt_orphans()
    try:
        program = _started(command)
        if program is not None:
            os.close(0)  # the program's alone: it reads the end of it when the worker closes it
            _relay(program, int(worker))
    finally:
        signal.signal(STOP, signal.SIG_IGN)
        end_descendants()
        os.killpg(0, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own. Linux only; a refusal changes nothing."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """Kill every descendant, again until there is none; at most `KILL_SECONDS`."""
    deadline = time.monotonic() + KILL_SECONDS
    while (living := descendants(os.getpid())) and time.monotonic() < deadline:
        for process in living:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def descendants(ancestor: int) -> set[int]:
    """The processes that come from this one, those that have ended and wait for burial too.

    Empty where there is no /proc.
    """
    children: dict[int, list[int]] = {}
    with suppress(OSError):
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):
                parent = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
    found, waiting = set[int](), [ancestor]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found


def _started(command: tuple[str, ...]) -> "subprocess.Popen[bytes] | None":
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - what the spec names
    except OSError as error:
        print(f"{command[0]} could not be started: {error.strerror or error}", file=sys.stderr, flush=True)
        return None


def _relay(program: "subprocess.Popen[bytes]", parent: int) -> None:
    """Pass on whole lines until the program ends, its worker is gone, or a line has no end."""
    assert program.stdout is not None  # noqa: S101 - asked for above
    source, line, length = program.stdout.fileno(), list[bytes](), 0
    while os.getppid() == parent:
        readable, _writable, _odd = select.select([source], [], [], LOOK_SECONDS)
        if not readable:
            if program.poll() is not None:
                return
            continue
        chunk = os.read(source, CHUNK_BYTES)
        if not chunk:
            return
        whole, newline, begun = chunk.rpartition(b"\n")
        if newline:
            _write(b"".join((*line, whole, newline)))
            line, length = [], 0
        line.append(begun)
        length += len(begun)
        if length > LONGEST_LINE_BYTES:
            print("it printed a line without end", file=sys.stderr)
            return


def _write(chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(1, chunk) :]


if __name__ == "__main__":
    main(*sys.argv[1:])
