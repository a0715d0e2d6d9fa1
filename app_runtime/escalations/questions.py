"""What a question asks and how it stands, read out of its row. Other programs' rows may be odd."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from app_runtime.models import Entry
from halo_site.audit import Actor
from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, from_ms

# What is shown of a question; what becomes of it later (its resolution) is no part of it
SHOWN = ("summary", "question", "choices", "questions", "data", "dataPath", "deadlineAt")
IN_A_TITLE = 300  # characters of a question that a title shows
MORE_THAN_A_TITLE = ("\n", "](", "://")
# Why other programs close a question (halo-facts §9)
OF_OTHERS = {
    "task_closed": gettext_lazy("its task was closed before"),
    "legacy_system_closed": gettext_lazy("an earlier version closed it"),
}


@dataclass(frozen=True)
class Answer:
    """The answer to one question: a choice that was offered, or words, or both. None: not given."""

    choice: str | None = None
    text: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.choice or "").strip() and not (self.text or "").strip()

    @property
    def words(self) -> str:
        """Both in one line of text."""
        return " · ".join(part for part in (self.choice, self.text) if part)


@dataclass(frozen=True)
class Asked:
    """One of the questions of an entry; ``number`` is its place from 0."""

    number: int
    question: str
    choices: tuple[str, ...]

    @property
    def is_more(self) -> bool:
        """Whether it says more than a title can show: it is long, has several lines, or leads somewhere."""
        text = self.question.strip()
        return len(text) > IN_A_TITLE or any(mark in text for mark in MORE_THAN_A_TITLE)


class State(StrEnum):
    """How a question stands."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    DISMISSED = "dismissed"
    CLOSED = "closed"


def asked(entry: Entry) -> list[Asked]:
    """The questions in their order, at least one."""
    return [
        Asked(number, str(item.get("question") or entry.summary), _choices(item.get("choices")))
        for number, item in enumerate(entry.questions)
    ]


def _choices(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(item for item in value if isinstance(item, str) and item.strip()))


def digest_of(entry: Entry) -> str:
    """SHA-256 of the canonical JSON of what is shown of the question."""
    shown = {key: entry.said[key] for key in SHOWN if key in entry.said}
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def state_of(entry: Entry) -> State:
    """Answered is what has an answer, whatever else its row says."""
    if entry.user_response is not None:
        return State.ANSWERED
    if entry.closed_at is None:
        return State.OPEN
    reason = resolution_of(entry).get("reason")
    return {"expired": State.EXPIRED, "dismissed": State.DISMISSED}.get(str(reason), State.CLOSED)


def resolution_of(entry: Entry) -> dict[str, Any]:
    """How it ended without an answer; empty where nothing says so."""
    found = entry.said.get("resolution")
    return found if isinstance(found, dict) else {}


def answers_of(entry: Entry) -> list[Answer]:
    """What was answered, one for each question as the row has them; empty where nothing can be read."""
    stored = entry.user_response
    if not isinstance(stored, dict):
        return []
    listed = stored.get("answers")
    items = listed if isinstance(listed, list) else [stored]
    found = [Answer(_text(item, "choice"), _text(item, "text")) for item in items if isinstance(item, dict)]
    return found if any(answer.words for answer in found) else []


def _text(item: dict[str, Any], key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) and value else None


def answer_in_words(answers: Sequence[Answer]) -> str:
    """All answers in one line."""
    return " / ".join(answer.words for answer in answers)


def decided_at(entry: Entry) -> datetime | None:
    """When it was answered, dismissed or closed; None where nobody knows, or while it is open."""
    decided: datetime | None = entry.decided_at
    if decided is not None:
        return decided
    stamp = entry.user_response.get("ts") if isinstance(entry.user_response, dict) else None
    if type(stamp) is int and LOWEST_MS <= stamp <= HIGHEST_MS:
        return from_ms(stamp)
    closed: datetime | None = entry.closed_at
    return closed


def decider(entry: Entry) -> str:
    """Who answered or dismissed it, in words; empty where nobody is known."""
    kind, _colon, name = (entry.decided_by or "").partition(":")
    return Actor(kind, name).words if name else kind


def reason_in_words(entry: Entry) -> str:
    """Why it is closed, in a sentence; empty for one that is open or answered."""
    state, why = state_of(entry), resolution_of(entry)
    if state == State.DISMISSED:
        return _("It was dismissed by %(who)s.") % {"who": decider(entry) or _("somebody")}
    if state == State.EXPIRED:
        return expired_words()
    if state == State.CLOSED:
        words = str(why.get("why") or OF_OTHERS.get(str(why.get("reason"))) or _("nobody said why"))
        return _("It was closed without an answer: %(why)s.") % {"why": words}
    return ""


def expired_words() -> str:
    return _("It expired without an answer. Nothing was decided.")


def is_over(entry: Entry, now: datetime) -> bool:
    """Whether its deadline is at or before ``now``: it takes no decision any more, closed yet or not."""
    return entry.deadline is not None and entry.deadline <= now


def share_of_time(entry: Entry, now: datetime) -> float:
    """How much of the time from asking to the deadline is over, from 0 to 1; 0 without a deadline."""
    if entry.deadline is None:
        return 0.0
    whole = max(entry.deadline - entry.ts, timedelta(milliseconds=1))
    return float(min(max((now - entry.ts) / whole, 0.0), 1.0))
