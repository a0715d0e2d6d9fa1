"""What happens to apps, told to people: inserts in the transaction of what happened, and nothing else.

A message that cannot be made is logged, and what happened stands: no run fails because nobody could be told.
Rehearsals tell nobody anything.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_manager.models import App
from app_runtime.escalations.questions import resolution_of
from app_runtime.models import REHEARSAL, Entry, Notification, Run
from app_runtime.notifications import outbox, words
from app_runtime.notifications.outbox import Hold, Message
from app_runtime.notifications.rules import topic_of
from app_runtime.notifications.run_delivery import tell_run
from app_runtime.statuses import EntryType, NotificationKind, NotificationState, Status, Trigger
from halo_site.datadir.config import site_config
from halo_site.datadir.notification_targets import NotificationTarget

logger = logging.getLogger(__name__)

STREAK = 100  # runs that are looked at for how often an app had failed
More = ParamSpec("More")


def _safely(event: Callable[More, None]) -> Callable[More, None]:
    """In a savepoint; nothing at all where no target is set up. Trouble with the database is the caller's."""

    @wraps(event)
    def told(*facts: More.args, **named: More.kwargs) -> None:
        if not site_config().notifications.targets:
            return
        try:
            with transaction.atomic():
                event(*facts, **named)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("%s: nobody could be told of %r", event.__name__, facts)

    return told


@_safely
def entry_made(entry: Entry, now: datetime) -> None:
    """A run (or an update) wrote this entry; a question is told as one. Failures come by `run_failed`."""
    if entry.type == EntryType.RUN_ERROR or _is_rehearsed(entry):
        return
    if entry.type == EntryType.ESCALATION:
        _put_question(entry, now)
        return
    label = EntryType(entry.type).label if entry.type in EntryType.values else entry.type
    title = f"{entry.app.name}: {label}"
    text = words.cut(entry.summary) + words.run_link(entry.run_id)
    outbox.put(_about(entry, NotificationKind.REPORT, title, text), now)


@_safely
def question_reminder(entry: Entry, percent: int, now: datetime) -> None:
    """So much of an open question's time is over."""
    if entry.is_open_question and not _is_rehearsed(entry):
        title = _("Still open: %(app)s asks: %(question)s") % _asked(entry)
        words_of_it = _("%(percent)d %% of its time is over.") % {"percent": percent}
        text = f"{words_of_it}\n{words.question(entry)}"
        outbox.put(_about(entry, NotificationKind.REMINDER, title, text), now)


@_safely
def question_closed(entry: Entry, now: datetime) -> None:
    """A question was answered, dismissed, or is over: what is not sent yet is not needed any more.

    People are told of one that expired, because nobody decided it; who answers knows it.
    """
    stored = Entry.objects.select_related("app").get(pk=entry.pk)
    reason = resolution_of(stored).get("reason") if stored.user_response is None else ""
    _drop_unsent(stored, str(reason or ""))
    if reason == "expired" and not _is_rehearsed(stored):
        title = _("Expired: %(app)s had asked: %(question)s") % _asked(stored)
        text = _("Nobody answered in time, and nothing was decided.") + words.run_link(stored.run_id)
        outbox.put(_about(stored, NotificationKind.CLOSED, title, text), now)


@_safely
def run_failed(run: Run, error: str, now: datetime) -> None:
    """A run ended as an error. The same error within the window is counted, and not told at once again."""
    if run.is_rehearsal:
        return
    expired = Entry.objects.filter(run_id=run.run_id, closed_at=now).exists()
    if not expired:  # that its question is over is told by `question_closed`, before or after this
        _put_failure(run.app, _("%(app)s failed") % {"app": run.app.name}, error, now, run.run_id)


@_safely
def app_stopped(app: App, reason: str, now: datetime) -> None:
    """An app was stopped after failures: it does not run by itself any more."""
    newest = Run.objects.for_app(app).finished().newest_first().values_list("engine", flat=True).first()
    if newest != REHEARSAL:
        _put_failure(app, _("%(app)s was stopped") % {"app": app.name}, reason, now)


