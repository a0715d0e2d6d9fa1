"""What notifications say, in plain text: titles of one line, bounded texts."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_runtime.models import Entry, Notification

# Names and numbers of hosts, with their ports; names of files of ours are none
HOST = re.compile(
    r"\b(?:[a-z0-9_-]{1,63}\.)+(?!json\b)[a-z]{2,63}\b(?::\d+)?|\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?"
    r"|\[[0-9a-f:.%]{2,60}\](?::\d+)?|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){4,7}|\blocalhost\b(?::\d+)?",
    re.I,
)
LONGEST_TITLE, LONGEST_TEXT = 200, 4000
LONGEST_PART = 300  # of one message in a digest
LISTED = 40  # messages of which a digest repeats the beginning


def title(text: str) -> str:
    """One line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1]}…"


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else f"{text[: longest - 2]} …"


def without_hosts(text: str) -> str:
    """What went wrong, for people who are not to know where a target is."""
    return HOST.sub("…", text)


def moment(at: datetime) -> str:
    """A moment in the server's zone, which it names: people read it elsewhere."""
    local = timezone.localtime(at)
    return f"{date_format(local, 'D j M, H:i')} ({local.tzname()})"


def question(entry: Entry) -> str:
    """All questions of an entry with their choices, and until when they can be answered."""
    parts = []
    for item in entry.questions:
        choices = [str(choice) for choice in item.get("choices") or []]
        parts.append(str(item.get("question") or ""))
        if choices:
            parts.append(_("Choices: %(choices)s") % {"choices": " · ".join(choices)})
    if entry.summary and entry.summary not in parts:
        parts.insert(0, entry.summary)
    return cut("\n".join(parts), LONGEST_TEXT - LONGEST_PART) + "\n" + due(entry)


def due(entry: Entry) -> str:
    if entry.deadline is None:
        return _("It has no deadline.")
    return _("It expires at %(moment)s.") % {"moment": moment(entry.deadline)}


def place(address: str) -> str:
    """An absolute address of this site; empty where nobody has said what its public address is."""
    return f"{settings.HALO_URL}{address}" if settings.HALO_URL else ""


def run_link(run_id: str) -> str:
    """A line that leads to the run; empty without `HALO_URL`."""
    address = place(reverse("app_runtime:run_detail", args=[run_id])) if run_id else ""
    return f"\n{address}" if address else ""


def question_address(entry: Entry) -> str:
    """The page of a question, or its app's thread where there is none."""
    for name in ("app_runtime:question_detail", "app_runtime:escalation_detail"):
        with suppress(NoReverseMatch):
            return reverse(name, args=[entry.pk])
    return f"{reverse('app_runtime:app_thread', args=[entry.app_id])}#question-{entry.pk}"


def digest_title(count: int) -> str:
    return ngettext(
        "%(n)d message while it was quiet", "%(n)d messages while it was quiet", count
    ) % {"n": count}  # fmt: skip


def repeats_title(app_name: str, count: int) -> str:
    words = ngettext(
        "%(app)s failed %(n)d more time", "%(app)s failed %(n)d more times", count
    ) % {"app": app_name, "n": count}  # fmt: skip
    return title(words)


def digest_text(rows: Sequence[Notification]) -> str:
    """The messages with their times, oldest first; what is not repeated is counted."""
    parts = [f"{moment(row.created_at)}: {row.title}\n{cut(row.text, LONGEST_PART)}" for row in rows[:LISTED]]
    if len(rows) > LISTED:
        more = len(rows) - LISTED
        words = ngettext("And %(n)d more: see the log.", "And %(n)d more: see the log.", more)
        parts.append(words % {"n": more})
    return "\n\n".join(parts)
