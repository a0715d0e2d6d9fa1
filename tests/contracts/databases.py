"""Databases of their own for tests of migrations, of the same kind as the suite's."""

import copy
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.migrations.loader import MigrationLoader

from halo_site.store.executor import NamespaceExecutor
from halo_site.store.namespaces import NAMESPACES, number_of, versions_in_code

RELEASES: dict[str, dict[str, int]] = json.loads((Path(__file__).parent / "releases.json").read_text())

Statements = list[tuple[str, str]]  # namespace or other app, SQL


class WatchedExecutor(NamespaceExecutor):
    """The product's executor, which also keeps what each migration did."""

    def __init__(self, connection: Any, seen: Statements) -> None:
        super().__init__(connection)
        self.seen = seen

    def apply_migration(self, state: Any, migration: Any, *args: Any, **options: Any) -> Any:
        def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            self.seen.append((migration.app_label, str(sql)))
            return execute(sql, params, many, context)

        with self.connection.execute_wrapper(keep):
            return super().apply_migration(state, migration, *args, **options)


@contextmanager
def scratch_database(folder: Path) -> Iterator[Any]:
    """A connection to a new, empty database; it is gone afterwards."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    settings = copy.deepcopy(connections["default"].settings_dict)
    is_file = connections["default"].vendor == "sqlite"
    settings["NAME"] = folder / f"{name}.db" if is_file else name
    if not is_file:
        _on_the_server(f'CREATE DATABASE "{name}"')
    connections.databases[name] = settings
    try:
        yield connections[name]
    finally:
        connections[name].close()
        del connections[name]
        del connections.databases[name]
        if not is_file:
            _on_the_server(f'DROP DATABASE "{name}"')


def _on_the_server(sql: str) -> None:
    with connections["default"]._nodb_cursor() as cursor:
        cursor.execute(sql)


def migrate(connection: Any, versions: dict[str, int] | None = None) -> Statements:
    """Bring our namespaces to these versions, or to the newest; returns what was executed for it."""
    versions = versions or versions_in_code()
    nodes = MigrationLoader(None).disk_migrations
    targets = [
        (namespace, name)
        for namespace, name in nodes
        if namespace in NAMESPACES and number_of(name) == versions[namespace]
    ]
    seen: Statements = []
    WatchedExecutor(connection, seen).migrate(targets)
    return seen
