"""The audit log as its page shows it: what state it says, its lines, what was filtered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from halo_site.audit import KINDS, masker_of_secrets, text_without_secrets, without_secrets
from halo_site.audit_log import objects
from halo_site.audit_log.changes import Changes, changes
from halo_site.audit_log.filters import AuditFilter
from halo_site.export import TYPES
from halo_site.filters import encoded
from halo_site.masking import Masker
from halo_site.models import AuditEntry
from halo_site.paging import Page, page_of, parse_before, searched_page_of
from halo_site.quantities import relative
from halo_site.read_only import WINDOW

PAGE = 50
SHORT_ID = 8


@dataclass(frozen=True)
class Line:
    """One line of the log in words."""

    entry: AuditEntry
    masker: Masker = field(repr=False)
    address: str = ""

    @property
    def kind(self) -> str:
        """What kind of actor it is; empty for one that this version does not know."""
        return str(KINDS.get(self.entry.actor.partition(":")[0], ""))

    @property
    def who(self) -> str:
        kind, _sign, name = self.entry.actor.partition(":")
        return name if kind in KINDS and name else self.entry.actor

    @property
    def who_in_words(self) -> str:
        """The same in a sentence, with its kind where that is no person."""
        return self.who if self.entry.actor.startswith("person:") else f"{self.kind} {self.who}".strip()

    @property
    def verb(self) -> str:
        return self.entry.verb.replace("_", " ").replace(".", " ")

    @property
    def thing(self) -> str:
        """The word for what was changed."""
        return str(objects.kinds().get(self.entry.object_type, self.entry.object_type))

    @property
    def short_id(self) -> str:
        key = self.entry.object_id
        return key[:SHORT_ID] if len(key) == 36 else key

    @property
    def summary(self) -> str:
        return text_without_secrets(self.entry.summary, self.masker)

    @property
    def history(self) -> str:
        """The query string of all lines about the same thing."""
        return encoded({"object_type": self.entry.object_type, "object_id": self.entry.object_id})

    @property
    def same_actor(self) -> str:
        return encoded({"actor": self.entry.actor})

    @cached_property
    def changes(self) -> Changes:
        hidden = [without_secrets(side, self.masker) for side in (self.entry.before, self.entry.after)]
        return changes(*hidden)


@dataclass(frozen=True)
class AuditPage:
    """One page of the log. A filter that is wrong finds nothing, and says why."""

    request: HttpRequest = field(repr=False)
    now: datetime

    @cached_property
    def filter(self) -> AuditFilter:
        return AuditFilter(self.request.GET)

    @property
    def is_right(self) -> bool:
        return self.filter.is_valid()

    @cached_property
    def pager(self) -> Page[AuditEntry]:
        if not self.is_right:
            return Page([], "", "")
        among, rows, is_scan = self.filter.rows()
        if not is_scan:
            return page_of(self.request, rows, moment="ts", size=PAGE)
        return searched_page_of(self.request, among, rows, moment="ts", size=PAGE, window=WINDOW)

    @cached_property
    def lines(self) -> list[Line]:
        rows = list(self.pager.rows)
        known = objects.addresses((row.object_type, row.object_id) for row in rows)
        masker = masker_of_secrets()
        return [Line(row, masker, known.get((row.object_type, row.object_id), "")) for row in rows]

    @property
    def is_filtered(self) -> bool:
        return bool(self.filter.given)

    @property
    def is_first(self) -> bool:
        return parse_before(self.request.GET.get("before", "")) is None

    @property
    def window(self) -> str:
        """How many lines were looked at where the search stopped early; else nothing."""
        return f"{WINDOW:,}" if self.pager.searched_to else ""

    @property
    def exports(self) -> Mapping[str, str]:
        """The address of each format with the same filters."""
        return {kind: reverse("audit_export", args=[kind]) + self.filter.query for kind in TYPES}

    @cached_property
    def title(self) -> str:
        """The state of the log in a sentence."""
        if not self.is_right:
            return _("A filter is wrong")
        if self.is_filtered:
            return self._matches()
        if not self.lines:
            return _("Nothing was done yet") if self.is_first else _("No older lines")
        if not self.is_first:
            return _("Older lines")
        newest = self.lines[0]
        facts = {"who": newest.who_in_words, "when": relative(newest.entry.ts, self.now)}
        return _("The last line is by %(who)s, %(when)s") % facts

    @cached_property
    def line(self) -> str:
        """What the title leaves out."""
        if not self.is_right:
            return _("Nothing is shown until it is right.")
        return _("Who did what, newest first. Lines are only ever added: none is changed or taken away.")

    def _matches(self) -> str:
        count = len(self.lines)
        if not self.is_first:
            return _("Older lines that match")
        if self.pager.next_url:
            return _("More than %(n)s lines match") % {"n": count}
        if self.window:
            if not count:
                return _("None of the newest %(window)s lines matches") % {"window": self.window}
            words = ngettext(
                "%(n)s of the newest %(window)s lines matches",
                "%(n)s of the newest %(window)s lines match",
                count,
            )
            return words % {"n": count, "window": self.window}
        words = ngettext("%(n)s line matches", "%(n)s lines match", count)
        return words % {"n": count} if count else _("No line matches")


COLUMNS = ("id", "ts", "actor", "verb", "object_type", "object_id", "summary", "before", "after")


def exported(page: AuditPage) -> Any:
    """Every matching line of the whole log as values of `COLUMNS`, newest first, a part at a time."""
    masker = masker_of_secrets()
    _among, rows, _is_scan = page.filter.rows()
    listed = rows.order_by("-ts", "-id").values_list(*COLUMNS)
    for *facts, summary, before, after in listed.iterator(chunk_size=2_000):
        hidden = (without_secrets(side, masker) for side in (before, after))
        yield *facts, text_without_secrets(summary, masker), *hidden
