"""Migrations that have landed never change: `migrations.sha256` says what they were.

`python3 -m tests.contracts.checksums` adds the new ones. It never changes or removes a line; `sha256sum -c
tests/contracts/migrations.sha256` checks the file from the root, without any of this.
"""

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = "tests/contracts/migrations.sha256"
ADD = "python3 -m tests.contracts.checksums"
NAMESPACES = ("halo_site", "scheduler", "memory", "app_manager", "app_runtime")


class MigrationChanged(Exception):
    """Migrations that have landed were changed or removed; the message names them and says what to do."""


def listed(root: Path) -> dict[str, str]:
    """Path → checksum, as committed."""
    file = root / LISTED
    lines = file.read_text().splitlines() if file.exists() else []
    return {path: checksum for checksum, path in (line.split("  ", 1) for line in lines)}


def found(root: Path) -> dict[str, str]:
    """Path → checksum of every migration, by namespace and number."""
    files = [path for name in NAMESPACES for path in sorted((root / name / "migrations").glob("[0-9]*.py"))]
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def changed(root: Path) -> list[str]:
    """Listed migrations that are not what they were."""
    now = found(root)
    return [path for path, checksum in listed(root).items() if now.get(path) != checksum]


def missing(root: Path) -> list[str]:
    """Migrations that are not listed yet."""
    known = listed(root)
    return [path for path in found(root) if path not in known]


def add(root: Path) -> list[str]:
    """List the new migrations, each after its namespace's; returns them. Raises `MigrationChanged`."""
    if wrong := changed(root):
        raise MigrationChanged(
            f"These migrations have landed and are not what they were: {', '.join(wrong)}. "
            "Databases out there were made with the old ones: take them back, and write a new migration."
        )
    new, now = missing(root), found(root)
    if new:
        (root / LISTED).write_text("".join(f"{checksum}  {path}\n" for path, checksum in now.items()))
    return new


if __name__ == "__main__":
    try:
        print("\n".join(add(ROOT)) or "No new migration.")
    except MigrationChanged as error:
        sys.exit(str(error))
