"""How each target does: what came of its newest messages, of one query for all targets."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q

from app_runtime.models import Notification
from app_runtime.notifications.models import PAUSES
from app_runtime.statuses import NotificationState

NEWEST = 50  # messages of a target that are looked at


@dataclass(frozen=True)
class TargetResult:
    """What came of the last try. ``since``: since when every try fails; None: it was taken, or none was made.

    ``at_least``: the trouble may be older than the messages that were looked at.
    """

    taken_at: datetime | None = None
    since: datetime | None = None
    reason: str = ""
    next_try_at: datetime | None = None
    at_least: bool = False

    @property
    def is_unused(self) -> bool:
        return self.taken_at is None and self.since is None


def results_of(target_ids: Iterable[str]) -> dict[str, TargetResult]:
    """Each target's result by its id; one that was never used has an empty one."""
    ids = list(target_ids)
    if not ids:
        return {}
    tried = Notification.objects.filter(attempts__gt=0).order_by("-created_at", "-id")
    newest = [Q(pk__in=tried.filter(target_id=key).values("pk")[:NEWEST]) for key in ids]
    by_target: dict[str, list[Notification]] = defaultdict(list)
    for row in Notification.objects.filter(reduce(or_, newest)):
        by_target[row.target_id].append(row)
    return {key: result_of(by_target[key]) for key in ids}


def result_of(rows: Sequence[Notification]) -> TargetResult:
    """The result of a target out of its newest messages that were tried, in any order."""
    taken_at = max((row.sent_at for row in rows if row.sent_at is not None), default=None)
    unsent = [row for row in rows if row.last_error and row.state != NotificationState.SENT]
    failing = [row for row in unsent if taken_at is None or tried_at(row) > taken_at]
    if not failing:
        return TargetResult(taken_at)
    since = min(row.created_at for row in failing)
    return TargetResult(
        taken_at,
        max(since, taken_at) if taken_at else since,
        max(failing, key=tried_at).last_error,
        min((row.next_try_at for row in failing if row.next_try_at is not None), default=None),
        taken_at is None and len(rows) >= NEWEST,
    )


def tried_at(row: Notification) -> datetime:
    """When the last try of a message failed, as far as its pauses tell."""
    place = (row.attempts - 1) % (len(PAUSES) + 1)
    if row.next_try_at is not None and place < len(PAUSES):
        moment: datetime = row.next_try_at - PAUSES[place]
        return moment
    waited: datetime = row.created_at + sum(PAUSES[:place], timedelta(0))
    return waited
