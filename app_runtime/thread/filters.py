"""Which types of a thread are shown, and how many of each there are."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from app_manager.models import App
from app_runtime.models import Entry, Reply
from app_runtime.statuses import EntryType
from halo_site import quantities

COUNT_CAP = 1_000
REPLY = "reply"
LABELS: dict[str, Any] = {
    EntryType.RUN_COMPLETE: _("Reports"),
    EntryType.OUTPUT: _("Outputs"),
    EntryType.MILESTONE: _("Milestones"),
    EntryType.ESCALATION: _("Questions"),
    EntryType.RUN_ERROR: _("Failures"),
    EntryType.RUN_SKIPPED: _("Without news"),
    REPLY: _("Replies"),
}
OF_A_TYPE = "SELECT 1 AS one FROM {entries} WHERE LOWER(type) = %s AND app_id = %s LIMIT %s"
OF_REPLIES = "SELECT 1 AS one FROM {replies} WHERE app_id = %s LIMIT %s"


@dataclass(frozen=True)
class Choice:
    """One type to choose: its count in words, where choosing it (or no longer) leads."""

    key: str
    label: Any
    count: str
    is_on: bool
    address: str


@dataclass(frozen=True)
class TypeFilter:
    """The types that a query string asks for; none: all. Words of nobody's are left out."""

    app: App
    query: QueryDict

    @cached_property
    def types(self) -> tuple[str, ...]:
        given = set(self.query.getlist("type"))
        return tuple(str(key) for key in LABELS if key in given)

    @property
    def encoded(self) -> str:
        """The types as a query string, without a question mark."""
        return self._encoded(self.types)

    @cached_property
    def choices(self) -> list[Choice]:
        """Every type of which there is something, and those that are chosen."""
        counts = counts_of(self.app)
        return [
            Choice(key, label, quantities.capped(counts[key], COUNT_CAP), key in self.types, self._with(key))
            for key, label in LABELS.items()
            if counts[key] or key in self.types
        ]

    def _with(self, key: str) -> str:
        chosen = tuple(each for each in self.types if each != key)
        if key not in self.types:
            chosen = (*chosen, str(key))
        return f"?{self._encoded(chosen)}"

    def _encoded(self, types: tuple[str, ...]) -> str:
        query = QueryDict(mutable=True)
        query.setlist("type", types)
        return query.urlencode()


def counts_of(app: App) -> dict[str, int]:
    """Type → how many there are, each counted to `COUNT_CAP`, in one query that reads indexes only."""
    tables = {"entries": Entry._meta.db_table, "replies": Reply._meta.db_table}
    parts: list[str] = []
    values: list[Any] = []
    for key in LABELS:
        counted = (OF_REPLIES if key == REPLY else OF_A_TYPE).format(**tables)
        parts.append(f"(SELECT COUNT(*) FROM ({counted}) AS counted)")  # noqa: S608 - texts of this file
        values += [app.pk, COUNT_CAP] if key == REPLY else [str(key), app.pk, COUNT_CAP]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return dict(zip(LABELS, cursor.fetchone(), strict=True))
