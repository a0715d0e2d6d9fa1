"""An installation with processes of its own, on SQLite or on a PostgreSQL database made for it."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import ROOT, environment, manage

PATIENCE = 180  # seconds
TICKS = os.sysconf("SC_CLK_TCK")
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.noop_settings"}


class Site:
    """One migrated installation and the process that is asked about it. Use it as a context."""

    def __init__(self, folder: Path, url: str = "", **more: str) -> None:
        self.folder = folder
        self.more = {**SETTINGS, **({"DATABASE_URL": url} if url else {}), **more}

    def __enter__(self) -> "Site":
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        migrated = manage(self.folder, "migrate", "--verbosity", "0", **self.more)
        assert migrated.returncode == 0, migrated.stderr
        self.asked = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.crowd"],
            env=environment(self.folder, **self.more), cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        return self

    def __exit__(self, *_error: object) -> None:
        self.asked.communicate()

    def ask(self, what: str, **arguments: Any) -> Any:
        """The answer of `crowd`. Raises RuntimeError where its process ended instead."""
        assert self.asked.stdin
        assert self.asked.stdout
        self.asked.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self.asked.stdin.flush()
        line = self.asked.stdout.readline()
        if not line:
            raise RuntimeError(f"The process that was asked {what} ended")
        return json.loads(line)

    @contextmanager
    def processes(self, number: int, *command: str, **more: str) -> Iterator[list[int]]:
        """So many processes of a command (a script, or ``-m`` and a module); their ids. TERM ends them."""
        started = [
            subprocess.Popen(
                [sys.executable, *command],
                env=environment(self.folder, **{**self.more, **more}),
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _number in range(number)
        ]
        try:
            yield [process.pid for process in started]
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(20)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it. Raises TimeoutError after `PATIENCE`."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("The processes did not get done")
            time.sleep(0.05)


@contextmanager
def postgres_database(url: str) -> Iterator[str]:
    """The address of a database of its own on that server, dropped at the end."""
    import psycopg

    name = f"halo_benchmark_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{url.rsplit('/', 1)[0]}/{name}"
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM, in MB."""
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
