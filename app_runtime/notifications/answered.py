"""How a question ended, in words for somebody who comes too late."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from app_runtime.escalations.questions import resolution_of
from app_runtime.models import Entry
from app_runtime.notifications import words
from halo_site.models import AuditEntry
from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, from_ms

LONGEST_ANSWER = 500


@dataclass(frozen=True)
class Ending:
    """A heading, and who decided what and when, as far as it is known."""

    title: str
    text: str


def ending_of(entry: Entry) -> Ending:
    """How this closed question ended."""
    question = _question(entry)
    if entry.user_response is not None:
        facts = {"question": question, "answer": _answer(entry.user_response), "who": _who(entry)}
        text = _("“%(question)s” was answered%(who)s: %(answer)s. Your link changed nothing.") % facts
        return Ending(_("This question is answered already"), text)
    reason = str(resolution_of(entry).get("reason") or "")
    if reason == "expired":
        return expired(entry)
    text = _("“%(question)s” was closed without an answer%(who)s. Your link changed nothing.")
    return Ending(_("This question is closed"), text % {"question": question, "who": _who(entry)})


def expired(entry: Entry) -> Ending:
    """The words for one whose deadline has passed, whether or not it is closed yet."""
    text = _("Nobody answered “%(question)s” in time. Nothing was decided for you.")
    return Ending(_("This question has expired"), text % {"question": _question(entry)})


def _question(entry: Entry) -> str:
    return str(next(iter(entry.questions), {}).get("question") or entry.summary)


def _who(entry: Entry) -> str:
    """`` by NAME at TIME`` out of the audit log, or the time alone out of the answer."""
    line = (
        AuditEntry.objects.filter(object_type="question", object_id=entry.pk).order_by("-ts", "-pk").first()
    )
    if line is not None:
        who = {"who": line.actor.partition(":")[2] or line.actor, "moment": words.moment(line.ts)}
        return _(" by %(who)s at %(moment)s") % who
    at = entry.user_response.get("ts") if isinstance(entry.user_response, dict) else None
    if isinstance(at, int) and LOWEST_MS <= at <= HIGHEST_MS:
        return _(" at %(moment)s") % {"moment": words.moment(from_ms(at))}
    return ""


def _answer(response: Any) -> str:
    """What was answered, in one line."""
    if not isinstance(response, dict):
        return "…"
    listed = response.get("answers")
    replies = listed if isinstance(listed, list) else [response]
    said = [_reply(reply) for reply in replies if isinstance(reply, dict)]
    return words.cut(" · ".join(text for text in said if text) or "…", LONGEST_ANSWER)


def _reply(reply: dict[str, Any]) -> str:
    return ", ".join(str(reply[key]) for key in ("choice", "text") if reply.get(key))
