"""Notifications and how far they are on their way: table `deliveries`, one row for each target."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from app_manager.models import App, new_id
from app_runtime import texts
from app_runtime.statuses import NotificationKind, NotificationState
from halo_site.roles import standing_of
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

    def held(self) -> "NotificationQuerySet":
        """Those that are held back."""
        return self.filter(held_until__isnull=False)

    def visible_to(self, user: Any) -> "NotificationQuerySet":
        """Those of apps that this person may see; what belongs to no app is for people of the whole site."""
        if standing_of(user).sees_everything:
            return self
        return self.filter(app__in=App.objects.visible_to(user))

    def in_order(self) -> "NotificationQuerySet":
        return self.order_by("created_at", "id")


class Notification(models.Model):
    """One message on its way to one target. ``run_id`` is no foreign key: some have no run.

    While it is held, ``held_until`` says how long, and ``reason`` why. While it is pending, either
    ``next_try_at`` says when it is tried, or ``sending_until`` that somebody has claimed it.
    """

    id = models.TextField(primary_key=True, default=new_id)
    app = models.ForeignKey(
        App, null=True, blank=True, on_delete=models.CASCADE, related_name="notifications", db_index=False,
        help_text=_("null: a digest of several apps, or a test"),
    )  # fmt: skip
    run_id = models.TextField(_("run"), default="", blank=True)
    entry_id = models.TextField(_("entry"), default="", db_default="", blank=True)
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
    topic = models.TextField(default="", db_default="", blank=True)
    reason = models.TextField(_("reason"), default="", db_default="", blank=True)
    held_until = EpochMsField(_("held until"), null=True, blank=True)
    carried_by = models.TextField(_("went out in"), default="", db_default="", blank=True)
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
            models.Index(
                fields=["held_until"],
                condition=models.Q(held_until__isnull=False),
                name="idx_deliveries_held",
            ),
            models.Index(
                fields=["carried_by"], condition=~models.Q(carried_by=""), name="idx_deliveries_carried"
            ),
            models.Index(fields=["entry_id"], condition=~models.Q(entry_id=""), name="idx_deliveries_entry"),
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(state="failed"),
                name="idx_deliveries_failed",
            ),
            models.Index(fields=["target_id", "-created_at", "-id"], name="idx_deliveries_target"),
        ]

    def __str__(self) -> str:
        return self.title[:60]

    @property
    def is_being_sent(self) -> bool:
        return self.sending_until is not None

    @property
    def may_be_sent_again(self) -> bool:
        """Whether a person may have it sent although its last try has failed."""
        return self.state == NotificationState.FAILED and self.kind != NotificationKind.TEST

    def send_again(self, now: datetime) -> bool:
        """Have the workers try a failed one anew, with the same pauses; False where it has not failed."""
        failed = Notification.objects.filter(pk=self.pk, state=NotificationState.FAILED)
        untested = failed.exclude(kind=NotificationKind.TEST)
        return self._change(untested, state=NotificationState.PENDING, next_try_at=now)

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
        place = (self.attempts - 1) % (len(PAUSES) + 1)  # one that a person had sent again begins anew
        pause = PAUSES[place] if place < len(PAUSES) and not is_final else None
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
