"""A run's transcript: one JSON object per line, appended as things happen (DESIGN §2, §5)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from app_manager.models import App
from app_manager.places import place_of
from app_runtime.exceptions import FolderMissing
from app_runtime.models import Run
from app_runtime.texts import storable
from halo_site.datadir.files import append_line, read_below, read_ends_below, write_below
from halo_site.store.fields import to_ms

FOLDER = "runs"
HEAD_BYTES, TAIL_BYTES = 2 * 1024 * 1024, 4 * 1024 * 1024  # what a page reads of a large one


class Transcript:
    """The file ``runs/{run_id}.jsonl`` in the app's folder. Lines are only ever added.

    Links are refused from the space's path on. Raises `LookupError` where the app's space is gone.
    """

    def __init__(self, app: App, run_id: str) -> None:
        place = place_of(app)
        if place is None:
            raise LookupError(f"The space {app.space_id} of {app.name} is not in spaces-index.json.")
        self.base = place.base
        self.name = str(PurePosixPath(place.file).parent / FOLDER / f"{run_id}.jsonl")

    def append(self, kind: str, now: datetime, /, **facts: Any) -> None:
        """Add one line ``{"_ts": ms, "type": kind, …}``, on disk when this returns."""
        append_line(self.base, self.name, _line(kind, now, facts))

    def append_while(self, holds: Callable[[], bool], kind: str, now: datetime, /, **facts: Any) -> bool:
        """As `append`, unless ``holds`` says no once nobody else can write; False then."""
        return append_line(self.base, self.name, _line(kind, now, facts), holds)

    def keep(self, name: str, text: str) -> None:
        """Keep a long result beside the transcript, as ``runs/{run_id}/{name}``."""
        write_below(self.base, self._aside(name), text.encode("utf-8", "backslashreplace"))

    def kept(self, name: str) -> bytes:
        """What `keep` wrote. Raises as `raw` does."""
        return read_below(self.base, self._aside(name))

    def _aside(self, name: str) -> str:
        return f"{self.name.removesuffix('.jsonl')}/{name}"

    def raw(self) -> bytes:
        """The file as it is. Raises FileNotFoundError, or PathRefused for anything but a plain file."""
        return read_below(self.base, self.name)

    def excerpt(self) -> "Excerpt":
        """The whole of a transcript of ordinary size; of a large one its beginning and its end.

        Raises as `raw` does, but for a missing file: that is empty.
        """
        try:
            head, tail = read_ends_below(self.base, self.name, HEAD_BYTES, TAIL_BYTES)
        except FileNotFoundError:
            return Excerpt((), is_cut=False, is_there=False)
        # The line at each cut is torn there, and left out as every torn line is.
        return Excerpt(tuple((head + b"\n" + tail).decode("utf-8", "replace").split("\n")), is_cut=bool(tail))

    def lines(self) -> list[dict[str, Any]]:
        """Every line that can be read; a torn or foreign line is left out. Empty where there is no file."""
        try:
            text = self.raw().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        # Not splitlines: JSON may hold U+2028 and its like, which are no ends of lines here.
        return [line for line in map(_parsed, text.split("\n")) if line is not None]


@dataclass(frozen=True)
class Excerpt:
    """Lines of a transcript as text; ``is_cut`` where some in the middle are left out.

    ``is_there`` says whether there is a file that can be read: without one nobody knows what happened.
    """

    written: tuple[str, ...]
    is_cut: bool
    is_there: bool = True

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """Those that can be read."""
        return [line for line in map(_parsed, self.written) if line is not None]

    @property
    def text(self) -> list[str]:
        """Each readable line, indented for people."""
        return [json.dumps(line, ensure_ascii=False) for line in self.lines]


def transcript_of(run: Run) -> Transcript:
    """The transcript to write to. Raises `FolderMissing` rather than make a folder on the wrong disk."""
    space, place = run.app.space, place_of(run.app)
    if place is None or (space is not None and space.is_missing):
        raise FolderMissing(run.app)
    # A folder that is made anew says of what was remembered in it that somebody removed it
    if place.missing_folder is not None and place.is_remembered:
        raise FolderMissing(run.app)
    return Transcript(run.app, run.run_id)


def _line(kind: str, now: datetime, facts: Mapping[str, Any]) -> bytes:
    line = json.dumps({"_ts": to_ms(now), "type": kind, **facts}, ensure_ascii=False, default=str)
    return line.encode("utf-8", "backslashreplace")


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return storable(line) if isinstance(line, dict) else None
