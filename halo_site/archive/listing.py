"""What lies in the data directory, looked at again and again while others write.

A look is cheap where nothing happened: a folder whose own time is unchanged has the same entries, since
files there are replaced by renaming, which changes the folder; within it only files of the last day are
asked again (a transcript grows without its folder knowing, and a run lasts at most a day).
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from halo_site.datadir.folders import DIRECTORY_FLAGS

SETTLED_NS = 25 * 3600 * 10**9  # a file that old is not asked again as long as its folder is unchanged
RECENT_NS = 100 * 10**6  # within this time two changes can have the same time stamp
DEEPEST = 64  # folders
GROWING = ".jsonl"  # transcripts: the only files of ours that are not replaced but appended to


# How a file looked: inode, size in bytes, last change of content and of anything, in epoch nanoseconds. Two
# contents never look the same, except within `RECENT_NS`. A plain tuple, since writers wait for thousands.
Seen = tuple[int, int, int, int]
CHANGED = 3  # where the last change of anything stands in it


def seen_of(facts: os.stat_result) -> Seen:
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


@dataclass(slots=True)
class Folder:
    """One folder: when it was changed and looked at, its entries, and those that no backup takes."""

    mtime_ns: int
    looked_at_ns: int
    folders: list[str]
    files: list[str]
    odd: dict[str, str]


class Look:
    """One look at everything below ``root``. Links are never followed. Raises `OSError`.

    ``skips`` says which names of the top level are left alone. A quick look asks only transcripts again in
    folders that are unchanged: what other programs write in place is then as of the look before.
    Afterwards: ``files`` by relative name, ``folders``, and ``odd``: what is neither, with the reason.
    """

    def __init__(
        self,
        root: str,
        skips: Callable[[str], bool],
        now_ns: int,
        before: "Look | None" = None,
        *,
        is_quick: bool = False,
    ) -> None:
        self.skips, self.now_ns, self.before, self.is_quick = skips, now_ns, before, is_quick
        self.files: dict[str, Seen] = {}
        self.folders: dict[str, Folder] = {}
        self.odd: dict[str, str] = {}
        top = os.open(root, DIRECTORY_FLAGS)
        try:
            self._visit(top, "", DEEPEST)
        finally:
            os.close(top)
        self.before = None  # or every look would hold all earlier ones

    def _visit(self, descriptor: int, path: str, depth: int) -> None:
        changed = os.fstat(descriptor).st_mtime_ns
        known = self.before.folders.get(path) if self.before else None
        if known and known.mtime_ns == changed and changed < known.looked_at_ns - RECENT_NS:
            folder = known
            self._ask_again(descriptor, path, known)
        else:
            folder = self._scan(descriptor, path, changed, depth)
        self.folders[path] = folder
        self.odd |= folder.odd
        for name in folder.folders:
            try:
                below = os.open(name, DIRECTORY_FLAGS | os.O_NOFOLLOW, dir_fd=descriptor)
            except (FileNotFoundError, NotADirectoryError):  # gone, or replaced, since it was listed
                continue
            try:
                self._visit(below, f"{path}{name}/", depth - 1)
            finally:
                os.close(below)

    def _ask_again(self, descriptor: int, path: str, known: Folder) -> None:
        """The files of a folder whose entries are the same as before."""
        earlier = self.before.files if self.before else {}
        settled = self.now_ns - SETTLED_NS
        for name in known.files:
            if self.is_quick and not name.endswith(GROWING) and path + name in earlier:
                self.files[path + name] = earlier[path + name]
                continue
            seen = earlier.get(path + name)
            if seen is None or seen[2] > settled:
                try:
                    seen = seen_of(os.stat(name, dir_fd=descriptor, follow_symlinks=False))
                except FileNotFoundError:
                    continue
            self.files[path + name] = seen

    def _scan(self, descriptor: int, path: str, changed: int, depth: int) -> Folder:
        """All entries of a folder, each asked."""
        folder = Folder(changed, self.now_ns, [], [], {})
        with os.scandir(descriptor) as entries:
            for entry in entries:
                if path or not self.skips(entry.name):
                    self._sort_in(folder, path, entry, depth)
        return folder

    def _sort_in(self, folder: Folder, path: str, entry: "os.DirEntry[str]", depth: int) -> None:
        name = entry.name
        try:
            facts = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
        if name.startswith(".halo-") and name.endswith(".tmp"):  # on its way to its real name
            return
        reason = _reason(name, facts, depth)
        if reason:
            folder.odd[path + name] = reason
        elif stat.S_ISDIR(facts.st_mode):
            folder.folders.append(name)
        else:
            folder.files.append(name)
            self.files[path + name] = seen_of(facts)


def _reason(name: str, facts: os.stat_result, depth: int) -> str:
    """Why an entry is not taken; an empty text for plain files and folders."""
    if stat.S_ISLNK(facts.st_mode):
        return "a link"
    if not name.isascii() and not _is_utf8(name):
        return "its name is not UTF-8"
    if stat.S_ISDIR(facts.st_mode):
        return "" if depth else f"deeper than {DEEPEST} folders"
    if not stat.S_ISREG(facts.st_mode):
        return "not a regular file"
    # As everywhere here: its other name may be one that nobody meant to give away, such as secrets.json
    return "hard-linked" if facts.st_nlink > 1 else ""


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
