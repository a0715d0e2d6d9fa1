"""The audit log and the processes to read; people and groups to change, with a line in the audit log."""

from operator import itemgetter
from typing import Any, ClassVar

import django.contrib.auth.admin  # noqa: F401 - registers its own first, so that ours can take their places
import django_tasks_db.admin  # noqa: F401 - as above
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from halo_site import audit
from halo_site.audit_log.objects import kinds
from halo_site.export import plain
from halo_site.models import AuditEntry, Heartbeat
from halo_site.read_only import ReadOnlyAdmin, pretty


class ObjectFilter(admin.SimpleListFilter):
    """By what was changed. The kinds are known: to ask the table for them would read it whole."""

    title = _("what was changed")
    parameter_name = "object_type__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return sorted(((name, str(words)) for name, words in kinds().items()), key=itemgetter(1))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Rows of a kind; without an object by an expression, for the index would bring all of that kind."""
        if not self.value():
            return queryset
        if "object_id__exact" in request.GET:
            return queryset.filter(object_type=self.value())
        kind = Coalesce("object_type", Value(""), output_field=models.TextField())
        return queryset.alias(kind=kind).filter(kind=self.value())


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("ts", "actor", "verb", "object_type", "object_id", "summary")
    list_filter = (ObjectFilter,)
    windowed_filters = ("object_type", "verb", "q")
    search_fields = ("object_id", "actor", "summary")
    search_words: ClassVar[Any] = _("Looks at object, actor and summary of the newest 50,000 lines.")
    ordering = ("-id",)
    exclude = ("before", "after")
    readonly_fields = ("before_json", "after_json")

    def needs_window(self, request: HttpRequest) -> bool:
        """One object's lines have an index."""
        return "object_id__exact" not in request.GET and super().needs_window(request)

    @admin.display(description=_("before"))
    def before_json(self, entry: AuditEntry) -> SafeString:
        return pretty(entry.before)

    @admin.display(description=_("after"))
    def after_json(self, entry: AuditEntry) -> SafeString:
        return pretty(entry.after)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "beat_at", "started_at")
    ordering = ("kind", "name")


NOT_TOLD = frozenset({"id", "password", "last_login"})


class Audited:
    """A part of an admin: what Django notes for itself also becomes a line of our audit log."""

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Keep what the row was, for the line that is written once all of it is stored."""
        stored = type(obj)._default_manager.filter(pk=obj.pk).first() if change else None
        request.audit_before = _facts(stored) if stored else None  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        _note(request, "create", obj, after=_facts(obj))
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        before = getattr(request, "audit_before", None)
        _note(request, "change", obj, message, before=before, after=_facts(obj) if before else None)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        for obj in queryset:
            _note(request, "delete", obj, before=_facts(obj))
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def _note(
    request: HttpRequest, verb: str, obj: models.Model, message: Any = None, **sides: dict[str, Any] | None
) -> None:
    """Which fields were changed, and never to what: one of them is a password."""
    kind = str(obj._meta.model_name)
    changes = message if isinstance(message, list) else [message]
    fields = [name for each in changes if isinstance(each, dict) for name in _fields(each)]
    words = f"{obj}: {', '.join(fields)}" if fields else str(obj)
    if isinstance(message, str) and message:
        words = f"{obj}: {message}"
    now, actor = timezone.now(), audit.person(request.user)
    audit.record(actor, verb, object_type=kind, object_id=str(obj.pk), now=now, summary=words, **sides)


def _facts(obj: models.Model) -> dict[str, Any]:
    """A row in plain words, its lists of others included; its password and moments left out."""
    row = type(obj)._default_manager.get(pk=obj.pk)
    kept = [field for field in row._meta.concrete_fields if field.name not in NOT_TOLD]
    facts: dict[str, Any] = {field.name: plain(field.value_from_object(row)) for field in kept}
    for field in row._meta.many_to_many:
        facts[field.name] = sorted(str(other) for other in getattr(row, field.name).all())
    return facts


def _fields(change: dict[str, Any]) -> list[str]:
    return [str(name) for name in change.get("changed", {}).get("fields", ())]


admin.site.unregister([User, Group, DBTaskResult])  # people and groups: `halo_site.people`


@admin.register(DBTaskResult)
class TaskAdmin(ReadOnlyAdmin):
    """What wakes workers; the truth about a run is the run."""

    list_display = ("id", "task_name", "status", "enqueued_at", "started_at", "finished_at", "priority")
    list_filter = ("status",)
    search_fields = ("id__exact",)
    search_words: ClassVar[Any] = _("Finds a task by its whole id.")
    ordering = ("-enqueued_at",)
    not_exported = ("traceback",)
