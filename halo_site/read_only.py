"""History in Django's admin: to look at, to filter, to take along; never to change."""

import json
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from halo_site.export import TYPES, download

FILTERED_BY = frozenset({"exact", "isnull"})
MOST_ROWS = 10_000  # that one list pages through; filters and search find the others
WINDOW = 50_000  # newest rows that a filter or a search without an index looks at (DESIGN §8)


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it pages."""

    @cached_property
    def count(self) -> int:
        return cast("models.QuerySet[Any]", self.object_list)[:MOST_ROWS].count()


class CalmChangeList(ChangeList):
    """A list that sorts only by what has an index, and says where it looked at the newest rows only."""

    is_windowed = False

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        wanted = self.params.get("o", "")
        sortable = self.model_admin.get_sortable_by(request)
        columns = [part.lstrip("-") for part in str(wanted).split(".") if part]
        if any(not column.isdigit() or not self._sorts(int(column), sortable) for column in columns):
            self.params.pop("o")
        return super().get_ordering(request, queryset)

    def _sorts(self, column: int, sortable: Any) -> bool:
        return column < len(self.list_display) and self.list_display[column] in sortable

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> models.QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        owner = cast("ReadOnlyAdmin", self.model_admin)
        if owner.needs_window(request):
            self.is_windowed = True
            rows = owner.newest(rows)
        return rows


class IndexedAdmin(admin.ModelAdmin[Any]):
    """A list of a long table: no page of it counts, sorts or searches the whole (DESIGN §8)."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count the table once for each value of each filter
    list_per_page = 50
    list_max_show_all = 0
    sortable_by: ClassVar[Any] = ()
    change_list_template = "admin/history_list.html"
    # what the search box finds, said below it
    search_words: ClassVar[Any] = ""
    # filters whose column no index serves
    windowed_filters: tuple[str, ...] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CalmChangeList

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only what the filters offer: one such as ``__regex`` could keep the database busy for ever."""
        ending = lookup.rpartition("__")[2] if "__" in lookup else "exact"
        return ending in FILTERED_BY and super().lookup_allowed(lookup, value, request)

    def needs_window(self, request: HttpRequest) -> bool:
        """Whether this request filters by something that only a scan can find."""
        return any(key.split("__")[0] in self.windowed_filters for key in request.GET)

    def newest(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Those of the rows that are among the newest `WINDOW` of the table, by its counted-up key."""
        top = self.model._default_manager.aggregate(top=Max("pk"))["top"] or 0
        return rows.filter(pk__gt=top - WINDOW)


class ReadOnlyAdmin(IndexedAdmin):
    """Lists, shows and exports rows."""

    not_exported: tuple[str, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/<str:kind>/", view, name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """All rows of the list as it is filtered, not only its first pages."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in TYPES:
            raise SuspiciousOperation("There is no such format.")
        try:
            rows = self.get_changelist_instance(request).queryset.select_related(None)
        except IncorrectLookupParameters as error:  # where the list leaves out what it cannot understand
            raise SuspiciousOperation("The list has no such filter.") from error
        return download(rows, self.exported, kind, self.opts.db_table)

    @property
    def exported(self) -> list[str]:
        """The names of the columns that leave the house."""
        return [field.attname for field in self.opts.concrete_fields if field.name not in self.not_exported]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        base = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        exports = [(kind, reverse(base, args=[kind]) + query) for kind in TYPES]
        return super().changelist_view(request, {**(extra_context or {}), "exports": exports})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def begins(column: str, text: str) -> Q:
    """Rows whose text column begins with ``text``, found by the column's index on either database."""
    if connection.vendor != "sqlite":
        return Q(**{f"{column}__startswith": text})  # its index for patterns serves it
    return Q(**{f"{column}__gte": text, f"{column}__lt": f"{text}\U0010ffff"})


def pretty(value: Any) -> SafeString:
    """JSON as people read it."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False, default=str))


def listed(address: str, words: Any, **filters: Any) -> SafeString:
    """A link to another list of the admin, filtered."""
    query = "&".join(f"{key}={value}" for key, value in filters.items())
    return format_html('<a href="{}?{}">{}</a>', reverse(f"admin:{address}_changelist"), query, words)


def linked(address: str, key: Any, words: Any) -> SafeString | str:
    """A link to one row of another table; nothing for no row."""
    if key in (None, ""):
        return "-"
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{address}_change", args=[key]), words)
