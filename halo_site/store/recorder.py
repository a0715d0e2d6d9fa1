"""Keeps `_migrations` true: one row per namespace, written with Django's own record of each migration."""

from typing import Any, ClassVar

from django.apps.registry import Apps
from django.db import models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from halo_site.store.fields import to_ms
from halo_site.store.namespaces import NAMESPACES, number_of


class NamespaceVersion(models.Model):
    """``_migrations(namespace, version, applied_at)``: the current version of each namespace, in ms."""

    namespace = models.TextField(primary_key=True)
    version = models.IntegerField(db_default=0)
    applied_at = models.BigIntegerField()

    objects: ClassVar[models.Manager["NamespaceVersion"]] = models.Manager()

    class Meta:
        apps = Apps()  # like Django's own record, outside of every app, so that no migration can own it
        app_label = "store"
        db_table = "_migrations"

    def __str__(self) -> str:
        return f"{self.namespace} {self.version}"


class NamespaceRecorder(MigrationRecorder):
    """Django's recorder, which also writes the namespace's row. Reading never writes."""

    def ensure_schema(self) -> None:
        """Create both record tables where they are missing, in one transaction."""
        tables = set(self.connection.introspection.table_names())
        missing = [
            model for model in (self.Migration, NamespaceVersion) if model._meta.db_table not in tables
        ]
        if missing:
            with self.connection.schema_editor(atomic=True) as editor:
                for model in missing:
                    editor.create_model(model)

    def record_applied(self, app: str, name: str) -> None:
        with transaction.atomic(using=self.connection.alias):
            super().record_applied(app, name)
            self._write_version(app)

    def record_unapplied(self, app: str, name: str) -> None:
        with transaction.atomic(using=self.connection.alias):
            super().record_unapplied(app, name)
            self._write_version(app)

    def versions(self) -> dict[str, tuple[int, int]]:
        """Namespace → (version, applied at in ms); empty where the table is missing."""
        if NamespaceVersion._meta.db_table not in self.connection.introspection.table_names():
            return {}
        rows = NamespaceVersion.objects.using(self.connection.alias).all()
        return {row.namespace: (row.version, row.applied_at) for row in rows}

    def _write_version(self, namespace: str) -> None:
        if namespace not in NAMESPACES:
            return
        names = self.migration_qs.filter(app=namespace).values_list("name", flat=True)
        values: dict[str, Any] = {
            "version": max((number_of(name) for name in names), default=0),
            "applied_at": to_ms(timezone.now()),
        }
        rows = NamespaceVersion.objects.using(self.connection.alias)
        rows.update_or_create(namespace=namespace, defaults=values)
