"""Installations with a made up past, kept in a folder and used again where they were made alike."""

import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.processes import ROOT, command, environment, subprocess

MARK = "made-up.json"  # in the data directory, written last


@dataclass(frozen=True)
class Size:
    """How much past an installation has."""

    apps: int
    runs: int
    entries: int
    days: int

    @property
    def folder(self) -> str:
        return f"{self.apps}-apps-{self.runs}-runs-{self.entries}-entries-{self.days}-days"


def prepare(below: Path, size: Size) -> Path:
    """The data directory of an installation of that size, migrated; made only where it is not there yet."""
    data = below / size.folder
    mark = data / MARK
    is_made = mark.exists() and json.loads(mark.read_text()) == asdict(size)
    if not is_made and data.exists():
        shutil.rmtree(data)  # half made
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _manage(data, "migrate", "--verbosity", "0")
    if not is_made:
        print(f"Making {data} …", file=sys.stderr)
        parts = {"apps": size.apps, "runs": size.runs, "entries": size.entries, "days": size.days}
        _manage(data, "make_history", *(f"--{name}={value}" for name, value in parts.items()))
        _run(data, [sys.executable, "-m", "tests.benchmarks.planting", str(size.runs)])
        mark.write_text(json.dumps(asdict(size)))
    return data


def _manage(data: Path, *arguments: str) -> None:
    _run(data, command(*arguments))


def _run(data: Path, arguments: list[str]) -> None:
    subprocess.run(arguments, env=environment(data), cwd=ROOT, check=True)
