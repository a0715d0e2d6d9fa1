"""A JSON file that several processes read and write: atomic, locked, and never overwritten when torn."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from halo_site.datadir.files import write_atomically
from halo_site.datadir.locks import locked

logger = logging.getLogger(__name__)


class JsonFile:
    """One JSON object on disk. Reads are cached until the file changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[tuple[int, int, int] | None, dict[str, Any]] = (None, {})

    def read(self) -> dict[str, Any]:
        """The object, ``{}`` where the file is missing or cannot be used. Not to be changed by callers."""
        try:
            facts = self.path.stat()
            stamp = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            seen, content = self._seen
            if stamp != seen:
                content = self._parse()
                self._seen = (stamp, content)  # one assignment: threads read this without a lock
        except FileNotFoundError:
            return {}
        except OSError:  # not kept: a disk or a mode that is mended leaves the file's time as it is
            logger.exception("%s cannot be read; defaults are used", self.path)
            return {}
        return content

    def update(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Replace the object by ``change(object)`` under the file's lock.

        What cannot be parsed is set aside first. Raises `LockTimeout` when another process holds the lock for
        long, OSError when the disk refuses; the old file is then intact.
        """
        with locked(self.path):
            if self.path.exists() and not self._is_readable():
                self.set_aside()
            changed = change(json.loads(self.path.read_bytes()) if self.path.exists() else {})
            write_atomically(self.path, encoded(changed))
        return changed

    def set_aside(self) -> Path:
        """Rename a corrupt file to ``<name>.corrupt-<UTC time>`` and say so in the log."""
        aside = self.path.with_name(f"{self.path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z")
        self.path.rename(aside)
        logger.error("%s is not valid JSON; it was set aside as %s", self.path, aside.name)
        return aside

    def problem(self) -> str | None:
        """A sentence when the file is there and cannot be used, else None."""
        try:
            if not self.path.exists() or self._is_readable():
                return None
        except OSError as error:
            return f"{self.path.name} cannot be read: {error.strerror or error}. Its content is ignored."
        return f"{self.path.name} is not a JSON object; its content is ignored until it is mended."

    def _is_readable(self) -> bool:
        """Whether it is an object. Raises OSError for a file of which nobody can tell."""
        try:
            return isinstance(json.loads(self.path.read_bytes()), dict)
        except (ValueError, RecursionError, IsADirectoryError):
            return False

    def _parse(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_bytes())
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, dict):
            return content
        logger.error("%s is not a JSON object; defaults are used", self.path)
        return {}


def encoded(content: dict[str, Any]) -> bytes:
    """JSON for people to read; half a surrogate pair, which no UTF-8 has, as an escape."""
    try:
        return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(content, indent=2).encode() + b"\n"
