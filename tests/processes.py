"""Commands as a person starts them: processes of their own, with an environment that the test chose."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.forking import Forked, kept_variables, template

ROOT = Path(__file__).resolve().parent.parent
MANAGE = ROOT / "manage.py"
UMASK = 0o022  # of an ordinary shell
PATIENCE = 30  # seconds, for machines that do other things too


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """A clean environment with this data directory; `more` adds variables."""
    return {**kept_variables(), "HALO_DATA_DIR": str(data_dir), **more}


def manage(data_dir: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` to its end, under the umask of an ordinary shell."""
    return run(MANAGE, *arguments, env=environment(data_dir, **more))


def run(program: Path, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a Python file of ours to its end."""
    whole = [str(program), *arguments]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as messages:
        process = template().fork(whole, env, UMASK, output.fileno(), messages.fileno())
        try:
            process.wait(timeout=120)
        finally:
            process.kill()
        output.seek(0)
        messages.seek(0)
        return subprocess.CompletedProcess(whole, process.wait(), output.read(), messages.read())


def start(data_dir: Path, *arguments: str, **more: str) -> Forked:
    """Start `manage.py`; its output and its messages come in one stream."""
    ours, theirs = os.pipe()
    whole = [str(MANAGE), *arguments]
    process = template().fork(whole, environment(data_dir, **more), UMASK, theirs, theirs)
    os.close(theirs)
    process.stdout = os.fdopen(ours)
    return process


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(MANAGE), *arguments]


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> object:
    """What `condition` returns as soon as that is true; the test fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"This did not happen within {seconds} s: {condition}")


def everything(folder: Path) -> dict[str, bytes]:
    """Each path below a folder with its content, to see whether anything changed."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
    }
