"""Twenty people answer one question at once: one decision, one run, and everybody else knows who won."""

from itertools import count

import pytest

from app_runtime.escalations.exceptions import AlreadyAnswered, QuestionClosed
from app_runtime.escalations.expiry import expire
from app_runtime.escalations.questions import Answer
from app_runtime.escalations.reminders import remind
from app_runtime.models import Entry, Run
from halo_site.audit import Actor
from halo_site.models import AuditEntry
from tests.app_runtime.escalations.asking import LATER, ask, drop, say
from tests.factories import MINUTE, NINE, make_app
from tests.scheduler.test_two_clocks import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 20


def test_of_twenty_different_answers_one_is_stored_and_nineteen_are_told_who_won() -> None:
    asked = ask(make_app())
    numbers, won, lost = count(1), [], []

    def answer() -> None:
        number = next(numbers)
        person = Actor("person", f"person-{number}")
        try:
            won.append(
                (
                    person.name,
                    say(Entry.objects.questions().get(), Answer(text=f"I am {number}"), actor=person),
                )
            )
        except AlreadyAnswered as error:
            lost.append(str(error))

    in_threads(answer, PEOPLE)
    stored = Entry.objects.questions().get()
    (name, run), *others = won
    assert others == []
    assert len(lost) == PEOPLE - 1
    assert stored.decided_by == f"person:{name}"
    assert {words.split(" answered ")[0] for words in lost} == {name}
    assert {words.split(": ")[-1] for words in lost} == {stored.user_response["text"]}
    assert list(Run.objects.queued()) == [run]
    assert AuditEntry.objects.filter(verb="question.answer").count() == 1
    assert asked.pk == stored.pk


def test_the_same_answer_from_twenty_at_once_is_one_run() -> None:
    ask(make_app())
    runs: list[Run | None] = []
    in_threads(lambda: runs.append(say(Entry.objects.questions().get(), Answer("Yes"))), PEOPLE)
    assert {run.pk for run in runs if run} == {Run.objects.queued().get().pk}
    assert len(runs) == PEOPLE


def test_answers_dismissals_and_the_deadline_meet_and_one_of_them_decides() -> None:
    """Those who decide look a moment before it, and the clock right at it."""
    ask(make_app(), deadline=LATER)
    before = LATER - MINUTE
    turns, decided = count(), []

    def decide() -> None:
        number = next(turns)
        try:
            if number % 3 == 0:
                decided.append(("answer", say(Entry.objects.questions().get(), Answer("Yes"), now=before)))
            elif number % 3 == 1:
                drop(Entry.objects.questions().get(), now=before)
            else:
                expire(LATER)
        except (AlreadyAnswered, QuestionClosed):
            return

    in_threads(decide, 12)
    stored = Entry.objects.questions().get()
    assert (stored.user_response is None) is not (stored.closed_at is None)
    assert Run.objects.queued().count() == (stored.user_response is not None)
    assert bool(decided) is (stored.user_response is not None)


def test_late_answers_and_the_clock_meet_and_the_question_expires_once() -> None:
    ask(make_app(), deadline=LATER)
    turns = count()

    def decide() -> None:
        if next(turns) % 3:
            with pytest.raises(QuestionClosed):
                say(Entry.objects.questions().get(), Answer("Yes"))
        else:
            expire(LATER)

    in_threads(decide, 12)
    assert Entry.objects.questions().get().closed_at == LATER
    assert (Run.objects.get().status, Entry.objects.filter(type="run_error").count()) == ("error", 1)


def test_two_questions_of_one_app_are_answered_at_once_and_both_go_on() -> None:
    app = make_app()
    ids = [ask(app, at=NINE + number * MINUTE).pk for number in range(2)]
    in_threads(lambda: say(Entry.objects.get(pk=ids.pop()), Answer("Yes")), 2)
    app.refresh_from_db()
    assert app.status == "active"
    assert Run.objects.queued().count() == 2


def test_two_clocks_remind_once() -> None:
    ask(make_app(), deadline=NINE + 10 * MINUTE)
    counts: list[int] = []
    in_threads(lambda: counts.append(remind(NINE + 6 * MINUTE)), 4)
    assert sum(counts) == 1
