"""The plain view of revisions. Read only: rows are only ever added, by what changes a file."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from halo_site.read_only import ReadOnlyAdmin
from memory.models import Revision


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """Who changed which file when. The content is never loaded here: the memory pages show it."""

    list_display = ("id", "place", "path", "created_at", "author_kind", "run_id", "operation", "size")
    list_filter = ("author_kind", "operation")
    search_fields = ("place__exact", "path__exact", "run_id__exact", "sha256__exact")
    ordering = ("-id",)
    exclude = ("content",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Revision]:
        return Revision.objects.without_content()
