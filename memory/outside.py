"""Changes of memory files by other programs, found by looking: the clock's sweep makes revisions of them.

Most sweeps compare what the file system says of each file with what it said before, and open none. What is
new to this process is read once and compared with its newest revision, the latest changes first; work that
does not fit into one sweep is done by the next ones.
"""

import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from halo_site.datadir.files import FileInfo, FileTooLarge
from halo_site.datadir.names import PathRefused
from memory.documents import files
from memory.exceptions import MemoryRefused
from memory.models import Revision, digest
from memory.moved import READ_AT_ONCE, record_moves
from memory.places import Place, place_keys, places_of
from memory.recording import catch_up, on_disk

logger = logging.getLogger(__name__)

LONGEST_SECONDS = 0.25  # of looking at place after place, and of opening the files of one, in one sweep
PLACES_AT_ONCE = 50  # looked up with one question
LOCK_SECONDS = 0.5  # a file that somebody writes just now is looked at in the next sweep
NEW_REVISIONS = 5_000  # looked through at once
OVERLAP = 1_000  # ids; on PostgreSQL a lower id can become visible after a higher one


class Watch:
    """What one process knows of the files: as each was when its newest revision described it."""

    def __init__(self) -> None:
        self._stamps: dict[str, dict[str, tuple[int, ...]]] = {}  # by place and name
        self._paths: dict[str, set[str]] = {}  # the documents of each place that revisions may say are there
        self._last_id: int | None = None
        self._left: deque[str] = deque()  # the keys of the places whose turn in this round is still to come
        self._unlisted: dict[str, str] = {}  # by place, what was in the way

    def sweep(self, now: datetime) -> int:
        """Record what was changed or removed outside, as far as time allows; how many files were opened.

        A file that cannot be read is left alone until it changes; pages and the doctor say what is wrong.
        """
        deadline = time.monotonic() + LONGEST_SECONDS
        self._learn()
        opened = 0
        for place in self._turns():
            opened += self._look(place, now)
            if time.monotonic() > deadline:
                break
        return opened

    def _turns(self) -> Iterator[Place]:
        """The places that are left of this round, else those of a new one; each is made when it comes near.

        To say where thousands of apps lie would take each sweep seconds, in which the clock waits.
        """
        if not self._left:
            self._left.extend(place_keys())
        while self._left:
            some = list(islice(self._left, PLACES_AT_ONCE))
            found = places_of(some)
            for key in some:
                self._left.popleft()
                if key in found:
                    yield found[key]

    def _learn(self) -> None:
        """Add the documents that revisions since the last sweep are about."""
        if self._last_id is None:
            newest = Revision.objects.without_content().order_by("-id").first()
            self._last_id = newest.pk if newest else 0
            return
        added = Revision.objects.filter(id__gt=self._last_id - OVERLAP).order_by("id")
        for pk, key, path in added.values_list("id", "place", "path")[:NEW_REVISIONS]:
            self._last_id = max(self._last_id, pk)
            if key in self._paths:
                self._paths[key].add(path)

    def _look(self, place: Place, now: datetime) -> int:
        if place.missing_folder is not None:
            return 0  # a disk that is not mounted has removed nothing
        try:
            found = files(place)
        except (PathRefused, OSError) as error:
            if self._unlisted.get(place.key) != str(error):  # once, not in each sweep
                logger.info("The files of %s cannot be listed: %s", place.key, error)
            self._unlisted[place.key] = str(error)
            return 0
        self._unlisted.pop(place.key, None)
        there = {info.name: info for info in found.others}
        if found.main is not None:
            there[""] = found.main
        stamps = self._stamps.setdefault(place.key, {})
        for name in stamps.keys() - there.keys():
            del stamps[name]
        new = [(name, info) for name, info in there.items() if stamps.get(name) != info.stamp]
        self._look_for_removed(place, there, [info for name, info in new if name], now)
        new.sort(key=lambda item: item[1].changed_at, reverse=True)
        opened = 0
        deadline = time.monotonic() + LONGEST_SECONDS  # however long the listing took, there is progress
        for some in _in_groups(new):
            opened += self._read(place, some, now, deadline)
            if time.monotonic() > deadline:
                break
        return opened

    def _read(self, place: Place, some: list[tuple[str, FileInfo]], now: datetime, deadline: float) -> int:
        """Compare files with their newest revisions; how many there was time for."""
        newest = Revision.objects.newest_sha256(place.key, [place.path(name) for name, _info in some])
        for number, (name, info) in enumerate(some):
            if time.monotonic() > deadline:
                return number
            if _is_settled(place, name, newest.get(place.path(name), ""), now):
                self._stamps[place.key][name] = info.stamp
        return len(some)

    def _look_for_removed(
        self, place: Place, there: dict[str, FileInfo], new: list[FileInfo], now: datetime
    ) -> None:
        """Record what is gone from ``there``; as renamed, where one of the ``new`` files is what is gone."""
        if place.key not in self._paths:
            known = Revision.objects.filter(place=place.key).order_by().values_list("path", flat=True)
            self._paths[place.key] = set(known.distinct())
        paths = self._paths[place.key]
        folder = place.path("x").removesuffix("x")
        gone = sorted(paths - {f"{folder}{name}" if name else place.path("") for name in there})
        for start in range(0, len(gone), READ_AT_ONCE):
            some = gone[start : start + READ_AT_ONCE]
            newest = self._without_moved(place, some, new, now)
            paths -= {path for path in some if _is_settled_as_gone(place, path, newest.get(path, ""), now)}

    def _without_moved(
        self, place: Place, gone: list[str], new: list[FileInfo], now: datetime
    ) -> dict[str, str]:
        """The newest SHA-256 of each of these paths, once it is recorded which of them were renamed."""
        newest = Revision.objects.newest_sha256(place.key, gone)
        names = dict(_names_of(place, newest))
        if not (names and new):
            return newest
        record_moves(place, names, new, now, time.monotonic() + LONGEST_SECONDS)
        return Revision.objects.newest_sha256(place.key, gone)


def _names_of(place: Place, newest: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The names of the documents with these paths that were there, each with its newest SHA-256."""
    for path, sha256 in newest.items():
        with suppress(PathRefused):
            if sha256:
                yield place.name_of(path), sha256


def _is_settled(place: Place, name: str, sha256: str, now: datetime) -> bool:
    """Record the file if ``sha256`` is not about it; whether it need not be opened again as it is now."""
    try:
        if digest(on_disk(place, name)) != sha256:
            catch_up(place, name, now, timeout=LOCK_SECONDS)
    except MemoryRefused as error:
        logger.info("A change of %s in %s is recorded later: %s", place.path(name), place.key, error)
        return False
    except (FileTooLarge, PathRefused, OSError):
        return True
    return True


def _is_settled_as_gone(place: Place, path: str, sha256: str, now: datetime) -> bool:
    """Whether the document need not be looked for until a revision names it again."""
    try:
        return not sha256 or _is_settled(place, place.name_of(path), sha256, now)
    except PathRefused:
        return True


def _in_groups(items: list[tuple[str, FileInfo]]) -> Iterator[list[tuple[str, FileInfo]]]:
    for start in range(0, len(items), READ_AT_ONCE):
        yield items[start : start + READ_AT_ONCE]
