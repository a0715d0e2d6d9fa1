"""The states of a run in a word, each with its tone and icon (LOOK: never colour alone)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from app_runtime.models import Notification, Run
from app_runtime.statuses import TONES, UNKNOWN_TONE, Delivery, NotificationState, Outcome, Status


@dataclass(frozen=True)
class Chip:
    """A state in a word, with its tone and icon."""

    tone: str
    text: str
    icon: str


def status_chip(run: Run) -> Chip:
    """How far the execution is. One that was asked to stop and has not yet is cancelling."""
    if run.is_cancelling:
        return Chip("wait", _("Cancelling"), "cross")
    tone, icon = TONES.get(run.status, UNKNOWN_TONE)
    return Chip(tone, run.get_status_display(), icon)


def outcome_chip(run: Run) -> Chip | None:
    """What came of the run, where that says more than its status; None while it is not known.

    A rehearsal has its own mark, and none of a success.
    """
    if run.is_rehearsal or run.outcome in (None, "") or run.status in {Status.ERROR, Status.WAITING_USER}:
        return None
    tones: dict[str, tuple[str, str]] = {
        Outcome.USEFUL: ("ok", "star"),
        Outcome.NOOP: ("quiet", "quiet"),
        Outcome.ERROR: ("bad", "warn"),
    }
    tone, icon = tones.get(run.outcome, ("quiet", "quiet"))
    return Chip(tone, run.get_outcome_display(), icon)


def delivery_chip(run: Run) -> Chip | None:
    """Whether messages arrived; None where there were none to send."""
    if run.delivery == Delivery.NONE:
        return None
    tone, icon = _DELIVERY_TONES.get(run.delivery, ("quiet", "clock"))
    return Chip(tone, run.get_delivery_display(), icon)


def notification_chip(notification: Notification) -> Chip:
    """How far one notification is."""
    if notification.is_being_sent:
        return Chip("run", _("Being sent"), "play")
    tone, icon = _DELIVERY_TONES.get(notification.state, ("quiet", "clock"))
    return Chip(tone, notification.get_state_display(), icon)


# Of a run's delivery and of each of its notifications, whose words are the same
_DELIVERY_TONES: dict[str, tuple[str, str]] = {
    Delivery.SENT: ("ok", "check"),
    Delivery.FAILED: ("bad", "warn"),
    NotificationState.HELD: ("quiet", "pause"),
    NotificationState.MERGED: ("quiet", "check"),
    NotificationState.DROPPED: ("quiet", "cross"),
}
