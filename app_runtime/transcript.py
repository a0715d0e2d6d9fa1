"""A run's transcript: one JSON object per line, appended as things happen (DESIGN §2, §5)."""

import json
from datetime import datetime
from typing import Any

from app_manager.models import App
from halo_site.datadir.files import append_line, read_below
from halo_site.store.fields import to_ms

FOLDER = "runs"


class Transcript:
    """The file ``runs/{run_id}.jsonl`` in the app's folder. Lines are only ever added."""

    def __init__(self, app: App, run_id: str) -> None:
        self.base = app.folder
        self.name = f"{FOLDER}/{run_id}.jsonl"

    def append(self, kind: str, now: datetime, **facts: Any) -> None:
        """Add one line ``{"_ts": ms, "type": kind, …}``, on disk when this returns."""
        line = json.dumps({"_ts": to_ms(now), "type": kind, **facts}, ensure_ascii=False, default=str)
        append_line(self.base, self.name, line.encode("utf-8", "backslashreplace"))

    def raw(self) -> bytes:
        """The file as it is. Raises FileNotFoundError, or PathRefused for anything but a plain file."""
        return read_below(self.base, self.name)

    def lines(self) -> list[dict[str, Any]]:
        """Every line that can be read; a torn or foreign line is left out. Empty where there is no file."""
        try:
            text = self.raw().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        return [line for line in map(_parsed, text.splitlines()) if line is not None]


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None
