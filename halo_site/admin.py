"""The audit log and the processes in Django's admin: to read, not to change."""

from django.contrib import admin

from halo_site.models import AuditEntry, Heartbeat
from halo_site.read_only import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("ts", "actor", "verb", "object_type", "object_id", "summary")
    list_filter = ("object_type",)
    ordering = ("-ts", "-id")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "beat_at", "started_at")
    ordering = ("kind", "name")
