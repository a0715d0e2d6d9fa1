"""Runs a program that ends when its supervisor is gone, even by kill -9.

The supervisor holds the write end of a pipe, its children the read end. However the supervisor ends, the
kernel closes the write end, and each child reads the end of the file. That works on every Unix; Linux' own
PR_SET_PDEATHSIG does not reach a child's children (the server's worker process), and is tied to the thread
that started the child.
"""

import os
import runpy
import signal
import sys
import threading
import time
import warnings

KILL_AFTER = 9.0  # seconds that an orphan gets to end in order
LOOK_EVERY = 0.05  # seconds


def hold(descriptor: int) -> None:
    """Watch the read end of the supervisor's pipe in a thread; at its end, end this process's group."""
    os.set_inheritable(descriptor, False)
    threading.Thread(target=_end_with_supervisor, args=(descriptor,), daemon=True, name="tether").start()


def _end_with_supervisor(descriptor: int) -> None:
    os.read(descriptor, 1)  # nothing is ever written: this returns at the end only
    leader = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # of this thread, and of what it forks
    warnings.simplefilter("ignore")  # forking beside threads is fine for a child that only sleeps and kills
    if not os.fork():
        _bury(leader)
    os.killpg(leader, signal.SIGTERM)


def _bury(leader: int) -> None:
    """Kill what is left of the group when its leader has ended, or has had its time."""
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    deadline = time.monotonic() + KILL_AFTER
    while os.getppid() == leader and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    os.killpg(leader, signal.SIGKILL)


def main(descriptor: str, target: str, *arguments: str) -> None:
    """Run ``target``, a script's path or a module's name, as Python itself would."""
    hold(int(descriptor))
    sys.argv = [target, *arguments]
    if target.endswith(".py"):
        runpy.run_path(target, run_name="__main__")
    else:
        runpy.run_module(target, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
