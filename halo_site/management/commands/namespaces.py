"""Which version each namespace is at."""

import json
from typing import Any

from django.core.management.base import CommandParser
from django.db import connection

from halo_site.management.base import HaloCommand
from halo_site.store.fields import from_ms
from halo_site.store.namespaces import versions_in_code
from halo_site.store.recorder import NamespaceRecorder


class Command(HaloCommand):
    help = "Lists each namespace with its version in the database, in the code, and when it was applied."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON list instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        stored = NamespaceRecorder(connection).versions()
        rows = [
            {
                "namespace": namespace,
                "database": stored.get(namespace, (0, None))[0],
                "code": version,
                "applied_at": from_ms(stored[namespace][1]).isoformat() if namespace in stored else None,
            }
            for namespace, version in versions_in_code().items()
        ]
        self.stdout.write(json.dumps(rows, indent=2) if options["json"] else table(rows))


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in aligned columns, with a heading."""
    lines = [("namespace", "database", "code", "applied at")]
    lines += [(r["namespace"], str(r["database"]), str(r["code"]), r["applied_at"] or "never") for r in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
