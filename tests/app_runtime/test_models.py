from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from app_manager.models import App
from app_runtime.models import Entry, Run
from app_runtime.statuses import Status, Trigger
from tests.factories import MINUTE, NINE, SECOND, make_app, make_entry, make_question, make_run
from tests.scheduler.test_two_clocks import in_threads

pytestmark = pytest.mark.django_db
LEASE = 30 * SECOND


def test_an_app_has_at_most_one_running_run(app: App) -> None:
    make_run(app, Status.RUNNING)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_run(app, Status.RUNNING)


def test_another_app_may_run_meanwhile(app: App) -> None:
    make_run(app, Status.RUNNING)
    make_run(make_app("Toaster Watch"), Status.RUNNING)


@pytest.mark.parametrize("second", [Trigger.SCHEDULE, Trigger.EVENT])
def test_an_app_has_at_most_one_queued_automatic_run(app: App, second: Trigger) -> None:
    make_run(app, Status.QUEUED, trigger_type=Trigger.SCHEDULE)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_run(app, Status.QUEUED, trigger_type=second)


def test_follow_ups_of_answers_queue_beside_an_automatic_run(app: App) -> None:
    make_run(app, Status.QUEUED, trigger_type=Trigger.SCHEDULE)
    for _ in range(2):
        make_run(app, Status.QUEUED, trigger_type=Trigger.ESCALATION_FOLLOWUP)
    assert Run.objects.queued().count() == 3


def test_the_follow_up_of_an_answer_starts_first(app: App) -> None:
    make_run(app, Status.QUEUED, trigger_type=Trigger.SCHEDULE)
    answer = make_run(app, Status.QUEUED, at=NINE + MINUTE, trigger_type=Trigger.ESCALATION_FOLLOWUP)
    assert Run.objects.next_to_start().first() == answer


def test_a_claimed_run_is_its_workers_until_the_lease_ends(app: App) -> None:
    run = make_run(app, Status.QUEUED)
    assert run.claim("w1", "scripted", NINE + SECOND, LEASE)
    assert (run.status, run.worker, run.engine) == ("running", "w1", "scripted")
    assert run.started_at == run.heartbeat_at == NINE + SECOND
    assert not Run.objects.lost(NINE + SECOND + LEASE).exists()
    assert Run.objects.lost(NINE + 2 * SECOND + LEASE).exists()


def test_a_run_that_is_not_queued_cannot_be_claimed(app: App) -> None:
    run = make_run(app, Status.OK)
    assert not run.claim("w1", "scripted", NINE, LEASE)
    assert Run.objects.get().status == "ok"


def test_a_queued_run_cannot_be_claimed_while_another_of_its_app_runs(app: App) -> None:
    make_run(app, Status.RUNNING)
    queued = make_run(app, Status.QUEUED)
    assert not queued.claim("w1", "scripted", NINE, LEASE)
    assert Run.objects.get(pk=queued.pk).status == "queued"


def test_a_renewed_lease_lasts_longer(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    assert run.renew_lease(NINE + MINUTE, LEASE)
    assert not Run.objects.lost(NINE + MINUTE + LEASE).exists()


@pytest.mark.parametrize("change", [{"worker": "somebody else"}, {"status": Status.ERROR}])
def test_nothing_can_be_done_with_a_run_that_is_not_held_any_more(app: App, change: dict[str, str]) -> None:
    run = make_run(app, Status.RUNNING, step_count=0)
    Run.objects.update(**change)
    assert not run.renew_lease(NINE, LEASE)
    assert not run.start_step(NINE, LEASE)
    assert not run.keep()
    assert not run.requeue(NINE)
    assert Run.objects.get().step_count == 0


def test_a_step_is_counted_before_it_starts(app: App) -> None:
    run = make_run(app, Status.RUNNING, step_count=0)
    run.start_step(NINE + SECOND, LEASE)
    assert run.step_count == Run.objects.get().step_count == 1
    assert Run.objects.get().heartbeat_at == NINE + SECOND


def test_a_run_without_a_step_can_be_given_back(app: App) -> None:
    run = make_run(app, Status.RUNNING, step_count=0)
    assert run.requeue(NINE + MINUTE)
    stored = Run.objects.get()
    assert (stored.status, stored.worker, stored.lease_until) == ("queued", "", None)
    assert (stored.queued_at, stored.started_at) == (NINE, NINE + MINUTE)


def test_a_run_with_a_step_cannot_be_given_back(app: App) -> None:
    assert not make_run(app, Status.RUNNING, step_count=1).requeue(NINE)


def test_a_run_cannot_be_given_back_beside_another_queued_automatic_one(app: App) -> None:
    run = make_run(app, Status.RUNNING, step_count=0, trigger_type=Trigger.SCHEDULE)
    make_run(app, Status.QUEUED, trigger_type=Trigger.SCHEDULE)
    assert not run.requeue(NINE)
    assert Run.objects.running().get() == run


def test_a_question_is_open_until_it_is_answered_or_closed(app: App) -> None:
    open_one, answered, closed = (make_question(app) for _ in range(3))
    Entry.objects.filter(pk=answered.pk).update(user_response={"ts": 1, "choice": "Yes"})
    Entry.objects.filter(pk=closed.pk).update(closed_at=NINE)
    make_entry(app)
    assert list(Entry.objects.open()) == [open_one]
    assert [entry.is_open_question for entry in Entry.objects.questions().order_by("pk")].count(True) == 1


def test_a_question_has_its_documented_single_form_and_its_list(app: App) -> None:
    single = make_question(app)
    several = make_entry(
        app, "escalation", questions=[{"question": "Which?", "choices": ["A"]}, {"question": "Why?"}]
    )
    assert single.questions == [{"question": "Order now?", "choices": ["Yes", "No"]}]
    assert [item["question"] for item in several.questions] == ["Which?", "Why?"]


def test_the_summary_stands_for_a_missing_question(app: App) -> None:
    assert make_entry(app, "escalation").questions[0]["question"] == "The kettle costs 20."


@pytest.mark.parametrize("value", ["soon", None, [1], "1"])
def test_a_deadline_that_is_no_moment_is_none(app: App, value: object) -> None:
    assert make_entry(app, "escalation", deadlineAt=value).deadline is None


def test_deleting_an_app_takes_its_runs_and_entries(app: App) -> None:
    make_run(app)
    make_entry(app)
    app.delete()
    assert not Run.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_one_claims_a_run() -> None:
    run_id = make_run(make_app(), Status.QUEUED).pk
    won: list[str] = []

    def claim(name: str) -> None:
        if Run.objects.get(pk=run_id).claim(name, "scripted", NINE, LEASE):
            won.append(name)

    names = iter([f"w{number}" for number in range(8)])
    in_threads(lambda: claim(next(names)), 8)
    assert len(won) == 1
    assert Run.objects.get().worker == won[0]
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_of_eight_queued_runs_of_one_app_one_is_claimed_at_once() -> None:
    app = make_app()
    runs = [make_run(app, Status.QUEUED, at=NINE + timedelta(seconds=number)) for number in range(8)]
    waiting = iter(runs)
    in_threads(lambda: next(waiting).claim("w", "scripted", NINE, LEASE), 8)
    assert Run.objects.running().count() == 1
    assert Run.objects.queued().count() == 7
