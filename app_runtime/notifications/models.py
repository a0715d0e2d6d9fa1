"""Notifications and how far they are on their way: table `deliveries`, one row for each target."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from app_manager.models import App, new_id
from app_runtime import texts
from app_runtime.statuses import NotificationKind, NotificationState
from halo_site.store.fields import EpochMsField

# After the first try, the second, …; when the last of these has passed too, it has failed.
PAUSES = (
    timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30),
    timedelta(hours=2),
)  # fmt: skip
# Who has claimed one and has said nothing for so long was lost. A try itself takes seconds.
LONGEST_TRY = timedelta(minutes=1)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def due(self, now: datetime) -> "NotificationQuerySet":
        """Those to be tried, whose time has come; what is being sent is none of them."""
        return self.filter(next_try_at__lte=now).order_by("next_try_at")

    def silent(self, now: datetime) -> "NotificationQuerySet":
        """Those that somebody has claimed and never said what came of it."""
        return self.filter(sending_until__lt=now).order_by("sending_until")

    def in_order(self) -> "NotificationQuerySet":
        return self.order_by("created_at", "id")


class Notification(models.Model):
    """One message on its way to one target. ``run_id`` is no foreign key: some will have no run.

    While it is pending, either ``next_try_at`` says when it is tried, or ``sending_until`` that somebody has
    claimed it and is sending it.
    """

    id = models.TextField(primary_key=True, default=new_id)
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="notifications", db_index=False)
    run_id = models.TextField(_("run"))
    step = models.IntegerField(_("step"), null=True, blank=True)
    kind = models.TextField(_("kind"), choices=NotificationKind, default=NotificationKind.NOTIFY)
    target_id = models.TextField(_("id of the target"))
    target_name = models.TextField(_("target"))
    title = models.TextField(_("title"))
    text = models.TextField(_("text"))
    state = models.TextField(_("state"), choices=NotificationState, default=NotificationState.PENDING)
    attempts = models.IntegerField(_("tries"), default=0)
    next_try_at = EpochMsField(_("next try"), null=True, blank=True)
    sending_until = EpochMsField(_("being sent until"), null=True, blank=True)
    last_error = models.TextField(_("what was wrong"), default="", blank=True)
    created_at = EpochMsField(_("created at"))
    sent_at = EpochMsField(_("sent at"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        db_table = "deliveries"
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["run_id"], name="idx_deliveries_run"),
            models.Index(fields=["app", "-created_at", "-id"], name="idx_deliveries_app"),
            models.Index(fields=["-created_at", "-id"], name="idx_deliveries_created"),
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(next_try_at__isnull=False),
                name="idx_deliveries_due",
            ),
            models.Index(
                fields=["sending_until"],
                condition=models.Q(sending_until__isnull=False),
                name="idx_deliveries_sending",
            ),
        ]

    def __str__(self) -> str:
        return self.title[:60]

    @property
    def is_being_sent(self) -> bool:
        return self.sending_until is not None

    def claim(self, now: datetime) -> bool:
        """Take it to be sent by this process alone; False where somebody else has, or where it has ended."""
        waiting = Notification.objects.filter(pk=self.pk, attempts=self.attempts, next_try_at__isnull=False)
        return self._change(
            waiting, attempts=self.attempts + 1, next_try_at=None, sending_until=now + LONGEST_TRY
        )

    def note(self, problem: str, now: datetime, *, is_final: bool = False) -> bool:
        """Write down what came of the claimed try: no ``problem``, or why it failed and when the next is.

        Where it is final, or was the last try, it has failed. What a lost process says late still counts,
        since nobody else has tried it; False for a try that is not the newest.
        """
        ours = Notification.objects.filter(pk=self.pk, attempts=self.attempts)
        unsent = ours.exclude(state=NotificationState.SENT)
        if not problem:
            return self._change(
                unsent,
                state=NotificationState.SENT,
                sent_at=now,
                last_error="",
                next_try_at=None,
                sending_until=None,
            )
        pause = PAUSES[self.attempts - 1] if 0 < self.attempts <= len(PAUSES) and not is_final else None
        return self._change(
            unsent,
            state=NotificationState.FAILED if pause is None else NotificationState.PENDING,
            next_try_at=None if pause is None else now + pause,
            last_error=texts.sentence(problem),
            sending_until=None,
        )

    def _change(self, among: NotificationQuerySet, **values: Any) -> bool:
        """Set the values where ``among`` still finds the row, and then here too; False where it does not."""
        if not among.update(**values):
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True
