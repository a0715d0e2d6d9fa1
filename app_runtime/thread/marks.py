"""What is new in a thread since a person last looked: the line in it, and the counts of many apps at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import ngettext

from app_runtime.models import Entry, ReadMark, Reply
from app_runtime.thread.items import Item, QuietItem, ReplyItem
from app_runtime.thread.rows import Place, place_of
from halo_site import quantities

UNREAD_CAP = 100
UNREAD = "app_runtime/thread/_unread.html"
# For every marked app, what is newer than the mark, by the index of its news: one statement for all
UNREAD_OF_EACH = """
    SELECT m.app_id, (SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM activity_entries e
        WHERE e.app_id = m.app_id AND NOT (e.type = 'run_skipped') AND e.ts >= m.seen_at
        AND (e.ts > m.seen_at OR e.id > m.seen_id) LIMIT %s) AS counted)
    FROM thread_read_marks m WHERE m.user_id = %s AND m.app_id IN ({places})
"""


@dataclass(frozen=True)
class UnreadLine:
    """Stands between what is new and what was read."""

    count: int

    template = UNREAD

    @property
    def words(self) -> str:
        return words_of(self.count)


def words_of(count: int) -> str:
    """The count of what is new in words."""
    return ngettext("%(n)s new", "%(n)s new", count) % {"n": quantities.capped(count, UNREAD_CAP)}


def is_news_to(person: str, row: Entry | Reply) -> bool:
    """What somebody wrote is no news to themselves."""
    return not (isinstance(row, Reply) and row.sent_by == person)


def news_among(items: Sequence[Any], person: str, mark: Place | None = None) -> int:
    """How many of the items are newer than the mark; quiet runs are no news."""
    rows = (_row(item) for item in items)
    return sum(
        1
        for row in rows
        if row is not None and is_news_to(person, row) and (mark is None or place_of(row) > mark)
    )


def with_line(items: list[Item], person: str, mark: Place | None) -> list[Item | UnreadLine]:
    """The items with the line below the oldest that is new; as they are where none is, or all are."""
    if mark is None:
        return list(items)
    for at, item in enumerate(items):
        row = _row(item)
        if row is not None and place_of(row) <= mark:
            count = news_among(items[:at], person)
            return [*items[:at], *([UnreadLine(count)] if count else []), *items[at:]]
    return list(items)


def unread_of_each(user: Any, app_ids: list[str]) -> dict[str, int]:
    """App → how many entries are newer than this person's mark; each counted to `UNREAD_CAP`.

    An app whose thread they never opened has none: to them all of it is new, which is no news.
    """
    if not app_ids:
        return {}
    places = ", ".join(["%s"] * len(app_ids))
    with connection.cursor() as cursor:
        cursor.execute(UNREAD_OF_EACH.format(places=places), [UNREAD_CAP, user.pk, *app_ids])
        return dict(cursor.fetchall())


def mark_place(mark: ReadMark | None) -> Place | None:
    """Where a mark stands."""
    moment: datetime | None = mark.seen_at if mark is not None else None
    return (moment, mark.seen_id) if mark is not None and moment is not None else None


def _row(item: Any) -> Entry | Reply | None:
    if isinstance(item, QuietItem | UnreadLine):
        return None
    row: Entry | Reply = item.reply if isinstance(item, ReplyItem) else item.entry
    return row
