"""Handing due times to the handlers of their kinds, inside the clock's transaction (DESIGN §5.1)."""

import logging
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from types import FrameType
from typing import Any, NamedTuple, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from scheduler.registry import Dispatch, Due, Handler, handler_for, handler_of_many
from scheduler.statuses import Verdict

log = logging.getLogger(__name__)

LATE_MS = 60_000
# What a handler gets, and one of many more for each. SQLite's other writers wait meanwhile, at most 5 s.
ANSWER_SECONDS, MORE_SECONDS = 2.0, 0.008

Result = TypeVar("Result")


class NoAnswer(KeyboardInterrupt):
    """A handler's time is over.

    It is raised in the middle of whatever the handler does: no `except Exception` of it may swallow it, and
    psycopg takes back the statement under way for no other kind of interruption.
    """


class TooSlow(Exception):
    """A handler did not answer in a transaction in which others wait; it is not known whose of `jobs`."""

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self.jobs = jobs


class Answer(NamedTuple):
    """The verdict of a due time that was handed over, with what stands beside it in the ledger."""

    verdict: Verdict
    reason: str = ""
    error: str | None = None
    metadata: dict[str, Any] | None = None
    timed_out: bool = False


def answers_to(dues: Sequence[Due], now: datetime) -> dict[str, Answer]:
    """Job id → what became of its due time. Raises `TooSlow` where it is not known whose handler hangs."""
    found: dict[str, Answer] = {}
    by_kind: defaultdict[str, list[Due]] = defaultdict(list)
    for due in dues:
        by_kind[due.job.kind].append(due)
    for kind, of_kind in sorted(by_kind.items()):
        handler = handler_for(kind)
        if handler is None:
            words = _("There is no handler for jobs of the kind “%(kind)s”.") % {"kind": kind}
            found.update({due.job.pk: Answer(Verdict.ERROR, error=words) for due in of_kind})
            continue
        found.update(_together(kind, of_kind, now))
        rest = [due for due in of_kind if due.job.pk not in found]
        found.update(_one_by_one(handler, rest, now, asked=len(dues)))
    return found


def _together(kind: str, dues: list[Due], now: datetime) -> dict[str, Answer]:
    """What the kind's handler of many answers; nothing where it has none, or failed."""
    handler = handler_of_many(kind)
    if handler is None or len(dues) == 1:
        return {}
    try:
        with transaction.atomic():
            dispatches = within(ANSWER_SECONDS + MORE_SECONDS * len(dues), lambda: handler(dues, now))
    except NoAnswer as error:
        raise TooSlow(len(dues)) from error
    except Exception:
        log.exception("Jobs could not be dispatched together", extra={"action": "batch_failed"})
        return {}
    known = {due.job.pk: due.late_ms for due in dues}
    return {pk: _answer(dispatch, known[pk]) for pk, dispatch in dispatches.items() if pk in known}


def _one_by_one(handler: Handler, dues: Iterable[Due], now: datetime, *, asked: int) -> dict[str, Answer]:
    found = {}
    for due in dues:
        try:
            found[due.job.pk] = _single(handler, due, now)
        except NoAnswer as error:
            if asked > 1:
                raise TooSlow(asked) from error
            found[due.job.pk] = _unanswered(due)
    return found


def _single(handler: Handler, due: Due, now: datetime) -> Answer:
    try:
        with transaction.atomic():
            dispatch = within(ANSWER_SECONDS, lambda: handler(due.job, due.due_at, due.lateness, now))
    except Exception as error:
        log.exception("Job %s could not be dispatched", due.job.pk, extra={"action": "slot_failed"})
        return Answer(Verdict.ERROR, error=f"{type(error).__name__}: {error}")
    return _answer(dispatch, due.late_ms)


def _unanswered(due: Due) -> Answer:
    words = _("What it starts did not answer within %(count)g s.") % {"count": ANSWER_SECONDS}
    log.error("Job %s: %s", due.job.pk, words, extra={"action": "slot_failed"})
    return Answer(Verdict.ERROR, error=words, timed_out=True)


def _answer(dispatch: Dispatch, late_ms: int) -> Answer:
    if dispatch.reason:
        return Answer(Verdict.SKIPPED, dispatch.reason, metadata=dispatch.metadata)
    return Answer(Verdict.LATE if late_ms > LATE_MS else Verdict.RAN, metadata=dispatch.metadata)


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """What `work` returns. Raises `NoAnswer` in the middle of it when the time is over.

    In the main thread only: a signal is what ends a call that hangs, and no other thread gets any.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()

    def ring(number: int, frame: FrameType | None) -> None:
        raise NoAnswer

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
