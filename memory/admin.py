"""The plain view of revisions. Read only: rows are only ever added, by what changes a file."""

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from memory.models import Revision

MOST_ROWS = 10_000  # that the list pages through; filters and search find the others


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it pages."""

    @cached_property
    def count(self) -> int:
        rows = cast("models.QuerySet[Revision]", self.object_list)
        return rows[:MOST_ROWS].count()


@admin.register(Revision)
class RevisionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who changed which file when. The content is never loaded here: the memory pages show it."""

    list_display = ("id", "place", "path", "created_at", "author_kind", "run_id", "operation", "size")
    list_filter = ("author_kind", "operation")
    search_fields = ("place__exact", "path__exact", "run_id__exact", "sha256__exact")
    search_help_text = _("A whole place, path, run id or SHA-256")
    ordering = ("-id",)
    exclude = ("content",)
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Revision]:
        return Revision.objects.without_content()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
