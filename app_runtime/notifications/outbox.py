"""Puts messages into `deliveries`, in the transaction of what they tell; the workers carry them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from app_manager.models import App
from app_manager.notification_level import level_of
from app_runtime.models import Notification
from app_runtime.notifications import words
from app_runtime.notifications.quiet import cannot_wait, held_until
from app_runtime.notifications.rules import Subject, receivers, repeats_until
from app_runtime.notifications.run_delivery import tell_run
from app_runtime.statuses import NotificationKind, NotificationState
from halo_site.datadir.config import site_config
from halo_site.datadir.notification_targets import NotificationTarget

MOST_TROUBLE = 500  # of one streak
TROUBLE = (NotificationKind.FAILURE, NotificationKind.RECOVERY)
TOLD = (NotificationState.PENDING, NotificationState.SENT, NotificationState.FAILED)


@dataclass(frozen=True)
class Message:
    """One thing to tell. ``type`` is the type of entry that rules know it by."""

    kind: NotificationKind
    type: str
    app: App
    title: str
    text: str
    run_id: str = ""
    entry_id: str = ""
    topic: str = ""
    deadline: datetime | None = None


@dataclass(frozen=True)
class Hold:
    """Until when a message waits (None: it does not), and why, or why it does not although it is quiet."""

    until: datetime | None = None
    why: str = ""


def receivers_of(app: App, type: str) -> tuple[NotificationTarget, ...]:
    """Who is told of entries of this type of this app."""
    subject = Subject(type, app.pk, app.space_id)
    return receivers(site_config().notifications, subject, level_of(app.user_overrides))


def put(message: Message, now: datetime) -> list[Notification]:
    """One row for each target that is to be told, by rules and level."""
    rows = [_row(message, target, now) for target in receivers_of(message.app, message.type)]
    if rows and message.run_id:
        tell_run(message.run_id)
    return rows


def _row(message: Message, target: NotificationTarget, now: datetime) -> Notification:
    hold = quiet_hold(message.deadline, now)
    if hold.until is None and message.topic:
        hold = _repeat(message, target, now) or hold
    return place(message, target, hold, now)


def place(message: Message, target: NotificationTarget, hold: Hold, now: datetime) -> Notification:
    """The row of a message to one target: held, or to be sent as soon as a worker looks."""
    is_told_why = hold.why and hold.until is None
    return Notification.objects.create(
        app=message.app,
        run_id=message.run_id,
        entry_id=message.entry_id,
        kind=message.kind,
        target_id=target.id,
        target_name=target.name,
        title=words.title(message.title),
        text=words.cut(f"{message.text}\n{hold.why}" if is_told_why else message.text),
        topic=message.topic,
        reason=hold.why,
        created_at=now,
        state=NotificationState.PENDING if hold.until is None else NotificationState.HELD,
        next_try_at=now if hold.until is None else None,
        held_until=hold.until,
    )


def quiet_hold(deadline: datetime | None, now: datetime) -> Hold:
    """What the quiet hours mean for a message of now."""
    known = site_config().notifications
    until = held_until(known.quiet, known.digest, now)
    if until is None:
        return Hold()
    if deadline is not None and cannot_wait(deadline, until):
        sentence = _("Sent in the quiet hours, because its time is over at %(moment)s.")
        return Hold(None, sentence % {"moment": words.moment(deadline)})
    return Hold(until, _("Quiet hours: held until %(moment)s.") % {"moment": words.moment(until)})


def _repeat(message: Message, target: NotificationTarget, now: datetime) -> Hold | None:
    """Whether this target was told the same of this app a short while ago."""
    known = site_config().notifications
    same = Notification.objects.filter(app=message.app, target_id=target.id, topic=message.topic)
    told = same.filter(state__in=TOLD).order_by("-created_at", "-id").values_list("created_at", flat=True)
    told_at = told.first()
    until = repeats_until(told_at, known.same_failure_minutes, now)
    if until is None or told_at is None:
        return None
    until = held_until(known.quiet, known.digest, until) or until
    sentence = _("The same failure as at %(at)s: counted, and told with the others at %(until)s.")
    return Hold(until, sentence % {"at": words.moment(told_at), "until": words.moment(until)})


def newest_trouble(app: App, target_id: str, since: datetime) -> Sequence[Notification]:
    """Failures and recoveries of the app that are on the target's list since then, newest first."""
    about = Notification.objects.filter(app=app, target_id=target_id, created_at__gte=since)
    return list(about.filter(kind__in=TROUBLE).order_by("-created_at", "-id")[:MOST_TROUBLE])