@_safely
def run_recovered(run: Run, now: datetime) -> None:
    """A run succeeded: where the one before had failed, those who were told of that are told of this.

    A run that asked and was answered is neither: what came of it, the run that goes on with the answer says.
    """
    if run.is_rehearsal:
        return
    ended = Run.objects.for_app(run.app).finished().exclude(pk=run.pk)
    goes_on = Run.objects.filter(parent_run=OuterRef("pk"), trigger_type=Trigger.ESCALATION_FOLLOWUP)
    counted = ended.exclude(status__in=(Status.CANCELLED, Status.WAITING_USER)).exclude(engine=REHEARSAL)
    counted = counted.exclude(Exists(goes_on), status=Status.OK)
    newest = list(counted.newest_first().values_list("status", "queued_at")[:STREAK])
    failed = next((n for n, (status, _at) in enumerate(newest) if status != Status.ERROR), len(newest))
    if failed:
        title = _("%(app)s works again") % {"app": run.app.name}
        count = ngettext("It had failed %(n)d time.", "It had failed %(n)d times in a row.", failed)
        text = count % {"n": failed} + words.run_link(run.run_id)
        about = Message(NotificationKind.RECOVERY, EntryType.RUN_ERROR, run.app, title, text, run.run_id)
        for target in outbox.receivers_of(run.app, EntryType.RUN_ERROR):
            _tell_recovery(about, target, newest[failed - 1][1], now)
        tell_run(run.run_id)


def _tell_recovery(about: Message, target: NotificationTarget, since: datetime, now: datetime) -> None:
    """To one target, if it was told of the failure; what was counted meanwhile goes out with it."""
    trouble = outbox.newest_trouble(about.app, target.id, since)
    held = [row for row in trouble if row.held_until is not None]
    told = next((row for row in trouble if row.state in outbox.TOLD), None)
    if not trouble or trouble[0].kind == NotificationKind.RECOVERY:
        return
    hold = outbox.quiet_hold(None, now)
    if hold.until is None and held and (told is None or told.kind == NotificationKind.RECOVERY):
        hold = Hold(held[0].held_until, held[0].reason)  # they have not heard of that failure yet
    row = outbox.place(about, target, hold, now)
    if hold.until is None and held:
        Notification.objects.filter(pk__in=[each.pk for each in held]).held().update(
            state=NotificationState.MERGED, held_until=None, carried_by=row.pk
        )


def _put_question(entry: Entry, now: datetime) -> None:
    """Once for each question, whoever tells of it."""
    if Notification.objects.filter(entry_id=entry.pk, kind=NotificationKind.QUESTION).exists():
        return
    title = _("%(app)s asks: %(question)s") % _asked(entry)
    outbox.put(_about(entry, NotificationKind.QUESTION, title, words.question(entry)), now)


def _put_failure(app: App, title: str, error: str, now: datetime, run_id: str = "") -> None:
    text = words.cut(error) + words.run_link(run_id)
    outbox.put(
        Message(
            NotificationKind.FAILURE, EntryType.RUN_ERROR, app, title, text, run_id, topic=topic_of(error)
        ),
        now,
    )


def _about(entry: Entry, kind: NotificationKind, title: str, text: str) -> Message:
    deadline = entry.deadline if kind in {NotificationKind.QUESTION, NotificationKind.REMINDER} else None
    return Message(kind, entry.type, entry.app, title, text, entry.run_id, entry.pk, deadline=deadline)


def _asked(entry: Entry) -> dict[str, str]:
    first = next(iter(entry.questions), {})
    return {"app": entry.app.name, "question": str(first.get("question") or entry.summary)}


def _is_rehearsed(entry: Entry) -> bool:
    return Run.objects.filter(pk=entry.run_id, engine=REHEARSAL).exists()


def _drop_unsent(entry: Entry, reason: str) -> None:
    """Nobody is asked what is decided already; the log keeps that it was not sent, and why."""
    notes = {
        "": _("It was answered before this was sent."),
        "expired": _("It expired before this was sent."),
        "dismissed": _("It was dismissed before this was sent."),
    }
    about = Notification.objects.filter(entry_id=entry.pk)
    asking = about.filter(kind__in=(NotificationKind.QUESTION, NotificationKind.REMINDER))
    values: dict[str, Any] = {"state": NotificationState.DROPPED, "next_try_at": None, "held_until": None}
    values["reason"] = notes.get(reason, _("It was closed before this was sent."))
    dropped = asking.filter(next_try_at__isnull=False).update(**values) + asking.held().update(**values)
    if dropped:
        tell_run(entry.run_id)
