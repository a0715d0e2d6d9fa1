"""Runs and entries for administrators: to look at and to export from, not to change."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from app_runtime.models import Entry, Run
from halo_site.read_only import ReadOnlyAdmin, pretty


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = (
        "short_id",
        "app",
        "status",
        "outcome",
        "engine",
        "trigger_type",
        "started_at",
        "duration_ms",
    )
    list_filter = ("status", "trigger_type")
    list_select_related = ("app",)
    search_fields = ("run_id__startswith", "app__spec_id")
    ordering = ("-started_at", "-run_id")
    exclude = ("trigger_data",)
    readonly_fields = ("trigger_data_json",)

    @admin.display(description=_("trigger data"))
    def trigger_data_json(self, run: Run) -> SafeString:
        return pretty(run.trigger_data)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("summary", "app", "type", "ts", "run_id")
    list_filter = ("type",)
    list_select_related = ("app",)
    search_fields = ("id__startswith", "run_id__startswith", "app__spec_id")
    ordering = ("-ts", "-id")
    exclude = ("content", "user_response")
    readonly_fields = ("content_json", "user_response_json")

    @admin.display(description=_("content"))
    def content_json(self, entry: Entry) -> SafeString:
        return pretty(entry.content)

    @admin.display(description=_("answer"))
    def user_response_json(self, entry: Entry) -> SafeString:
        return pretty(entry.user_response)
