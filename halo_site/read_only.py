"""The plain view of history in Django's admin: to look at, never to change."""

import json
from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

FILTERED_BY = frozenset({"exact", "isnull"})
MOST_ROWS = 10_000  # that one list pages through; filters and search find the others


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it pages."""

    @cached_property
    def count(self) -> int:
        return cast("models.QuerySet[Any]", self.object_list)[:MOST_ROWS].count()


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Lists and shows rows. A page of a long table never counts it whole (DESIGN §8)."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only what the filters offer: one such as ``__regex`` could keep the database busy for ever."""
        ending = lookup.rpartition("__")[2] if "__" in lookup else "exact"
        return ending in FILTERED_BY and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def pretty(value: Any) -> SafeString:
    """JSON as people read it."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))
