"""Reminders of open questions, when 50 % and 90 % of the time to their deadline are over, each once."""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime.escalations.questions import share_of_time
from app_runtime.models import Entry
from app_runtime.notifications import events
from halo_site.store.fields import to_ms

logger = logging.getLogger(__name__)

STAGES = (50, 90)  # percent of the time from asking to the deadline
REMINDED_AT_ONCE = 200


def remind(now: datetime) -> int:
    """Remind of every question that is due for it; returns how many. A sweep of the clock's."""
    return sum(1 for _reminded in due_reminders(now))


def due_reminders(now: datetime) -> Iterator[tuple[Entry, int]]:
    """Each question that people must be reminded of, with the percentage, marked and told when it comes out.

    Of stages that passed while nothing was sweeping only the last one is told.
    """
    for entry in list(_due(now)):
        stage = stage_of(entry, now)
        if stage and _reminded(entry, stage, now):
            yield entry, stage


def _due(now: datetime) -> QuerySet[Entry]:
    """Those that are due for one; of every other question only its times are read."""
    waiting = Entry.objects.open().with_deadline().filter(content__deadlineAt__gt=to_ms(now))
    unmarked = Q(reminded_percent__isnull=True) | Q(reminded_percent__lt=max(STAGES))
    times = waiting.filter(unmarked).values_list("pk", "ts", "content__deadlineAt", "reminded_percent")
    found = [
        pk
        for pk, ts, deadline, reminded in times
        if stage_of(Entry(ts=ts, content={"deadlineAt": deadline}, reminded_percent=reminded), now)
    ]
    ordered = Entry.objects.filter(pk__in=found[:REMINDED_AT_ONCE]).select_related("app")
    return ordered.order_by("ts", "id")


def stage_of(entry: Entry, now: datetime) -> int:
    """The percentage that is due to be told; 0: none."""
    share = round(share_of_time(entry, now) * 100, 6) if entry.deadline else 0.0
    passed = [stage for stage in STAGES if stage <= share and stage > (entry.reminded_percent or 0)]
    return max(passed, default=0)


def _reminded(entry: Entry, stage: int, now: datetime) -> bool:
    """Mark and tell in one transaction; False where somebody else did, or it is not open any more."""
    try:
        with transaction.atomic():
            app = App.objects.hold(entry.app_id)
            if app is None or app.status == AppStatus.UNINSTALLED:
                return False
            unmarked = Q(reminded_percent__isnull=True) | Q(reminded_percent__lt=stage)
            if not Entry.objects.open().filter(unmarked, pk=entry.pk).update(reminded_percent=stage):
                return False
            entry.reminded_percent = stage
            events.question_reminder(entry, stage, now)
            return True
    except Exception:
        logger.exception("Nobody could be reminded of the question %s", entry.pk)
        return False
