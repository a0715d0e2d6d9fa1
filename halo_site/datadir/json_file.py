"""A JSON file that several processes read and write: atomic, locked, and never overwritten when torn."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from halo_site.datadir.files import Step, staged
from halo_site.datadir.locks import locked

logger = logging.getLogger(__name__)


class FileDamaged(Exception):
    """The file is there and cannot be used, so nothing is written in its place."""


@dataclass(frozen=True)
class Contents:
    """What a file holds: ``{}`` where it is missing, and where ``damage`` says why it cannot be used.

    ``since``: when the file became what it is, as far as the disk tells.
    """

    values: dict[str, Any]
    damage: str = ""
    since: datetime | None = None


MISSING = Contents({})


class JsonFile:
    """One JSON object on disk. Reads are cached until the file changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[tuple[int, int, int] | None, Contents] = (None, MISSING)

    def read(self) -> dict[str, Any]:
        """The object, ``{}`` where the file is missing or cannot be used. Not to be changed by callers."""
        return self.contents().values

    def contents(self) -> Contents:
        """The object with what is wrong with it; the same one until the file changes."""
        since = None
        try:
            facts = self.path.stat()
            since = datetime.fromtimestamp(facts.st_ctime, UTC)
            stamp = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            seen, contents = self._seen
            if stamp != seen:
                contents = self._parse(since)
                self._seen = (stamp, contents)  # one assignment: threads read this without a lock
        except FileNotFoundError:
            return MISSING
        except OSError as error:  # not kept: what is mended may leave the file's time as it is
            logger.exception("%s cannot be read; defaults are used", self.path)
            return Contents({}, error.strerror or str(error), since)
        return contents

    def update(
        self, change: Callable[[dict[str, Any]], dict[str, Any]], *, sets_aside: bool = True
    ) -> dict[str, Any]:
        """Replace the object by ``change(object)`` under the file's lock.

        What cannot be parsed is set aside first; without ``sets_aside`` it stays as it is, and `FileDamaged`
        is raised. Raises `LockTimeout` when another process holds the lock for long, OSError when the disk
        refuses; the old file is then intact.
        """
        with self.changing(change, sets_aside=sets_aside) as (changed, put_in_place):
            put_in_place()
        return changed

    @contextmanager
    def changing(
        self, change: Callable[[dict[str, Any]], dict[str, Any]], *, sets_aside: bool = True
    ) -> Iterator[tuple[dict[str, Any], Step]]:
        """Do what `update` does in two steps, for callers with something to settle that may yet fail.

        Yields the new object and the step that puts it in place. What fails until the end takes that back.
        """
        with locked(self.path):
            if self.path.exists() and not self._is_readable():
                if not sets_aside:
                    raise FileDamaged(self.path.name)
                self.set_aside()
            changed = change(json.loads(self.path.read_bytes()) if self.path.exists() else {})
            with staged(self.path, encoded(changed)) as put_in_place:
                try:
                    yield changed, put_in_place
                except BaseException:
                    put_in_place.undo()
                    raise

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

    def _parse(self, since: datetime) -> Contents:
        raw = self.path.read_bytes()
        try:
            content = json.loads(raw)
            damage = "" if isinstance(content, dict) else "it is not a JSON object"
        except json.JSONDecodeError as error:  # without the text itself, which may be a secret
            content, damage = None, f"line {error.lineno}, column {error.colno}: {error.msg}"
        except (ValueError, RecursionError):
            content, damage = None, "it is not JSON"
        if damage:
            damage = damage if raw.strip() else "it is empty"
            logger.error("%s is not a JSON object (%s); defaults are used", self.path, damage)
            return Contents({}, damage, since)
        return Contents(content)


def set_aside_in(folder: Path) -> list[Path]:
    """The copies of corrupt files that lie there, the oldest first."""
    return sorted(folder.glob("*.json.corrupt-*"))


def encoded(content: dict[str, Any]) -> bytes:
    """JSON for people to read; half a surrogate pair, which no UTF-8 has, as an escape."""
    try:
        return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(content, indent=2).encode() + b"\n"
