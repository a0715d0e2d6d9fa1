"""Copies that wait for their place in a backup: one file that only grows."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

CHUNK = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class Extent:
    """``size`` bytes of ``path``, from ``offset`` on, and their digest."""

    path: Path
    offset: int
    size: int
    sha256: str

    def chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            rest = self.size
            while rest:
                chunk = file.read(min(rest, CHUNK))
                if not chunk:
                    raise OSError(0, "A copy is shorter than it was", str(self.path))
                rest -= len(chunk)
                yield chunk


class Spool:
    """Takes over the content of open files, one behind the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("xb")
        self._end = 0

    def take(self, descriptor: int, size: int) -> Extent:
        """Copy the first ``size`` bytes of an open file, or as many as there are. Raises `OSError`."""
        digest, offset, done = sha256(), self._end, 0
        while chunk := os.pread(descriptor, min(CHUNK, size - done), done):
            digest.update(chunk)
            self._file.write(chunk)
            done += len(chunk)
        self._end += done
        return Extent(self.path, offset, done, digest.hexdigest())

    def close(self) -> None:
        self._file.close()


def whole(path: Path) -> Extent:
    """A file of ours as it is."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Extent(path, 0, size, digest.hexdigest())
