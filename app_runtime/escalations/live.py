"""What an inbox that stays open is told: what came, what is decided by now, and the list as it is."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import ngettext

from app_runtime.escalations.inbox import PAGE, InboxPage
from app_runtime.escalations.rows import QuestionRow, question_rows
from app_runtime.models import Entry
from halo_site import paging
from halo_site.access import standing


@dataclass(frozen=True)
class InboxLive:
    """The list of an inbox against the one that somebody has before them (`InboxPage.shown`)."""

    page: InboxPage

    @cached_property
    def shown(self) -> list[str]:
        """The ids that are on the page, in their order."""
        listed = self.page.request.GET.get("shown", "").partition(":")[2].split(",")
        return [key for key in listed if paging.KEY.fullmatch(key)][:PAGE]

    @property
    def is_news(self) -> bool:
        """Whether the page shows something else than it would now."""
        return self.page.request.GET.get("shown", "") != self.page.shown

    @cached_property
    def count(self) -> int:
        """How many questions came to the page."""
        return len({row.pk for row in self.page.pager.rows} - set(self.shown))

    @property
    def words(self) -> str:
        if not self.count:
            return ""
        return ngettext("%(n)s new question", "%(n)s new questions", self.count) % {"n": self.count}

    @cached_property
    def ended(self) -> list[QuestionRow]:
        """Questions that are on the page and wait no more."""
        gone = set(self.shown) - {row.pk for row in self.page.pager.rows}
        found = Entry.objects.visible_to(self.page.request.user).select_related("app").filter(pk__in=gone)
        return question_rows(found.ended(), standing(self.page.request), self.page.now) if gone else []
