"""A data directory that processes of ours work on, looked at from outside."""

import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import yaml

from tests.factories import SPEC
from tests.forking import Forked
from tests.processes import manage, start
from tests.wire import Provider
from tests.wire.sources import KEY, source

LEASE_SECONDS = 1
WITH_KEY = {"HALO_TEST_KEY": KEY}


class Installation:
    """A data directory with one app, looked at from outside.

    Its app comes from the file ``given`` and ``more`` arguments, or is Kettle Watch with ``changes``.
    """

    def __init__(self, folder: Path, given: Path | None = None, *more: str, **changes: Any) -> None:
        self.folder = folder
        self.configure(
            lease_seconds=LEASE_SECONDS, heartbeat_seconds=0.2, sweep_seconds=0.2, poll_seconds=0.05
        )
        spec = folder / "temp" / "spec.yaml"
        spec.parent.mkdir(exist_ok=True)
        spec.write_text(yaml.safe_dump({**SPEC, "subscriptions": [], **changes}))
        self.app_id = self.install(given or spec, *more)

    def install(self, spec: Path, *more: str) -> str:
        """Install with all that the spec asks for; returns the app's id."""
        return self.run("install_app", str(spec), *more).splitlines()[-1]

    def configure(self, **runs: float) -> None:
        self.set("runs", **runs)

    def set(self, section: str, **values: Any) -> None:
        """Change a section of config.json."""
        path = self.folder / "config.json"
        known = json.loads(path.read_text()) if path.exists() else {"version": 1}
        path.write_text(json.dumps({**known, section: {**known.get(section, {}), **values}}))

    def ask_of(self, provider: Provider, kind: str, *, stream: bool = True, **more: Any) -> None:
        """Make this provider the only model source."""
        one = source(provider, kind, stream, apiKey="env:HALO_TEST_KEY", **more)
        self.set("aiSources", currentId=one["id"], sources=[one])

    def run(self, *arguments: str, **more: str) -> str:
        result = manage(self.folder, *arguments, **WITH_KEY, **more)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "halo.db", timeout=10)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        with closing(self.connect()) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql)]

    def doctor(self) -> str:
        """What the doctor says, whether it finds something or not."""
        return manage(self.folder, "doctor").stdout

    def start(self, *arguments: str, **more: str) -> Forked:
        return start(self.folder, *arguments, **WITH_KEY, **more)

    @property
    def row(self) -> dict[str, Any]:
        return self.ask("SELECT * FROM automation_runs ORDER BY queued_at DESC")[0]

    @property
    def told(self) -> list[str]:
        """What its reports say, oldest first."""
        rows = self.ask("SELECT content_json FROM activity_entries WHERE type <> 'run_error' ORDER BY ts")
        return [json.loads(row["content_json"])["summary"] for row in rows]

    @property
    def transcript(self) -> list[dict[str, Any]]:
        files = list(self.folder.glob(f"spaces/*/apps/*/runs/{self.row['run_id']}.jsonl"))
        return [json.loads(line) for line in files[0].read_text().split("\n") if line] if files else []

    @property
    def app_folder(self) -> Path:
        return next(self.folder.glob(f"spaces/*/apps/{self.app_id}"))

    @property
    def memory(self) -> str:
        """memory.md as it is on disk."""
        return (self.app_folder / "memory.md").read_text()


def descendants(process_id: int) -> set[int]:
    """The processes that this one started, and those that they started."""
    found: set[int] = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in list(Path(f"/proc/{process_id}/task").iterdir()):
            for child in map(int, (task / "children").read_text().split()):
                found |= {child, *descendants(child)}
    return found


def is_gone(process_id: int) -> bool:
    """Whether the process has ended; a zombie that nobody has buried yet has."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rsplit(")", 1)[1].split()[0] == "Z"
