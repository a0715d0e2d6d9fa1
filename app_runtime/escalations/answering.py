"""Answering and dismissing: one decision for each question, and the run that goes on with the answer.

Answer, follow-up run, audit line and the app's state are one transaction (BEHAVIOUR, Escalations).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime import secrets_in_use
from app_runtime.admission import refusal_of_state
from app_runtime.dispatch import queue_run
from app_runtime.escalations import closing
from app_runtime.escalations.exceptions import (
    AlreadyAnswered,
    AnswerRefused,
    NotAnswerable,
    QuestionChanged,
    QuestionClosed,
)
from app_runtime.escalations.expiry import expire_at_its_time
from app_runtime.escalations.questions import (
    Answer,
    State,
    answer_in_words,
    answers_of,
    asked,
    decided_at,
    decider,
    digest_of,
    expired_words,
    is_over,
    reason_in_words,
    state_of,
)
from app_runtime.models import Entry, Run
from app_runtime.notifications import events
from app_runtime.statuses import Trigger
from app_runtime.texts import storable
from halo_site import audit
from halo_site.audit import Actor
from halo_site.masking import Masker
from halo_site.quantities import relative
from halo_site.store.fields import to_ms

LONGEST_ANSWER = 20_000  # characters
TOLD = 300  # characters of an answer in a sentence or an audit line


def answer(
    entry: Entry, answers: Sequence[Answer], *, actor: Actor, now: datetime, shown_digest: str, via: str
) -> Run | None:
    """Store the answer and queue the run that goes on with it; returns that run.

    The same answer again is harmless and returns the same run (None where it is not there any more). Raises
    `AnswerRefused`, `AlreadyAnswered`, `QuestionClosed`, `QuestionChanged` or `NotAnswerable`.

    After its deadline a question is closed as expired, whether or not the clock has looked since.
    """
    expire_at_its_time(entry, now)
    masker = Masker(secrets_in_use.known_values())
    with transaction.atomic():
        app, stored = _held(entry)
        if state_of(stored) == State.ANSWERED:
            return _again(stored, answers, masker, now)
        _refuse_unless_open(app, stored, shown_digest, now)
        given = checked(stored, answers, masker)
        refusal = refusal_of_state(app, automatic=False)
        if refusal is not None:
            raise NotAnswerable(stored, refusal.sentence)
        response = response_of(given, now)
        decision = _decision(actor, now, shown_digest, via)
        _decide(stored, now, user_response=response, **decision)
        run = _follow(app, stored, given, actor, now)
        _record(stored, "question.answer", actor, now, {"answer": answer_in_words(given)[:TOLD], "via": via})
        _settle(stored, now)
    return run


def dismiss(entry: Entry, *, actor: Actor, now: datetime, shown_digest: str, via: str) -> None:
    """Close the question without an answer, because a person decided so. The same again is harmless.

    Raises as `answer` does.
    """
    expire_at_its_time(entry, now)
    with transaction.atomic():
        app, stored = _held(entry)
        if state_of(stored) == State.DISMISSED:
            return
        if state_of(stored) == State.ANSWERED:
            raise AlreadyAnswered(words_of_answer(stored, now))
        _refuse_unless_open(app, stored, shown_digest, now)
        resolution = {"reason": "dismissed", "at": to_ms(now)}
        decision = _decision(actor, now, shown_digest, via)
        content = {**stored.said, "resolution": resolution}
        _decide(stored, now, content=content, closed_at=now, **decision)
        _record(stored, "question.dismiss", actor, now, {"via": via})
        _settle(stored, now)


def words_of_answer(entry: Entry, now: datetime) -> str:
    """Who answered what and when, as the loser of a race is told."""
    at, told = decided_at(entry), answer_in_words(answers_of(entry))
    return _("%(who)s answered %(when)s: %(what)s") % {
        "who": decider(entry) or _("Somebody"),
        "when": relative(at, now) if at else _("at a time that is unknown"),
        "what": told[:TOLD] or _("(nothing that can be read)"),
    }


def checked(entry: Entry, answers: Sequence[Answer], masker: Masker) -> list[Answer]:
    """The answers as they are stored: one for each question, without secrets. Raises `AnswerRefused`."""
    questions = asked(entry)
    if len(answers) > len(questions):
        words = _("There are %(answers)d answers to %(questions)d questions.")
        raise AnswerRefused(words % {"answers": len(answers), "questions": len(questions)})
    given = [*answers, *[Answer()] * (len(questions) - len(answers))]
    empty = [number for number, answer in enumerate(given) if not _plain(answer.text) + _plain(answer.choice)]
    if empty:
        which = _without_answer(empty) if len(questions) > 1 else _("The answer is empty")
        raise AnswerRefused(_("%s. Choose one, or write it in your own words.") % which, *empty)
    return [
        _checked(answer, question.choices, question.number, masker)
        for answer, question in zip(given, questions, strict=True)
    ]


def _without_answer(numbers: list[int]) -> str:
    """All of them by their places from 1."""
    *some, last = [str(number + 1) for number in numbers]
    if not some:
        return _("Question %s has no answer") % last
    return _("Questions %(some)s and %(last)s have no answer") % {"some": ", ".join(some), "last": last}


def _checked(answer: Answer, choices: tuple[str, ...], number: int, masker: Masker) -> Answer:
    text = _plain(answer.text)
    chosen = _plain(answer.choice)
    if len(text) > LONGEST_ANSWER:
        words = _("The answer has %(count)s characters; at most %(most)s are taken. Shorten it.")
        raise AnswerRefused(words % {"count": f"{len(text):,}", "most": f"{LONGEST_ANSWER:,}"}, number)
    offered = next((choice for choice in choices if _plain(choice) == chosen), None) if chosen else None
    if chosen and offered is None:
        words = _("“%s” is none of the choices. Choose one of them, or write it as text.")
        raise AnswerRefused(words % chosen[:TOLD], number)
    return Answer(offered, masker.text(text) or None)


def _plain(text: str | None) -> str:
    """As a form and a command line both send it."""
    return str(storable(text or "")).replace("\r\n", "\n").strip()


def response_of(answers: Sequence[Answer], now: datetime) -> dict[str, Any]:
    """The documented shape of `user_response_json` (halo-facts §8)."""
    listed = [_as_json(answer) for answer in answers]
    if len(listed) == 1:
        return {"ts": to_ms(now), **listed[0]}
    return {"ts": to_ms(now), "answers": listed}


def _as_json(answer: Answer) -> dict[str, str]:
    pairs = (("choice", answer.choice), ("text", answer.text))
    return {key: value for key, value in pairs if value is not None}


def _held(entry: Entry) -> tuple[App, Entry]:
    """App, then entry: the order in which everything holds them."""
    app = App.objects.hold(entry.app_id)
    held = Entry.objects.questions().select_for_update(no_key=True).filter(pk=entry.pk).first()
    if app is None or held is None:
        raise QuestionClosed(_("The question is not there any more; its app was deleted."))
    held.app = app
    return app, held


def _again(entry: Entry, answers: Sequence[Answer], masker: Masker, now: datetime) -> Run | None:
    """The run that has the answer, if it is the same that is given again."""
    try:
        is_same = checked(entry, answers, masker) == answers_of(entry)
    except AnswerRefused:
        is_same = False
    if not is_same:
        raise AlreadyAnswered(words_of_answer(entry, now))
    return Run.objects.filter(pk=entry.followup_run_id).first() if entry.followup_run_id else None


def _refuse_unless_open(app: App, entry: Entry, shown_digest: str, now: datetime) -> None:
    if state_of(entry) != State.OPEN:
        raise QuestionClosed(reason_in_words(entry))
    if is_over(entry, now):  # it could not be closed; the clock tries again
        raise QuestionClosed(expired_words())
    if app.status == AppStatus.UNINSTALLED:
        raise QuestionClosed(_("%s is uninstalled, so nothing would come of an answer.") % app.name)
    if digest_of(entry) != shown_digest:
        raise QuestionChanged


def _decision(actor: Actor, now: datetime, shown_digest: str, via: str) -> dict[str, Any]:
    return {"decided_at": now, "decided_by": str(actor), "decided_via": via, "shown_digest": shown_digest}


def _decide(entry: Entry, now: datetime, **values: Any) -> None:
    """Write the decision if nobody else has: the row says so, whatever was read before."""
    if not Entry.objects.open().filter(pk=entry.pk).update(**values):
        stored = Entry.objects.get(pk=entry.pk)
        if state_of(stored) == State.ANSWERED:
            raise AlreadyAnswered(words_of_answer(stored, now))
        raise QuestionClosed(reason_in_words(stored))
    for name, value in values.items():
        setattr(entry, name, value)


def _follow(app: App, entry: Entry, answers: Sequence[Answer], actor: Actor, now: datetime) -> Run:
    """Queue the run that goes on where the asking one stopped, before everything that waits."""
    parent = Run.objects.filter(pk=entry.run_id).first()
    questions = [
        {"question": question.question, **({"choices": list(question.choices)} if question.choices else {})}
        for question in asked(entry)
    ]
    told = {
        "entryId": entry.pk,
        "runId": entry.run_id,
        "sessionId": parent.session_id if parent else None,
        "originalQuestion": questions[0]["question"],
        "questions": questions,
        "userResponse": entry.user_response,
    }
    data = {"by": str(actor), "entryId": entry.pk, "escalation": told}
    run = queue_run(app, Trigger.ESCALATION_FOLLOWUP, now, data, parent=parent)
    Entry.objects.filter(pk=entry.pk).update(followup_run_id=run.pk)
    return run


def _settle(entry: Entry, now: datetime) -> None:
    """The asking run waits no more, and its app only if another question of it is open."""
    closing.release_run(entry.run_id)
    closing.leave_waiting(entry.app_id, now)
    events.question_closed(entry, now)


def _record(entry: Entry, verb: str, actor: Actor, now: datetime, after: dict[str, Any]) -> None:
    audit.record(
        actor,
        verb,
        object_type="question",
        object_id=entry.pk,
        now=now,
        summary=f"{entry.app.name}: {asked(entry)[0].question}"[:TOLD],
        after=after,
    )
