"""A test message to a target, carried and recorded as every other one, and its receipt."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from app_runtime.models import Notification
from app_runtime.notifications import words
from app_runtime.notifications.delivering import attempt
from app_runtime.notifications.models import LONGEST_TRY
from app_runtime.notifications.sending import SECONDS
from app_runtime.statuses import NotificationKind
from halo_site.datadir.notification_targets import NotificationTarget

TITLE = "A test from Halo Site"
TEXT = "Notifications of your apps arrive here."


@dataclass(frozen=True)
class Receipt:
    """What came of it: the problem in words (empty: it was taken), when, and how long it took."""

    problem: str
    at: datetime
    seconds: float

    @property
    def words(self) -> str:
        facts = {"moment": words.moment(self.at), "seconds": f"{self.seconds:.1f}", "problem": self.problem}
        if self.problem:
            return _("not sent. %(problem)s (%(moment)s, after %(seconds)s s)") % facts
        return _(
            "its service took the message at %(moment)s, after %(seconds)s s. Look whether you see it there."
        ) % facts  # fmt: skip


def send_test(target: NotificationTarget, clock: Callable[[], datetime]) -> Receipt:
    """Send one test and wait for what comes of it; it is tried once."""
    at, began = clock(), time.monotonic()
    row = Notification.objects.create(
        kind=NotificationKind.TEST,
        target_id=target.id,
        target_name=target.name,
        title=TITLE,
        text=TEXT,
        created_at=at,
        next_try_at=at + LONGEST_TRY,  # for this process alone
    )
    attempt([row], clock, asyncio.run, SECONDS)
    return Receipt(row.last_error, at, time.monotonic() - began)
