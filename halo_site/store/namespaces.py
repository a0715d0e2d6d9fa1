"""The namespaces of this project: each is one Django app that owns its tables (DESIGN §3)."""

import re

from django.db.migrations.loader import MigrationLoader

NAMESPACES = ("halo_site", "scheduler", "memory", "app_manager", "app_runtime")
NUMBER = re.compile(r"^(\d+)_")


def number_of(migration_name: str) -> int:
    """The leading number of a migration's name. Raises ValueError where there is none."""
    match = NUMBER.match(migration_name)
    if match is None:
        raise ValueError(f"migration {migration_name!r} does not begin with a number")
    return int(match[1])


def versions_in_code() -> dict[str, int]:
    """Namespace → the newest version that this code knows, 0 for one without migrations."""
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return {
        namespace: max((number_of(name) for label, name in disk if label == namespace), default=0)
        for namespace in NAMESPACES
    }
