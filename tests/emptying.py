"""How the database is emptied after a test that commits: what Django's `flush` does, in a sixth of its time.

`flush` empties each table there is, and makes content types, permissions and groups anew (`post_migrate`).
Here only tables that hold rows are emptied, and those stay where the test left them as they were.
"""

from typing import Any

from django.core.management.commands import flush
from django.db import connection, transaction

from halo_site import append_only

STAYING = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions")
Rows = list[list[tuple[Any, ...]]]


class Emptying:
    """Stands in for two functions that `flush` calls, in this process only."""

    def __init__(self) -> None:
        self._operations: Any = type(connection.ops)
        self._post_migrate = flush.emit_post_migrate_signal
        self._staying: Rows | None = None  # as they were when the database was made

    def install(self) -> None:
        self._operations.sql_flush = lambda ops, style, tables, **options: self._statements(ops, tables)
        flush.emit_post_migrate_signal = self._make_again

    def remember(self) -> None:
        """Note what is to stay; call it before the first test."""
        self._staying = _rows()

    def _statements(self, ops: Any, tables: list[str]) -> list[str]:
        if _rows() == self._staying:
            tables = [table for table in tables if table not in STAYING]
        else:
            self._staying = None
        filled = _filled(ops, tables)
        statements = [f"DELETE FROM {ops.quote_name(table)}" for table in filled]
        if append_only.TABLE in filled or append_only.missing(connection):
            statements = _let_through(statements)
        # None at all would mean to Django that there is no database, and nothing was made again
        return statements or ["SELECT 1"]

    def _make_again(self, *arguments: Any, **options: Any) -> None:
        if self._staying is None:
            self._post_migrate(*arguments, **options)
            self.remember()


def _rows() -> Rows:
    found = []
    with connection.cursor() as cursor:
        for table in STAYING:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            found.append(cursor.fetchall())
    return found


def _filled(ops: Any, tables: list[str]) -> list[str]:
    """Those that hold a row, once nobody else is in the middle of writing one."""
    looks = [f"SELECT '{each}' WHERE EXISTS (SELECT 1 FROM {ops.quote_name(each)})" for each in tables]
    with transaction.atomic(), connection.cursor() as cursor:  # on SQLite that waits for who writes
        if connection.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {', '.join(map(ops.quote_name, tables))} IN SHARE MODE")
        cursor.execute(" UNION ALL ".join(looks))
        return [name for (name,) in cursor.fetchall()]


def _let_through(statements: list[str]) -> list[str]:
    """The triggers of the audit log step aside in that transaction, as they do not for `manage.py flush`."""
    if connection.vendor == "sqlite":
        return [*append_only.dropping("sqlite"), *statements, *append_only.making("sqlite")]
    before, after = (f"ALTER TABLE {append_only.TABLE} {word} TRIGGER USER" for word in ("DISABLE", "ENABLE"))
    return [before, *statements, after]
