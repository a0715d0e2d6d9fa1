"""The plain view of jobs and their ledger. Read only: a job is its owner's, the ledger the clock's."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from halo_site.read_only import ReadOnlyAdmin, pretty
from scheduler.models import Job, Slot


class LedgerAdmin(ReadOnlyAdmin):
    """Read only, with what the owner of a job stored beside it."""

    @admin.display(description=_("metadata"))
    def pretty_metadata(self, obj: Job | Slot) -> SafeString:
        return pretty(obj.metadata)


@admin.register(Job)
class JobAdmin(LedgerAdmin):
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
class SlotAdmin(LedgerAdmin):
    list_display = ("job_id", "due_at", "verdict", "reason", "outcome", "merged_count", "words")
    list_filter = ("verdict", "reason", "outcome")
    search_fields = ("job__id__exact",)
    ordering = ("-id",)
    fields = (
        *("job", "due_at", "verdict", "reason", "merged_count", "outcome", "error"),
        *("started_at", "finished_at", "duration_ms", "pretty_metadata"),
    )

    @admin.display(description=_("in words"))
    def words(self, slot: Slot) -> str:
        return slot.words
