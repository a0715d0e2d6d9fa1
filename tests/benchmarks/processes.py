"""The other end of `served`: an installation's process, asked from here."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from types import TracebackType
from typing import Any

from tests.processes import ROOT, environment


@dataclass(frozen=True)
class Address:
    """One page to measure. ``path`` names the samples of an installation in braces."""

    label: str
    path: str

    def on(self, samples: dict[str, str]) -> str:
        return self.path.format(**samples)

    def is_on(self, samples: dict[str, str]) -> bool:
        """Whether an installation with these samples has the page."""
        return all(
            name is None or name in samples for _text, name, _spec, _kind in Formatter().parse(self.path)
        )


class Installation:
    """One installation while it is served. Use it as a context."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.served"],
            env=environment(data),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # an interrupt is for the one who asks; this process ends when nobody does
        )
        self.samples: dict[str, str] = {}

    def __enter__(self) -> "Installation":
        self.samples = self.ask("samples")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.communicate()

    def addresses(self) -> list[Address]:
        return [Address(**each) for each in self.ask("addresses", samples=self.samples)]

    def ask(self, what: str, **arguments: Any) -> Any:
        """The answer of the process. Raises RuntimeError where it ended instead."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The process of an installation ended over {what} {arguments}")
        return json.loads(line)

    def path(self, address: Address) -> str:
        return address.on(self.samples)
