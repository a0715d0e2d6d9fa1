"""What an open inbox is told: what came, what is decided by now, and an empty list as it is now."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext, ngettext

from app_runtime.escalations.inbox import PAGE, InboxPage
from app_runtime.escalations.rows import QuestionRow, question_rows
from app_runtime.models import Entry
from halo_site import paging
from halo_site.access import standing


@dataclass(frozen=True)
class InboxLive:
    """The list of an inbox against the one that somebody has before them (`InboxPage.shown`).

    A list with questions has buttons that answer them, and a finger may be on its way to one: no other
    question may come under it. So such a list stays as it is until the person asks for it anew; what was
    decided is marked in its place, and a button says what came. Only a list with nothing to press is filled
    by itself.
    """

    page: InboxPage

    @cached_property
    def _listed(self) -> list[str]:
        return [key for key in self.page.request.GET.get("shown", "").partition(":")[2].split(",") if key]

    @property
    def is_free(self) -> bool:
        """Whether the page shows no question, so that its list may be replaced."""
        return not self._listed

    @cached_property
    def shown(self) -> list[str]:
        """The ids that are on the page, in their order."""
        return [key for key in self._listed if paging.KEY.fullmatch(key)][:PAGE]

    @cached_property
    def state(self) -> str:
        """What the page would show now, in short."""
        return hashlib.sha256(self.page.shown.encode()).hexdigest()[:16]

    @property
    def is_news(self) -> bool:
        """Whether the page shows something else than it would now, and was not told so already."""
        asked = self.page.request.GET
        return asked.get("shown", "") != self.page.shown and asked.get("told") != self.state

    @cached_property
    def count(self) -> int:
        """How many questions came to the page."""
        return len(self._now - set(self.shown))

    @property
    def words(self) -> str:
        """What the button says that brings the list as it is now; empty where there is no need for one."""
        if self.is_free:
            return ""
        if self.count:
            return ngettext("%(n)s new question", "%(n)s new questions", self.count) % {"n": self.count}
        is_same = self.shown == [row.pk for row in self.page.pager.rows]
        return "" if is_same else gettext("The list has changed: show it")

    @cached_property
    def ended(self) -> list[QuestionRow]:
        """Questions that are on the page and wait no more."""
        gone = set(self.shown) - self._now
        found = Entry.objects.visible_to(self.page.request.user).select_related("app").filter(pk__in=gone)
        return question_rows(found.ended(), standing(self.page.request), self.page.now) if gone else []

    @cached_property
    def _now(self) -> set[str]:
        return {row.pk for row in self.page.pager.rows}
