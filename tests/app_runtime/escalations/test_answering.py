"""Answering a question: one decision, its follow-up run, and everything that is refused."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app_manager.models import App
from app_runtime.escalations.answering import LONGEST_ANSWER
from app_runtime.escalations.exceptions import (
    AlreadyAnswered,
    AnswerRefused,
    NotAnswerable,
    QuestionChanged,
    QuestionClosed,
)
from app_runtime.escalations.expiry import expire
from app_runtime.escalations.questions import Answer, digest_of
from app_runtime.models import Entry, Run
from app_runtime.settlement import End, settle
from app_runtime.statuses import Outcome, Status
from app_runtime.wire import entry_record
from halo_site.datadir.secrets import set_secret
from halo_site.models import AuditEntry
from halo_site.store.fields import to_ms
from tests.app_runtime.escalations.asking import ANNA, BEN, LATER, TWO, ask, drop, say
from tests.factories import MINUTE, NINE, make_app, make_question, make_run, set_status

pytestmark = pytest.mark.django_db
YES, NO = Answer("Yes"), Answer("No")


@pytest.fixture
def asked(app: App) -> Entry:
    return ask(app)


def test_an_answer_is_stored_as_documented_with_who_and_how(asked: Entry) -> None:
    say(asked, Answer("Yes", "until Friday"))
    stored = Entry.objects.get()
    assert stored.user_response == {"ts": to_ms(LATER), "choice": "Yes", "text": "until Friday"}
    decision = (stored.decided_by, stored.decided_via, stored.decided_at, stored.shown_digest)
    assert decision == ("person:anna", "web", LATER, digest_of(stored))
    assert not hasattr(entry_record(stored), "problem")


def test_several_answers_are_stored_in_the_order_of_the_questions(app: App) -> None:
    asked = ask(app, questions=TWO)
    say(asked, Answer("Blue"), Answer(text="three"))
    assert Entry.objects.get().user_response["answers"] == [{"choice": "Blue"}, {"text": "three"}]


def test_the_follow_up_is_queued_and_knows_question_and_answer(asked: Entry) -> None:
    run = say(asked, YES)
    assert run is not None
    assert (run.status, run.trigger_type, run.parent_run_id) == (
        "queued",
        "escalation_followup",
        asked.run_id,
    )
    told = run.trigger_data["escalation"]
    assert (told["entryId"], told["originalQuestion"]) == (asked.pk, "Order now?")
    assert told["userResponse"]["choice"] == "Yes"
    assert Entry.objects.get().followup_run_id == run.pk


def test_the_run_that_asked_has_done_its_work_and_the_app_is_active(app: App, asked: Entry) -> None:
    say(asked, YES)
    app.refresh_from_db()
    assert Run.objects.get(pk=asked.run_id).status == "ok"
    assert (app.status, app.pending_escalation_id) == ("active", None)


def test_an_answer_leaves_its_line_in_the_audit_log(asked: Entry) -> None:
    say(asked, YES)
    line = AuditEntry.objects.get(verb="question.answer")
    assert (line.actor, line.object_id, line.after) == (
        "person:anna",
        asked.pk,
        {"answer": "Yes", "via": "web"},
    )


def test_the_same_answer_again_is_harmless_and_names_the_same_run(asked: Entry) -> None:
    first = say(asked, YES)
    assert say(asked, YES, actor=BEN, now=LATER + MINUTE, shown_digest="whatever") == first
    assert Entry.objects.get().decided_by == "person:anna"
    assert AuditEntry.objects.filter(verb="question.answer").count() == 1
    assert Run.objects.queued().count() == 1


def test_another_answer_is_refused_and_names_who_what_and_when(asked: Entry) -> None:
    say(asked, Answer("Yes", "until Friday"))
    with pytest.raises(AlreadyAnswered, match=r"^anna answered 1 min ago: Yes · until Friday$"):
        say(asked, NO, actor=BEN, now=LATER + MINUTE)


def test_an_empty_other_answer_is_told_so_too(asked: Entry) -> None:
    say(asked, YES)
    with pytest.raises(AlreadyAnswered):
        say(asked, Answer())


@pytest.mark.parametrize("first", [0, 1])
def test_two_open_questions_are_answered_in_either_order(app: App, first: int) -> None:
    both = [ask(app), ask(app, at=NINE + MINUTE)]
    say(both[first], YES)
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("waiting_user", both[1 - first].pk)
    say(both[1 - first], NO)
    app.refresh_from_db()
    assert (app.status, app.pending_escalation_id) == ("active", None)
    assert Run.objects.queued().count() == 2


def test_a_run_with_two_questions_waits_for_the_second_answer(app: App, asked: Entry) -> None:
    other = make_question(app, run=Run.objects.get())
    say(asked, YES)
    assert Run.objects.get(pk=asked.run_id).status == "waiting_user"
    say(other, YES)
    assert Run.objects.get(pk=asked.run_id).status == "ok"


def test_a_run_that_is_answered_before_it_has_ended_does_not_wait(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    say(make_question(app, run=run), YES)
    assert settle(run, End(Status.WAITING_USER, Outcome.USEFUL), LATER)
    assert Run.objects.get(pk=run.pk).status == "ok"


@pytest.mark.parametrize("status", ["paused", "error", "active", "waiting_user"])
def test_the_follow_up_is_queued_in_every_state_that_runs_by_hand(
    app: App, asked: Entry, status: str
) -> None:
    set_status(app, status)
    assert say(asked, YES)
    app.refresh_from_db()
    assert app.status == ("active" if status == "waiting_user" else status)


def test_the_follow_up_is_queued_although_another_run_is_going_on(app: App, asked: Entry) -> None:
    make_run(app, Status.RUNNING)
    make_run(app, Status.QUEUED)
    run = say(asked, YES)
    assert Run.objects.next_to_start().first() == run


def test_an_app_that_cannot_go_on_keeps_its_question(app: App, asked: Entry) -> None:
    set_status(app, "needs_login")
    with pytest.raises(NotAnswerable, match="needs a login first"):
        say(asked, YES)
    assert Entry.objects.open().exists()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ((), "The answer is empty"),
        ((Answer("", " \r\n"),), "The answer is empty"),
        ((Answer("Perhaps"),), "“Perhaps” is none of the choices"),
        ((Answer("yes"),), "“yes” is none of the choices"),
        ((Answer(text="x" * (LONGEST_ANSWER + 1)),), "20,001 characters; at most 20,000"),
        ((Answer("Yes", "x" * 100_000),), "100,000 characters; at most 20,000"),
        ((YES, NO), "2 answers to 1 questions"),
    ],
)
def test_what_is_no_answer_is_refused_and_decides_nothing(
    asked: Entry, answers: tuple[Answer, ...], words: str
) -> None:
    with pytest.raises(AnswerRefused, match=words):
        say(asked, *answers)
    assert Entry.objects.open().exists()
    assert not Run.objects.queued().exists()


def test_every_question_is_answered_or_none(app: App) -> None:
    asked = ask(app, questions=TWO)
    with pytest.raises(AnswerRefused, match=r"^Question 2 has no answer") as refused:
        say(asked, Answer("Red"))
    assert refused.value.numbers == (1,)


@pytest.mark.parametrize("choices", [None, "Yes", [1, None, ""], {"a": 1}])
def test_odd_choices_leave_free_text(app: App, choices: object) -> None:
    asked = ask(app, question="Order?", choices=choices)
    assert say(asked, Answer(text="Yes"))


def test_a_list_of_no_questions_leaves_the_one_that_the_summary_is(app: App) -> None:
    asked = ask(app, questions=["Which?", 5])
    assert say(asked, Answer(text="Yes"))
    assert Entry.objects.get().user_response["text"] == "Yes"


def test_text_is_stored_without_secrets_and_odd_characters(asked: Entry) -> None:
    set_secret("key", "sk-hush-hush-0001")
    run = say(asked, Answer(text="a\0b \ud800 use sk-hush-hush-0001\r\nthen"))
    text = Entry.objects.get().user_response["text"]
    assert text == "a\ufffdb \ufffd use •••\nthen"
    assert run
    assert run.trigger_data["escalation"]["userResponse"]["text"] == text


def test_a_question_that_is_not_the_one_shown_is_not_answered(asked: Entry) -> None:
    shown = digest_of(asked)
    Entry.objects.update(content={**asked.content, "choices": ["Yes", "No", "Never"]})
    with pytest.raises(QuestionChanged, match="not the one that you were shown"):
        say(asked, YES, shown_digest=shown)
    assert Entry.objects.open().exists()


def test_an_expired_question_is_not_answered(app: App) -> None:
    asked = ask(app, deadline=NINE + MINUTE)
    expire(LATER)
    with pytest.raises(QuestionClosed, match="expired without an answer"):
        say(asked, YES)


@pytest.mark.parametrize("decide", [lambda entry: say(entry, YES), drop])
@pytest.mark.parametrize("deadline", [LATER, LATER - MINUTE])
def test_a_question_is_over_at_its_deadline_though_the_clock_has_not_looked(
    app: App, decide: Callable[[Entry], object], deadline: datetime
) -> None:
    """Whoever decides then closes it as the clock does: all rows are the same."""
    late, swept = ask(app, deadline=deadline), ask(make_app("Tea Watch"), deadline=deadline)
    with pytest.raises(QuestionClosed, match="expired without an answer"):
        decide(late)
    assert Entry.objects.open().get() == swept
    expire(LATER)
    ends = [
        (
            entry.content,
            entry.closed_at,
            entry.user_response,
            Run.objects.filter(pk=entry.run_id).values("status", "outcome", "error_message").get(),
            App.objects.filter(pk=entry.app_id).values("status", "pending_escalation_id").get(),
        )
        for entry in Entry.objects.questions()
    ]
    assert ends[0] == ends[1]
    assert ends[0][3]["status"] == Status.ERROR
    assert not Run.objects.queued().exists()


def test_an_answer_right_before_the_deadline_counts(app: App) -> None:
    assert say(ask(app, deadline=LATER + timedelta(milliseconds=1)), YES)


def test_an_answer_that_is_given_again_after_the_deadline_is_harmless(app: App) -> None:
    asked = ask(app, deadline=LATER + MINUTE)
    assert say(asked, YES) == say(asked, YES, now=LATER + 2 * MINUTE)


def test_a_question_of_an_uninstalled_app_is_not_answered(app: App, asked: Entry) -> None:
    app.uninstall(actor=ANNA, now=LATER)
    with pytest.raises(QuestionClosed, match="closed without an answer: anna uninstalled the app"):
        say(asked, YES)


def test_a_question_of_a_deleted_app_is_not_answered(app: App, asked: Entry) -> None:
    Entry.objects.all().delete()
    with pytest.raises(QuestionClosed, match="not there any more"):
        say(asked, YES)


def test_a_question_whose_run_is_gone_can_be_answered(app: App, asked: Entry) -> None:
    Run.objects.all().delete()
    run = say(asked, YES)
    assert run
    assert run.parent_run_id is None


def test_dismissing_closes_the_question_and_is_recorded(app: App, asked: Entry) -> None:
    drop(asked)
    stored = Entry.objects.get()
    assert (stored.closed_at, stored.user_response, stored.decided_by) == (LATER, None, "person:anna")
    assert stored.content["resolution"] == {"reason": "dismissed", "at": to_ms(LATER)}
    assert AuditEntry.objects.get(verb="question.dismiss").object_id == asked.pk
    app.refresh_from_db()
    assert app.status == "active"


def test_the_run_of_a_dismissed_question_says_who_ended_it(asked: Entry) -> None:
    drop(asked)
    run = Run.objects.get()
    assert (run.status, run.error_message) == ("cancelled", "Its question was dismissed by anna.")


def test_dismissing_twice_is_harmless(asked: Entry) -> None:
    drop(asked)
    drop(asked, actor=BEN)
    assert Entry.objects.get().decided_by == "person:anna"


def test_an_answered_question_is_not_dismissed_and_a_dismissed_one_not_answered(app: App) -> None:
    answered, dismissed = ask(app), ask(app)
    say(answered, YES)
    drop(dismissed)
    with pytest.raises(AlreadyAnswered, match="anna answered"):
        drop(answered, actor=BEN)
    with pytest.raises(QuestionClosed, match="dismissed by anna"):
        say(dismissed, YES, actor=BEN)


def test_an_uninstall_closes_the_questions_and_the_runs_that_wait(app: App, asked: Entry) -> None:
    app.uninstall(actor=ANNA, now=LATER)
    stored, run = Entry.objects.get(), Run.objects.get()
    assert stored.content["resolution"]["reason"] == "task_closed"
    assert (run.status, run.error_message) == ("cancelled", "Cancelled: anna uninstalled the app.")


def test_a_pause_and_a_resume_keep_the_questions(app: App, asked: Entry) -> None:
    app.pause(actor=ANNA, now=LATER)
    app.resume(actor=ANNA, now=LATER)
    assert Entry.objects.open().get() == asked


def test_a_run_that_is_cancelled_asks_nobody_any_more(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    asked = make_question(app, run=run)
    settle(run, End(Status.CANCELLED, None, "Cancelled by anna."), LATER)
    with pytest.raises(QuestionClosed, match=r"closed without an answer: Cancelled by anna\."):
        say(asked, YES)


def test_every_question_without_an_answer_is_named(app: App) -> None:
    asked = ask(app, questions=[*TWO, {"question": "When?"}, {"question": "Where?"}])
    with pytest.raises(AnswerRefused, match=r"^Questions 1, 3 and 4 have no answer\.") as refused:
        say(asked, Answer(" "), Answer(text="Two"), Answer(text="\n"))
    assert refused.value.numbers == (0, 2, 3)
