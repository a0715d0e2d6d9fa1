"""A command that is forked is as one that a shell starts: its environment, its files, its end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE, ROOT, environment, manage, run, start

SAYS = """
import atexit, os, sys, threading
atexit.register(lambda: print("at exit"))
said = threading.Event()
threading.Thread(target=lambda: (said.wait(), print("thread"))).start()
print(sorted(name for name in os.environ if name.startswith("HALO")), os.getcwd(), sys.argv[1:], __name__)
print("a message", file=sys.stderr)
said.set()
{end}
"""


def program(folder: Path, end: str = "") -> Path:
    path = folder / "says.py"
    path.write_text(SAYS.replace("{end}", end))
    return path


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("sys.exit()", 0),
        ("sys.exit('a reason')", 1),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("raise KeyError('x')", 1),
        ("os._exit(300 & 255)", 44),
    ],
)
def test_it_ends_as_one_that_python_starts(tmp_path: Path, end: str, status: int) -> None:
    path, env = program(tmp_path, end), environment(tmp_path, HALO_BIND="x")
    real = subprocess.run(
        [sys.executable, str(path), "a", "b c"],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    forked = run(path, "a", "b c", env=env)
    assert (forked.returncode, real.returncode) == (status, status)
    assert forked.stdout == real.stdout
    assert forked.stderr.splitlines()[-1:] == real.stderr.splitlines()[-1:]


def test_it_gets_the_umask_of_a_shell_and_no_open_file_of_the_tests(tmp_path: Path) -> None:
    path = tmp_path / "looks.py"
    path.write_text("import os; print(oct(os.umask(0)), sorted(int(n) for n in os.listdir('/proc/self/fd')))")
    with Path(tmp_path / "open").open("w"):
        umask, files = run(path, env=environment(tmp_path)).stdout.split(" ", 1)
    assert umask == "0o22"
    assert [number for number in map(int, files.strip("[]\n").split(", ")) if number > 3] == []


def test_two_at_once_have_their_own_ends(tmp_path: Path) -> None:
    process = start(tmp_path / "data", "namespaces", "--json")
    other = start(tmp_path / "other", "no_such_command")
    assert (process.wait(PATIENCE), other.wait(PATIENCE)) == (0, 1)
    assert '"namespace"' in process.communicate()[0]
    assert "Unknown command" in other.communicate()[0]
    for pid in (process.pid, other.pid):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_command_that_hangs_is_a_timeout(tmp_path: Path) -> None:
    migrated = manage(tmp_path / "data", "migrate", "--verbosity", "0")
    assert migrated.returncode == 0, migrated.stderr
    process = start(tmp_path / "data", "run_clock")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.1)
    process.kill()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
