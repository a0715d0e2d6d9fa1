"""Backups that are made by hand, right ones and wrong ones."""

import io
from hashlib import sha256
from typing import Any

from halo_site.archive.container import Writer
from halo_site.archive.manifest import FORMAT, DatabaseFacts, Manifest, Member

DATABASE = {"database/halo.db": b"not a database"}


def manifest_of(contents: dict[str, bytes], **changes: Any) -> Manifest:
    """The manifest of these members; ``changes`` are other values of it."""
    values: dict[str, Any] = {
        "format": FORMAT,
        "program": "0",
        "created_at": "2026-11-23T09:00:00+00:00",
        "moment": "2026-11-23T09:00:00.000+00:00",
        "held_ms": 1.0,
        "data_directory": "/somewhere",
        "database": DatabaseFacts(vendor="sqlite", namespaces={}, migrations=()),
        "spaces": (),
        "with_secrets": False,
        "secrets_left_out": (),
        "left_out": (),
        "folders": (),
        "members": tuple(member(name, data) for name, data in contents.items()),
    }
    return Manifest(**{**values, **changes})


def member(name: str, data: bytes) -> Member:
    return Member(name=name, size=len(data), sha256=sha256(data).hexdigest(), mtime=0)


def archive(contents: dict[str, bytes], manifest: Manifest | None = None) -> bytes:
    """A backup with these members."""
    file = io.BytesIO()
    writer = Writer(file, manifest or manifest_of(contents))
    for name, data in contents.items():
        writer.add(name, len(data), 0, [data])
    writer.close()
    return file.getvalue()
