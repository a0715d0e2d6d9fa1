"""The supervisor with real processes that stand in for the real programs."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.processes import ROOT, environment, eventually

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
folder, name, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if kind == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if kind == "parent" and not os.fork():
    name += "-child"
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
(folder / f"{name}-{os.getpid()}").touch()
if kind == "failing":
    sys.exit(3)
while True:
    time.sleep(1)
"""
SUPERVISOR = """
import sys
from pathlib import Path
from halo_site.programs import Program
from halo_site.supervisor import Supervisor, report_end
import os
folder = Path(sys.argv[1])
programs = []
for word in sys.argv[2:]:
    name, kind = word.split("=")
    programs.append(Program(name, (str(folder / "program.py"), str(folder / "alive"), name, kind)))
report = lambda program, pid, code, delay: print(report_end(program, pid, code, delay), flush=True)
Supervisor(programs, os.environ, report).run()
print("over", flush=True)
"""


class Trial:
    """One supervisor process and the programs that it keeps."""

    def __init__(self, folder: Path, *programs: str) -> None:
        self.alive = folder / "alive"
        self.alive.mkdir()
        (folder / "program.py").write_text(textwrap.dedent(PROGRAM))
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(folder), *programs],
            env=environment(folder, PYTHONPATH=str(ROOT)),
            stdout=subprocess.PIPE,
            text=True,
        )

    def pids(self, name: str) -> list[int]:
        """The processes of this name so far, the dead ones too."""
        return sorted(int(path.name.rsplit("-", 1)[1]) for path in self.alive.glob(f"{name}-[0-9]*"))

    def pid(self, name: str) -> int:
        return eventually(lambda: self.pids(name))[-1]

    def stop(self) -> tuple[str, float]:
        """Tell it to end; returns what it printed and how many seconds that took."""
        began = time.monotonic()
        self.process.terminate()
        return self.process.communicate(timeout=15)[0], time.monotonic() - began


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_program_that_was_killed_is_started_again_and_reported(tmp_path: Path) -> None:
    trial = Trial(tmp_path, "web=steady")
    first = trial.pid("web")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: len(trial.pids("web")) == 2)
    output, _seconds = trial.stop()
    assert f"web (process {first}) was ended by SIGKILL; it is started again now." in output


def test_a_program_that_fails_again_and_again_is_started_more_slowly(tmp_path: Path) -> None:
    trial = Trial(tmp_path, "web=failing")
    eventually(lambda: len(trial.pids("web")) == 3)
    output, _seconds = trial.stop()
    assert "ended with exit code 3; it is started again now." in output
    assert "ended with exit code 3; it is started again in 1 s." in output


def test_what_a_dead_program_left_running_is_ended(tmp_path: Path) -> None:
    trial = Trial(tmp_path, "web=parent")
    orphan = trial.pid("web-child")
    os.kill(trial.pid("web"), signal.SIGKILL)
    eventually(lambda: not is_alive(orphan))
    trial.stop()


def test_term_ends_everything_in_order(tmp_path: Path) -> None:
    trial = Trial(tmp_path, "web=steady", "worker=steady")
    pids = [trial.pid("web"), trial.pid("worker")]
    output, seconds = trial.stop()
    assert (trial.process.returncode, output.strip()) == (0, "over")
    assert not any(is_alive(pid) for pid in pids)
    assert seconds < 5


def test_interrupt_ends_everything_too(tmp_path: Path) -> None:
    trial = Trial(tmp_path, "web=steady")
    pid = trial.pid("web")
    trial.process.send_signal(signal.SIGINT)
    trial.process.communicate(timeout=15)
    assert (trial.process.returncode, is_alive(pid)) == (0, False)


def test_a_stubborn_program_is_killed_within_ten_seconds(tmp_path: Path) -> None:
    trial = Trial(tmp_path, "worker=stubborn")
    pid = trial.pid("worker")
    _output, seconds = trial.stop()
    assert not is_alive(pid)
    assert seconds < 10


@pytest.mark.parametrize("kind", ["steady", "stubborn"])
def test_programs_end_when_the_supervisor_is_killed(tmp_path: Path, kind: str) -> None:
    trial = Trial(tmp_path, f"web={kind}")
    pid = trial.pid("web")
    trial.process.kill()
    eventually(lambda: not is_alive(pid))
    trial.process.communicate(timeout=15)


def test_what_programs_started_ends_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    trial = Trial(tmp_path, "web=parent")
    pids = [trial.pid("web"), trial.pid("web-child")]
    trial.process.kill()
    eventually(lambda: not any(is_alive(pid) for pid in pids))
    trial.process.communicate(timeout=15)
