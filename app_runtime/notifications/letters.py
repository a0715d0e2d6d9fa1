"""What is handed to a service: the stored words, and the links to questions, made when it is sent.

No link is ever stored: the log of the messages gives none away.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from app_runtime.models import Entry, Notification
from app_runtime.notifications import links, words
from app_runtime.notifications.sending import INFO, Letter
from app_runtime.statuses import NotificationKind
from halo_site.datadir.notification_targets import NotificationTarget

ASKING = (NotificationKind.QUESTION, NotificationKind.REMINDER)
# As apprise calls them; what is not here is "info"
TONES = {
    NotificationKind.FAILURE: "failure",
    NotificationKind.CLOSED: "warning",
    NotificationKind.REMINDER: "warning",
    NotificationKind.RECOVERY: "success",
}
LINKED = 20  # questions of a digest that get a link of their own


def letter_of(row: Notification, target: NotificationTarget | None, now: datetime) -> Letter:
    """The message as it goes out now."""
    tone = TONES.get(NotificationKind(row.kind), INFO) if row.kind in NotificationKind.values else INFO
    return Letter(target, row.title, text_of(row, now), tone)


def text_of(row: Notification, now: datetime) -> str:
    """The text of the message as it goes out now."""
    lines = list(_lines(_questions(row), row.target_id, now))
    return "\n".join([row.text, "", *lines]) if lines else row.text


def _questions(row: Notification) -> Iterable[Entry]:
    """The open questions that it asks, or that messages in it ask."""
    ids = [row.entry_id] if row.kind in ASKING else []
    if row.kind == NotificationKind.DIGEST:
        carried = Notification.objects.filter(carried_by=row.pk, kind__in=ASKING)
        ids = list(dict.fromkeys(carried.order_by("created_at", "id").values_list("entry_id", flat=True)))
    if not ids:
        return ()
    return Entry.objects.open().filter(pk__in=ids[:LINKED]).select_related("app").order_by("ts", "id")


def _lines(questions: Iterable[Entry], target_id: str, now: datetime) -> Iterable[str]:
    for entry in questions:
        if settings.HALO_URL:
            token = links.token_for(entry, target_id, now)
            address = words.place(reverse("app_runtime:escalation_link", args=[token]))
            yield _("Answer %(app)s: %(address)s") % {"app": entry.app.name, "address": address}
        else:
            yield _("Open this site to answer: it is on the page of %(app)s.") % {"app": entry.app.name}
