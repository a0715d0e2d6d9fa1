"""The plain view of jobs and their ledger. Read only: a job is its owner's, the ledger the clock's."""

import json
from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from scheduler.models import Job, Slot

MOST_ROWS = 10_000  # that one list pages through; filters find the others


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it pages."""

    @cached_property
    def count(self) -> int:
        rows = cast("models.QuerySet[Any]", self.object_list)
        return rows[:MOST_ROWS].count()


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    @admin.display(description=_("metadata"))
    def pretty_metadata(self, obj: Job | Slot) -> SafeString:
        return pretty(obj.metadata)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("name", "words", "enabled", "status", "next_run_at", "last_run_at", "consecutive_errors")
    list_filter = ("enabled", "status")
    search_fields = ("name", "id")
    ordering = ("name", "id")
    fields = (
        *("id", "name", "kind", "words", "pretty_schedule", "enabled", "status", "consecutive_errors"),
        *("next_run_at", "last_run_at", "running_at", "anchor_at", "pretty_metadata"),
        *("created_at", "updated_at"),
    )

    @admin.display(description=_("schedule"))
    def words(self, job: Job) -> str:
        return job.words

    @admin.display(description=_("schedule as stored"))
    def pretty_schedule(self, job: Job) -> SafeString:
        return pretty(job.schedule)


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ("job_id", "due_at", "verdict", "reason", "outcome", "merged_count", "words")
    list_filter = ("verdict", "reason", "outcome")
    search_fields = ("job__id__exact",)
    search_help_text = _("The exact id of a job")
    ordering = ("-id",)
    fields = (
        *("job", "due_at", "verdict", "reason", "merged_count", "outcome", "error"),
        *("started_at", "finished_at", "duration_ms", "pretty_metadata"),
    )

    @admin.display(description=_("in words"))
    def words(self, slot: Slot) -> str:
        return slot.words


def pretty(value: Any) -> SafeString:
    """JSON as a person reads it."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))
