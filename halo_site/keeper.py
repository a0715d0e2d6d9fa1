"""Runs a foreign program for a worker and sees to its end, and to the end of everything that it started.

It is started by its path, with Python's standard library only, as the leader of a process group of its own.
The program inherits standard input; what it prints goes through here, so that a line without end cannot fill
the worker's memory. When the worker is gone, even by kill -9, or the program has ended, the whole group is
killed.
"""

import os
import select
import signal
import subprocess
import sys

LOOK_SECONDS = 0.2
CHUNK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 128 * 1024 * 1024
NOT_FOUND = 127


def main(worker: str, *command: str) -> None:
    """Run the command to its end, or to that of the process ``worker`` (its id), and end this process group.

    The id is given, not asked for: a worker that is gone before this line would be asked for in vain.
    """
    # A handler, not SIG_IGN: the program gets its own default back, and this process waits for it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    try:
        program = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - what the spec names
    except OSError as error:
        print(f"{command[0]} could not be started: {error.strerror or error}", file=sys.stderr)
        sys.exit(NOT_FOUND)
    os.close(0)  # the program's alone: it reads the end of it when the worker closes it
    try:
        _relay(program, int(worker))
    finally:
        os.killpg(0, signal.SIGKILL)


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
