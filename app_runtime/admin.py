"""Runs and entries for administrators: to look at and to take along, not to change."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from app_manager.models import App
from app_runtime.models import Entry, Notification, Price, Run, RunMessage, ServerHealth, UsageDay
from app_runtime.settings.forms import PriceForm
from halo_site.admin import Audited
from halo_site.read_only import WINDOW, ReadOnlyAdmin, begins, linked, listed, pretty

ID_LENGTH = 36
MOST_APPS = 50  # of a name that is searched for


class HistoryAdmin(ReadOnlyAdmin):
    """A list by time: searched by the beginning of an id, or by the app's name."""

    moment = ""
    id_columns: tuple[str, ...] = ()
    search_fields = ("pk",)  # so that there is a box; `get_search_results` says what it does

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Ids that begin so, else the rows of apps whose name contains it; both by an index."""
        term = search_term.strip()[:200].replace("\0", "")
        if not term:
            return queryset, False
        by_id = Q()
        for column in self.id_columns:
            by_id |= begins(column, term.lower())
        if self.model._default_manager.filter(by_id).exists():
            return queryset.filter(by_id), False
        apps = App.objects.filter(spec_id__icontains=term).values_list("pk", flat=True)
        return queryset.filter(app_id__in=list(apps[:MOST_APPS])), False

    def newest(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """By the moment, since the keys of these tables are drawn by lot."""
        newest = self.model._default_manager.order_by(f"-{self.moment}")
        edge = newest.values_list(self.moment, flat=True)[WINDOW : WINDOW + 1].first()
        return rows if edge is None else rows.filter(**{f"{self.moment}__gt": edge})


@admin.register(Run)
class RunAdmin(HistoryAdmin):
    list_display = ("short_id", "app_link", "status", "outcome", "engine", "trigger_type", "started_at")
    list_filter = ("status", "trigger_type")
    windowed_filters = ("trigger_type",)
    list_select_related = ("app",)
    search_words: ClassVar[Any] = _("Finds the beginning of a run's id, or part of an app's name.")
    ordering = ("-started_at", "-run_id")
    moment, id_columns = "started_at", ("run_id",)
    exclude = ("trigger_data", "app", "parent_run")
    readonly_fields = ("links", "app_link", "parent", "trigger_data_json")

    @admin.display(description=_("app"))
    def app_link(self, run: Run) -> SafeString | str:
        return linked("app_manager_app", run.app_id, run.app.name)

    @admin.display(description=_("continues"))
    def parent(self, run: Run) -> SafeString | str:
        return linked("app_runtime_run", run.parent_run_id, (run.parent_run_id or "")[:8])

    @admin.display(description=_("see also"))
    def links(self, run: Run) -> SafeString:
        page = format_html('<a href="{}">{}</a>', reverse("app_runtime:run_detail", args=[run.pk]), _("page"))
        entries = listed("app_runtime_entry", _("entries"), run_id__exact=run.pk)
        sent = listed("app_runtime_notification", _("notifications"), run_id__exact=run.pk)
        revisions = listed("memory_revision", _("memory changes"), run_id__exact=run.pk)
        data = run.trigger_data if isinstance(run.trigger_data, dict) else {}
        job = linked("scheduler_job", data.get("jobId"), _("job"))
        return format_html("{} · {} · {} · {} · {}", page, entries, sent, revisions, job)

    @admin.display(description=_("trigger data"))
    def trigger_data_json(self, run: Run) -> SafeString:
        return pretty(run.trigger_data)


@admin.register(Entry)
class EntryAdmin(HistoryAdmin):
    list_display = ("short_summary", "app_link", "type", "ts", "run_link")
    list_filter = ("type",)
    windowed_filters = ("type",)
    list_select_related = ("app",)
    search_words: ClassVar[Any] = _("Finds the beginning of its or a run's id, or part of an app's name.")
    ordering = ("-ts", "-id")
    moment, id_columns = "ts", ("id", "run_id")
    exclude = ("content", "user_response", "app", "run_id")
    readonly_fields = ("app_link", "run_link", "content_json", "user_response_json")

    @admin.display(description=_("summary"))
    def short_summary(self, entry: Entry) -> str:
        return entry.summary[:80] or entry.pk[:8]

    @admin.display(description=_("app"))
    def app_link(self, entry: Entry) -> SafeString | str:
        return linked("app_manager_app", entry.app_id, entry.app.name)

    @admin.display(description=_("run"))
    def run_link(self, entry: Entry) -> SafeString | str:
        """No link for the words that stand in the place of an id (halo-facts §2.3)."""
        is_id = len(entry.run_id) == ID_LENGTH
        return linked("app_runtime_run", entry.run_id, entry.run_id[:8]) if is_id else entry.run_id

    @admin.display(description=_("content"))
    def content_json(self, entry: Entry) -> SafeString:
        return pretty(entry.content)

    @admin.display(description=_("answer"))
    def user_response_json(self, entry: Entry) -> SafeString:
        return pretty(entry.user_response)


@admin.register(Notification)
class NotificationAdmin(HistoryAdmin):
    list_display = ("__str__", "app_link", "target_name", "state", "attempts", "created_at", "run_link")
    list_filter = ("state",)
    windowed_filters = ("state",)
    list_select_related = ("app",)
    search_words: ClassVar[Any] = _("Finds the beginning of its or a run's id, or part of an app's name.")
    ordering = ("-created_at", "-id")
    moment, id_columns = "created_at", ("id", "run_id")
    exclude = ("app", "run_id")
    readonly_fields = ("app_link", "run_link")

    @admin.display(description=_("app"))
    def app_link(self, notification: Notification) -> SafeString | str:
        return (
            linked("app_manager_app", notification.app_id, notification.app.name) if notification.app else ""
        )

    @admin.display(description=_("run"))
    def run_link(self, notification: Notification) -> SafeString | str:
        return notification.run_id and linked("app_runtime_run", notification.run_id, notification.run_id[:8])


@admin.register(RunMessage)
class RunMessageAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "sent_by", "sent_at", "delivered_at", "delivered_step")
    exclude = ("run",)
    ordering = ("-id",)


@admin.register(UsageDay)
class UsageDayAdmin(ReadOnlyAdmin):
    list_display = ("day", "app_name", "model", "runs", "turns", "tokens_in", "tokens_out", "turns_unpriced")
    ordering = ("-id",)


@admin.register(ServerHealth)
class ServerHealthAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "checked_at", "sentence")
    ordering = ("name", "key")


@admin.register(Price)
class PriceAdmin(Audited, admin.ModelAdmin):  # type: ignore[type-arg]
    form = PriceForm  # the rules of the page of prices
    list_display = ("model", "valid_from", "input_usd", "output_usd", "cached_usd")
    search_fields = ("model",)
    ordering = ("model", "-valid_from")
