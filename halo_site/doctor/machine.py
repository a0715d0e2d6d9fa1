"""The machine around the site: the room on its disk, and its backups."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min

from halo_site.archive import records
from halo_site.datadir.paths import data_dir
from halo_site.doctor.findings import Finding, notice, shell
from halo_site.quantities import size

LEAST_BYTES = 1 << 30
LEAST_SHARE = 0.05
LEAST_FILES = 0.01  # of the file names that a disk can hold
OLD_BACKUP = timedelta(days=7)
OLD_PROOF = timedelta(days=28)


def disk(now: datetime) -> Iterator[Finding]:
    """Room for what comes."""
    root = str(data_dir().root)
    facts = os.statvfs(root)
    if facts.f_flag & os.ST_RDONLY:
        advice = f"See why, then mount it for writing: {shell('findmnt', '-T', root)}"
        yield Finding(root, "its disk can only be read", advice)
    free, whole = facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize
    if free < LEAST_BYTES or free < whole * LEAST_SHARE:
        words = f"its disk has only {size(free)} left of {size(whole)}"
        yield Finding(
            root,
            words,
            f"Make room; see what is large: {shell('du', '-sh', data_dir().backups, data_dir().trash)}",
        )
    if facts.f_files and facts.f_favail < facts.f_files * LEAST_FILES:
        words = f"its disk can hold only {facts.f_favail:,} more files of {facts.f_files:,}"
        yield Finding(
            root, words, f"Delete small files that you do not need: {shell('du', '--inodes', root)}"
        )


def backups(now: datetime) -> Iterator[Finding]:
    """How old the newest backup is, and whether anybody has tried it."""
    last, verified = records.last_at(records.BACKUP), records.last_at(records.VERIFIED)
    advice = "python3 manage.py backup"
    if last is None:
        if _is_older_than(OLD_BACKUP, now):
            yield notice("backups", "no backup was made yet", advice)
    elif now - last > OLD_BACKUP:
        yield notice("backups", f"the newest backup is {(now - last).days} days old", advice)
    elif _is_older_than(OLD_PROOF, now) and (verified is None or now - verified > OLD_PROOF):
        words = "no backup was verified in the last four weeks"
        yield notice("backups", words, "python3 manage.py restore --check BACKUP")


def _is_older_than(age: timedelta, now: datetime) -> bool:
    """Whether the installation is: a new one has nothing to lose yet."""
    first = MigrationRecorder(connection).migration_qs.aggregate(first=Min("applied"))["first"]
    return first is not None and now - first > age
