"""Jobs, which can be changed by hand, and their ledger, which cannot."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from halo_site import audit
from halo_site.read_only import IndexedAdmin, ReadOnlyAdmin, begins, linked, listed, pretty
from halo_site.store.fields import from_ms, to_ms
from halo_site.templatetags.halo import exact
from scheduler.job_form import JobForm
from scheduler.models import Job, Slot
from scheduler.recurrence import ScheduleError, upcoming
from scheduler.registry import owner_of

NEXT_TIMES = 5


@admin.register(Job)
class JobAdmin(IndexedAdmin):
    form = JobForm
    list_display = ("name", "words", "enabled", "status", "next_run_at", "last_run_at", "consecutive_errors")
    list_filter = ("enabled", "status")
    search_fields = ("name",)
    search_words: ClassVar[Any] = _("Finds part of a name, or the beginning of an id.")
    ordering = ("name", "id")
    sortable_by = ("name", "next_run_at")
    actions = None
    fields = (
        *("id", "links", "name", "kind", "words", "rule", "is_on", "status", "consecutive_errors"),
        *("next_run_at", "next_times", "last_run_at", "running_at", "anchor_at", "pretty_metadata"),
        *("created_at", "updated_at"),
    )
    readonly_fields = tuple(name for name in fields if name not in {"rule", "is_on"})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A job is made by its owner."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting would take the ledger with it."""
        return False

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()[:200].replace("\0", "")
        if not term:
            return queryset, False
        return queryset.filter(Q(name__icontains=term) | begins("id", term)), False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form with who fills it in, for the audit log."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("JobFormOf", (form,), {"actor": audit.person(request.user)})

    def save_model(self, request: HttpRequest, obj: Job, form: Any, change: bool) -> None:
        """By the owner's verbs, each with its own line in the audit log."""
        form.decide()

    @admin.display(description=_("schedule"))
    def words(self, job: Job) -> str:
        return job.words

    @admin.display(description=_("next times"))
    def next_times(self, job: Job) -> SafeString | str:
        if not job.enabled or job.next_run_at is None:
            return job.disabled_reason or "-"
        try:
            after = to_ms(job.next_run_at) - 1
            times = upcoming(job.schedule, anchor_ms=to_ms(job.anchor_at), after_ms=after, count=NEXT_TIMES)
        except ScheduleError as error:
            return str(error)
        return format_html_join("", "<div>{}</div>", ((exact(from_ms(at)),) for at in times))

    @admin.display(description=_("see also"))
    def links(self, job: Job) -> SafeString:
        owner = owner_of(job.kind)
        address = owner.address(job) if owner else ""
        page = format_html('<a href="{}">{}</a> · ', address, _("app")) if address else ""
        return format_html("{}{}", page, listed("scheduler_slot", _("slots"), job__id__exact=job.pk))

    @admin.display(description=_("metadata"))
    def pretty_metadata(self, job: Job) -> SafeString:
        return pretty(job.metadata)


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ("job_link", "due_at", "verdict", "reason", "outcome", "merged_count", "run_link", "words")
    list_filter = ("verdict", "reason", "outcome")
    windowed_filters = ("verdict", "reason", "outcome")
    search_fields = ("job__id__exact",)
    search_words: ClassVar[Any] = _("Finds the slots of a job by its whole id.")
    ordering = ("-id",)
    exclude = ("job", "metadata")
    readonly_fields = ("job_link", "run_link", "pretty_metadata")

    @admin.display(description=_("job"))
    def job_link(self, slot: Slot) -> SafeString | str:
        return linked("scheduler_job", slot.job_id, slot.job_id)

    @admin.display(description=_("run"))
    def run_link(self, slot: Slot) -> SafeString | str:
        run_id = slot.metadata.get("runId") if isinstance(slot.metadata, dict) else None
        return linked("app_runtime_run", run_id, str(run_id)[:8])

    @admin.display(description=_("in words"))
    def words(self, slot: Slot) -> str:
        return slot.words

    @admin.display(description=_("metadata"))
    def pretty_metadata(self, slot: Slot) -> SafeString:
        return pretty(slot.metadata)
