"""The audit log and the processes in Django's admin: to read, not to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from halo_site.models import AuditEntry, Heartbeat


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Lists and shows rows. A page of a long table never counts it whole (DESIGN §8)."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("ts", "actor", "verb", "object_type", "object_id", "summary")
    list_filter = ("object_type",)
    ordering = ("-ts", "-id")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "beat_at", "started_at")
    ordering = ("kind", "name")
