"""Whether the audit log still is one that only grows."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from halo_site import append_only
from halo_site.doctor.findings import Finding, Looked


def look(now: datetime) -> Iterator[Finding | Looked]:
    """The triggers that refuse changes."""
    gone = append_only.missing(connection)
    if gone:
        words = f"the database lets its lines be changed: {', '.join(gone)} is not there"
        yield Finding(
            append_only.TABLE,
            words,
            f"Compare its lines with those of a backup, then make the triggers again: {_again()}",
        )
    else:
        yield Looked("the triggers of the audit log")


def _again() -> str:
    """The commands that do the migration of the triggers a second time."""
    nodes = MigrationLoader(None).disk_migrations
    made = next(each for (_label, name), each in nodes.items() if name.endswith("_audit_filters"))
    before = next(name for label, name in made.dependencies if label == "halo_site")
    return f"python3 manage.py migrate halo_site {before} && python3 manage.py migrate"
