"""Names of files below a base directory: which are accepted at all, before any disk is touched."""

import unicodedata
from functools import lru_cache
from pathlib import Path

MAX_COMPONENT_BYTES = 255  # what ext4, xfs, btrfs and apfs take
# Zero width non-joiner and joiner are letters' business in Persian, Hindi and emoji; every other format
# character (bidi overrides, zero width space, byte order mark) only makes one name look like another.
JOINERS = "\u200c\u200d"
REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class PathRefused(ValueError):
    """A file name that is not accepted, or that leads out of its directory; the message is a sentence."""


def contained(base: Path, relative: str) -> tuple[str, ...]:
    """Return the components of ``relative``, each one a plain name; raise `PathRefused` for anything else.

    The last part of ``base`` appears in messages. The check is by component, never by string prefix:
    ``memory-evil/x`` is not below ``memory``. A name that is not in Unicode's composed form (NFC) is
    refused instead of being normalised: normalising would open another file than the one that was named,
    and two names that look the same would stand for one document or for two, depending on the file system.
    """
    if not relative:
        raise PathRefused(f"An empty name is no file below “{base.name}”.")
    if relative.startswith("/"):
        raise PathRefused(
            f"“{_shown(relative)}” is an absolute path; only names below “{base.name}” are accepted."
        )
    parts = tuple(relative.split("/"))
    for part in parts:
        problem = problem_of(part)
        if problem:
            raise PathRefused(f"“{_shown(relative)}” is not accepted as a file name: {problem}.")
    return parts


def printable(text: str) -> str:
    """Text that a file of somebody else gave, for a page: what does not print is a mark (abuse case S23)."""
    return "".join(char if char.isprintable() or char in JOINERS else "\ufffd" for char in text)


@lru_cache(maxsize=1_000)
def problem_of(part: str) -> str:
    """Say what is wrong with one component of a name, or return an empty text."""
    if part == "":
        return "one of its parts is empty"
    if part in (".", ".."):
        return "“.” and “..” are not names"
    if "\\" in part:
        return "it contains a backslash"
    if not part.isprintable() and any(map(_is_invisible, part)):
        return "it contains a control or invisible character"
    if part != part.strip():
        return "one of its parts starts or ends with a space"
    if not unicodedata.is_normalized("NFC", part):
        return "its letters are not in composed form (Unicode NFC)"
    if len(part.encode()) > MAX_COMPONENT_BYTES:
        return f"one of its parts is longer than {MAX_COMPONENT_BYTES} bytes"
    return ""


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in REFUSED_CATEGORIES and char not in JOINERS


def _shown(relative: str) -> str:
    """Return the name as one printable line of at most 120 characters, for a message."""
    return ascii(relative)[1:-1][:120] if not relative.isprintable() else relative[:120]
