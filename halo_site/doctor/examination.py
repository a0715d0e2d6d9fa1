"""One visit of the doctor: every check, in an order in which a failure explains what follows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from halo_site.archive.exceptions import RestoreUnfinished
from halo_site.archive.journal import refuse_unfinished_restore
from halo_site.datadir.paths import data_dir
from halo_site.doctor import database
from halo_site.doctor.findings import Check, Finding, Report, checks, examine

START = "Name another one in HALO_DATA_DIR, or start Halo Site: it makes one."
OTHER = "Name another one in HALO_DATA_DIR."
OWN = "Give it to the user that runs this, or name another one in HALO_DATA_DIR."


@dataclass(frozen=True)
class Examination:
    """What was found, and in how many seconds."""

    reports: list[Report]
    left_out: list[str]
    seconds: float

    @property
    def problems(self) -> int:
        return sum(report.problems for report in self.reports)

    @property
    def looked(self) -> list[str]:
        """What was looked at, in words."""
        return [words for report in self.reports for words in report.looked]


def examination(now: datetime) -> Examination:
    """Look at everything; nothing is written anywhere."""
    began = time.monotonic()
    place = examine(Check("data directory", _obstacles, needs_database=False), now)
    if place.findings:
        return Examination([place], [check.name for check in checks()], time.monotonic() - began)
    reports = [examine(Check("database", database.look, needs_database=False), now)]
    usable = database.is_usable()
    left_out = [check.name for check in checks() if check.needs_database and not usable]
    reports += [examine(check, now) for check in checks() if usable or not check.needs_database]
    return Examination(reports, left_out, time.monotonic() - began)


def _obstacles(now: datetime) -> Iterator[Finding]:
    """Why there is nothing to look at, or nothing of ours."""
    root = data_dir().root
    if not root.is_dir():
        yield Finding(str(root), "there is no such directory", START)
        return
    try:
        is_ours = data_dir().is_ours()
    except OSError as error:
        yield Finding(str(root), f"it cannot be read: {error.strerror}", OWN)
        return
    if not is_ours:
        yield Finding(str(root), "it holds files that are not Halo Site's", OTHER)
        return
    try:
        refuse_unfinished_restore()
    except RestoreUnfinished as error:
        words, _dot, advice = str(error).partition(". ")
        yield Finding(str(root), words, advice)
