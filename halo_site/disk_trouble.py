"""Failures of the disk, told in one sentence, whether a file or the database met them first."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import Error
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the disk and what to do about it; ``is_lasting``: until somebody does it.

    As text it is what a command says, of which earlier parts may be done.
    """

    what: str
    advice: str
    is_lasting: bool

    def __str__(self) -> str:
        return f"{self.what} {_('Nothing is left half done.')} {self.advice}"


def trouble_of(error: BaseException | None) -> Trouble | None:
    """The disk's trouble behind an error or one of its causes; None for anything else."""
    for each in _chain(error):
        if isinstance(each, OSError):
            found = _BY_NUMBER.get(each.errno or 0)
        elif isinstance(each, Error):
            found = _of_text(str(each).lower())
        else:
            found = None
        if found:
            return _TROUBLES[found]()
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _of_text(text: str) -> str:
    return next((kind for part, kind in _BY_TEXT.items() if part in text), "")


def _full() -> Trouble:
    advice = _("Make room on the disk of the data directory, then try again.")
    return Trouble(_("The disk is full."), advice, True)


def _read_only() -> Trouble:
    advice = _("Have it mounted for writing, or give its files to the user that runs Halo Site.")
    return Trouble(_("The disk of the data directory can only be read."), advice, True)


def _failing() -> Trouble:
    advice = _("Look at the machine's log before you write more to it.")
    return Trouble(_("The disk reports an error of its own."), advice, False)


_TROUBLES = {"full": _full, "read only": _read_only, "failing": _failing}
_BY_NUMBER = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read only",
    errno.EIO: "failing",
}
_BY_TEXT = {
    "disk is full": "full",  # SQLite
    "no space left": "full",  # PostgreSQL, from its own disk
    "could not extend file": "full",
    "readonly database": "read only",  # SQLite
    "read-only transaction": "read only",  # PostgreSQL
    "disk i/o error": "failing",
}
