"""Questions whose deadline has passed: closed as expired, and nothing decided for the person (BEHAVIOUR)."""

import logging
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime.escalations.closing import end_of_asking, leave_waiting, oldest_question, release_run
from app_runtime.escalations.questions import is_over
from app_runtime.models import Entry, Run
from app_runtime.notifications import events
from app_runtime.settlement import add_error_entry, stop_after_errors, tell_app
from app_runtime.statuses import Outcome, Status
from halo_site.store.fields import to_ms

logger = logging.getLogger(__name__)

EXPIRED_AT_ONCE = 200


def expire(now: datetime) -> int:
    """Close every open question whose deadline is at or before ``now``; returns how many were closed."""
    return sum(_expired(entry, now) for entry in _due(now))


def expire_at_its_time(entry: Entry, now: datetime) -> None:
    """Close this question if its deadline is at or before ``now``, as the clock will."""
    stored = Entry.objects.open().filter(pk=entry.pk).first()
    if stored is not None and is_over(stored, now):
        _expired(stored, now)


def _due(now: datetime) -> QuerySet[Entry]:
    """The oldest that are due; one whose deadline is no moment takes the place of no other."""
    passed = Entry.objects.open().with_deadline().filter(content__deadlineAt__lte=to_ms(now))
    times = passed.order_by("ts", "id").values_list("pk", "content__deadlineAt")
    found = (pk for pk, value in times.iterator() if Entry(content={"deadlineAt": value}).deadline)
    return Entry.objects.filter(pk__in=list(islice(found, EXPIRED_AT_ONCE))).order_by("ts", "id")


def _expired(entry: Entry, now: datetime) -> bool:
    """One that cannot be closed is logged and does not stand in the way of the others."""
    if entry.deadline is None:  # it was changed since
        return False
    try:
        with transaction.atomic():
            app = App.objects.hold(entry.app_id)
            return app is not None and _close(app, entry, entry.deadline, now)
    except Exception:
        logger.exception("The question %s could not be closed at its deadline", entry.pk)
        return False


def _close(app: App, entry: Entry, deadline: datetime, now: datetime) -> bool:
    content = {**entry.content, "resolution": {"reason": "expired", "at": to_ms(now)}}
    # Open still: an answer that came since the row was read wins.
    if not Entry.objects.open().filter(pk=entry.pk).update(content=content, closed_at=now):
        return False
    entry.content, entry.closed_at = content, now
    _fail_run(app, entry, deadline, now)
    events.question_closed(entry, now)
    leave_waiting(entry.app_id, now)
    return True


def _fail_run(app: App, entry: Entry, deadline: datetime, now: datetime) -> None:
    """The run that asked is an error, unless it went on or a person decides or decided about it."""
    run, ended = Run.objects.filter(pk=entry.run_id).first(), end_of_asking(entry.run_id)
    if run is None or ended is None:
        return
    if ended[0] != Status.ERROR:
        release_run(entry.run_id)
        return
    written = timezone.localtime(deadline).isoformat(timespec="seconds")
    error = f"the question expired unanswered at {written}"
    waiting = Run.objects.filter(pk=run.pk, status=Status.WAITING_USER)
    if waiting.update(status=Status.ERROR, outcome=Outcome.ERROR, error_message=error):
        add_error_entry(run, error, now, None)
        tell_app(run, app.last_run_at and to_ms(app.last_run_at), Outcome.ERROR)
        stop_after_errors(app.pk, error, now)


def mend_waiting(now: datetime) -> int:
    """Have every app wait for the questions that are open, whatever a stranger wrote; returns how many.

    Our own verbs keep this true in their transactions. Only apps that wait, or of which a question is
    open, are looked at one by one: of thousands that do nothing the database alone knows.
    """
    waits = Q(status=AppStatus.WAITING_USER) | Q(pending_escalation_id__isnull=False)
    asking = Entry.objects.open().values("app_id")
    apps = App.objects.installed().filter(waits | Q(pk__in=asking))
    return sum(_mended(app, now) for app in apps.only("id", "status", "pending_escalation_id"))


def _mended(app: App, now: datetime) -> bool:
    """One that cannot be mended (it was deleted meanwhile) does not stand in the way of the others."""
    try:
        oldest = oldest_question(app.pk)
        is_true = app.status != AppStatus.WAITING_USER or oldest is not None
        if app.pending_escalation_id == oldest and is_true:
            return False
        with transaction.atomic():
            leave_waiting(app.pk, now)
    except App.DoesNotExist:
        return False
    except Exception:
        logger.exception("What the app %s waits for could not be put right", app.pk)
        return False
    return True
