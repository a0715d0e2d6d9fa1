"""Notifications: stored first, then claimed, sent and written down; tried again by the workers.

A claim comes before each try. When its process is lost before it has said what came of the try, nobody knows
whether the message arrived. Such a one has failed and says so; it is not sent again. A try takes a moment,
and a process that was lost had most likely got rid of its message by then: people who act on the second of
two equal alerts do a thing twice, and "unknown" on the run's page is true. A target that only does not answer
in time is tried again, as every sender does it: it most likely has not taken the message, and the row says
that it may have.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from app_manager.models import App
from app_runtime.exceptions import LeaseLost
from app_runtime.models import Notification, Run
from app_runtime.notifications.letters import letter_of
from app_runtime.notifications.models import PAUSES
from app_runtime.notifications.outbox import quiet_hold
from app_runtime.notifications.run_delivery import tell_carried, tell_run
from app_runtime.notifications.sending import send_all
from app_runtime.statuses import NotificationKind, NotificationState
from halo_site.datadir.config import config_state, site_config
from halo_site.datadir.notification_targets import NotificationTarget

AT_ONCE = 10  # that one worker sends again in one go
# A worker that sends again gives no sign of life meanwhile, so it takes less time than a run may
AGAIN_SECONDS = 8.0
SETTLED_AT_ONCE = 200
UNKNOWN = "Whether it arrived is unknown, so it is not sent again."
BROKEN_OFF = f"The sending was broken off. {UNKNOWN}"
LOST = f"The process that was sending this was lost. {UNKNOWN}"
Clock = Callable[[], datetime]
Wait = Callable[[Coroutine[Any, Any, None]], None]


def store(
    run: Run, targets: Sequence[NotificationTarget], title: str, text: str, now: datetime
) -> list[Notification]:
    """One pending row for each target, held in quiet hours.

    Raises `LeaseLost`, and stores nothing, where the run is not ours.
    A worker takes them over if this process is lost before it has claimed them.
    """
    with transaction.atomic():
        App.objects.hold(run.app_id)
        if not run.keep():
            raise LeaseLost("The run is no longer this worker's.")
        facts = {"app_id": run.app_id, "run_id": run.run_id, "step": run.step_count, "title": title}
        facts |= {"text": text, "created_at": now}
        hold = quiet_hold(None, now)
        if hold.until is None:
            facts |= {"next_try_at": now + PAUSES[0]}
        else:
            facts |= {"state": NotificationState.HELD, "held_until": hold.until, "reason": hold.why}
        rows = [
            Notification.objects.create(**facts, target_id=target.id, target_name=target.name)
            for target in targets
        ]
        tell_run(run.run_id)
    return rows


def attempt(rows: Sequence[Notification], clock: Clock, wait: Wait, seconds: float) -> None:
    """Claim, send and write down what came of it; rows that somebody else has claimed are left to them.

    ``wait`` carries out the work and may raise what ends a run: that too is written down first.
    """
    known = site_config().notifications
    claimed = [row for row in rows if row.claim(clock())]
    if not claimed:
        return
    letters = {row.pk: letter_of(row, known.get(row.target_id), clock()) for row in claimed}
    problems: dict[str, str] = {}
    try:
        wait(send_all(letters, problems, seconds))
    finally:
        for row in claimed:
            is_final = row.pk not in problems or row.kind == NotificationKind.TEST
            _record(row, problems.get(row.pk, BROKEN_OFF), clock(), is_final=is_final)


def send_due(clock: Clock) -> int:
    """Try again what is due, for workers only; returns how many were due.

    Nothing is tried while config.json cannot be read: where the targets are is not known then.
    """
    if config_state().damage:
        return 0
    due = list(Notification.objects.due(clock())[:AT_ONCE])
    attempt(due, clock, asyncio.run, AGAIN_SECONDS)
    return len(due)


def settle_silent(now: datetime) -> int:
    """End every notification whose process was lost while it was sending; returns how many."""
    silent = list(Notification.objects.silent(now)[:SETTLED_AT_ONCE])
    return sum(_record(row, LOST, now, is_final=True, among_silent=True) for row in silent)


def _record(
    row: Notification, problem: str, now: datetime, *, is_final: bool = False, among_silent: bool = False
) -> bool:
    """What came of a try, and what that means for the run, in one transaction."""
    with transaction.atomic():
        # Held first, so that two processes do not each sum up the rows before the other has written its own
        list(Run.objects.select_for_update(no_key=True).filter(pk=row.run_id).values_list("pk"))
        if among_silent and not Notification.objects.silent(now).filter(pk=row.pk).exists():
            return False
        noted = row.note(problem, now, is_final=is_final)
        tell_run(row.run_id)
        tell_carried(row)
    return noted
