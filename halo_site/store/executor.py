"""Runs migrations so that each and its record are one transaction.

Django's own executor records a migration *after* its schema editor has closed whenever deferred SQL (an
index, a foreign key) is pending: killed in between, the tables exist and nothing says so. Here the deferred
SQL is run and the record written while the editor's transaction is still open.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState
from django.utils import timezone

from halo_site.store.recorder import NamespaceRecorder
from halo_site.store.snapshots import take_snapshot


class NamespaceExecutor(MigrationExecutor):
    """Django's executor with an atomic step and our recorder."""

    def __init__(self, connection: Any, progress_callback: Any = None) -> None:
        super().__init__(connection, progress_callback)
        self.recorder = NamespaceRecorder(connection)

    def migrate(
        self,
        targets: Any,
        plan: Sequence[tuple[Migration, bool]] | None = None,
        state: ProjectState | None = None,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """Django's, after a snapshot of a file database that holds data and is about to change."""
        if plan is None:
            plan = self.migration_plan(targets)
        if plan:
            take_snapshot(self.connection, timezone.now())
        return super().migrate(targets, plan, state, fake, fake_initial)

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        self._tell("apply_start", migration, fake)
        if not fake and fake_initial:
            fake, state = self.detect_soft_applied(state, migration)
        if fake:
            with transaction.atomic(using=self.connection.alias):
                self._remember(migration)
        else:
            with self.connection.schema_editor(atomic=True) as editor:
                state = migration.apply(state, editor)
                run_deferred(editor)
                self._remember(migration)
        self._tell("apply_success", migration, fake)
        return state

    def unapply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False
    ) -> ProjectState:
        self._tell("unapply_start", migration, fake)
        if fake:
            with transaction.atomic(using=self.connection.alias):
                self._forget(migration)
        else:
            with self.connection.schema_editor(atomic=True) as editor:
                state = migration.unapply(state, editor)
                run_deferred(editor)
                self._forget(migration)
        self._tell("unapply_success", migration, fake)
        return state

    def _remember(self, migration: Migration) -> None:
        for app, name in migration.replaces or [(migration.app_label, migration.name)]:
            self.recorder.record_applied(app, name)

    def _forget(self, migration: Migration) -> None:
        for app, name in [*migration.replaces, (migration.app_label, migration.name)]:
            self.recorder.record_unapplied(app, name)

    def _tell(self, action: str, migration: Migration, fake: bool) -> None:
        if self.progress_callback:
            self.progress_callback(action, migration, fake)


def run_deferred(editor: BaseDatabaseSchemaEditor) -> None:
    """Execute what the editor keeps for its end (indexes, foreign keys) now, inside its transaction."""
    for statement in editor.deferred_sql:
        editor.execute(statement, None)
    editor.deferred_sql.clear()
