"""The plain view of revisions. Read only: rows are only ever added, by what changes a file."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from halo_site.read_only import ReadOnlyAdmin
from memory.models import Revision


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """Who changed which file when. The content is never loaded here: the memory pages show it."""

    list_display = ("id", "place", "path", "created_at", "author_kind", "run_link", "operation", "size")
    list_filter = ("author_kind", "operation")
    windowed_filters = ("author_kind", "operation", "run_id", "q")
    search_fields = ("path",)
    search_words: ClassVar[Any] = _("Finds part of a file's name, or a place, a run or a SHA-256 as a whole.")
    ordering = ("-id",)
    exclude = ("content", "run_id")
    readonly_fields = ("run_link",)
    not_exported = ("content",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Revision]:
        return Revision.objects.without_content()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Within the newest rows, see `needs_window`."""
        term = search_term.strip()[:200].replace("\0", "")
        if not term:
            return queryset, False
        whole = Q(place=term) | Q(run_id=term) | Q(sha256=term)
        return queryset.filter(whole | Q(path__icontains=term)), False

    @admin.display(description=_("run"))
    def run_link(self, revision: Revision) -> SafeString | str:
        """To the run's page, by its address: this package knows no runs."""
        if not revision.run_id:
            return "-"
        address = reverse("admin:app_runtime_run_change", args=[revision.run_id])
        return format_html('<a href="{}">{}</a>', address, revision.run_id[:8])
