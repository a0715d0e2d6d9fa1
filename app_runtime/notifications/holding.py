"""What was held back goes out as one message for each target, in which each of them is named or counted."""

from collections import defaultdict
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_runtime.models import Notification
from app_runtime.notifications import words
from app_runtime.statuses import NotificationKind, NotificationState

RELEASED_AT_ONCE = 1_000


def release_held(now: datetime) -> int:
    """Release what has been held long enough; returns how many. Two processes never release the same."""
    due = Notification.objects.held().filter(held_until__lte=now)
    if not due.exists():  # the usual case: no transaction, which would keep others from writing
        return 0
    with transaction.atomic():
        due = due.select_related("app").order_by("held_until", "created_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(of=("self",), skip_locked=True)
        by_target: dict[str, list[Notification]] = defaultdict(list)
        for row in due[:RELEASED_AT_ONCE]:
            by_target[row.target_id].append(row)
        return sum(_release(rows, now) for rows in by_target.values())


def _release(rows: list[Notification], now: datetime) -> int:
    """Those of one target: a single one goes out as itself, several in one that carries them."""
    rows.sort(key=lambda row: (row.created_at, row.pk))
    ours = Notification.objects.held().filter(pk__in=[row.pk for row in rows])
    if len(rows) == 1:
        return ours.update(state=NotificationState.PENDING, next_try_at=now, held_until=None)
    carrier = _carrier(rows, now)
    return ours.update(state=NotificationState.MERGED, held_until=None, carried_by=carrier.pk)


def _carrier(rows: list[Notification], now: datetime) -> Notification:
    """The message that they go out in. Equal failures are told once, with how many there were."""
    first, app = rows[0], rows[0].app
    facts = {"target_id": first.target_id, "target_name": first.target_name, "created_at": now}
    is_one_topic = bool(first.topic) and {(row.app_id, row.topic) for row in rows} == {
        (first.app_id, first.topic)
    }
    if app is not None and is_one_topic:
        facts |= {"app": app, "kind": NotificationKind.FAILURE, "topic": first.topic}
        title, text = words.repeats_title(app.name, len(rows)), _times(rows)
    else:
        facts |= {"kind": NotificationKind.DIGEST}
        title, text = words.digest_title(len(rows)), words.digest_text(_without_repeats(rows))
    return Notification.objects.create(**facts, title=title, text=words.cut(text), next_try_at=now)


def _times(rows: list[Notification]) -> str:
    """When they were, and the words of the last."""
    between = _("From %(first)s to %(last)s.") % {
        "first": words.moment(rows[0].created_at),
        "last": words.moment(rows[-1].created_at),
    }
    return f"{between}\n{words.cut(rows[-1].text, words.LONGEST_PART)}"


def _without_repeats(rows: list[Notification]) -> list[Notification]:
    """The first of each failure, saying how many more of it there were; the others as they are."""
    count: dict[tuple[str | None, str], int] = defaultdict(int)
    kept = []
    for row in rows:
        key = (row.app_id, row.topic)
        count[key] += 1
        if not row.topic or count[key] == 1:
            kept.append(row)
    for row in kept:
        more = count[row.app_id, row.topic] - 1 if row.topic else 0
        if more:
            row.title += ngettext(" and %(n)d more", " and %(n)d more", more) % {"n": more}
    return kept
