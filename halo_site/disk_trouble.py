"""Failures of the disk, told in one sentence, whether a file or the database met them first."""

import errno
import logging
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import Error, InterfaceError, OperationalError
from django.utils.translation import gettext as _

from halo_site.datadir.paths import data_dir

NO_ROOM = 64 * 1024  # bytes; SQLite cannot even be asked with less than this left


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the disk and what to do about it; ``is_lasting``: until somebody does it.

    As text it is what a command says, of which earlier parts may be done.
    """

    what: str
    advice: str
    is_lasting: bool

    def __str__(self) -> str:
        return f"{self.what}. {_('Nothing is left half done.')} {self.advice}"


def trouble_of(error: BaseException | None) -> Trouble | None:
    """The disk's trouble behind an error or one of its causes; None for anything else."""
    for each in _chain(error):
        found = ""
        if isinstance(each, OSError):
            found = _BY_NUMBER.get(each.errno or 0, "")
        elif isinstance(each, Error | sqlite3.Error):
            found = _of_text(str(each).lower())
        if found:
            return _TROUBLES[found]()
    return None


def log_failure(logger: logging.Logger, message: str, error: BaseException, action: str) -> None:
    """Log what a loop could not do: what disk or database say in one line, anything else with its traceback.

    A loop tries again each second: a full disk is not emptied by tracebacks, nor a database unlocked.
    """
    trouble = trouble_of(error)
    if trouble is not None:
        logger.error("%s: %s. %s", message, trouble.what, trouble.advice, extra={"action": action})
    elif isinstance(error, OperationalError | InterfaceError):
        words = (str(error).strip() or type(error).__name__).splitlines()[0]
        logger.error("%s: %s. It is tried again.", message, words, extra={"action": action})
    else:
        logger.error(message, exc_info=error, extra={"action": action})


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _of_text(text: str) -> str:
    if any(part in text for part in _VAGUE):
        return _of_disk() or ("failing" if "disk i/o error" in text else "")
    return next((kind for part, kind in _BY_TEXT.items() if part in text), "")


def _of_disk() -> str:
    """What the disk of the data directory says of itself."""
    try:
        facts = os.statvfs(data_dir().root)
    except OSError:
        return ""
    if facts.f_flag & os.ST_RDONLY:
        return "read only"
    return "full" if facts.f_bavail * facts.f_frsize < NO_ROOM else ""


def _full() -> Trouble:
    advice = _("Make room on the disk of the data directory, then try again.")
    return Trouble(_("The disk is full"), advice, True)


def _read_only() -> Trouble:
    advice = _("Have it mounted for writing, or give its files to the user that runs Halo Site.")
    return Trouble(_("The disk of the data directory can only be read"), advice, True)


def _failing() -> Trouble:
    advice = _("Look at the machine's log before you write more to it.")
    return Trouble(_("The disk reports an error of its own"), advice, False)


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
}
# SQLite says these as well where it cannot make the files that it needs beside the database's own
_VAGUE = ("disk i/o error", "unable to open database file")
