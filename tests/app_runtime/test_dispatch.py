import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from app_manager.models import App
from app_runtime.dispatch import trigger
from app_runtime.exceptions import AlreadyRunning, NotRunnable
from app_runtime.models import Run
from app_runtime.statuses import Status, Trigger
from halo_site.store.fields import to_ms
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.factories import NINE, SECOND, TESTER, make_app, make_run, set_status
from tests.scheduler.test_two_clocks import in_threads

pytestmark = pytest.mark.django_db
DUE = NINE + 10 * SECOND


def slot() -> Slot:
    return Slot.objects.get(due_at=DUE)


def test_a_due_slot_queues_a_run_that_names_its_job_and_time(app: App) -> None:
    run_once(DUE)
    run = Run.objects.get()
    assert (run.status, run.trigger_type, run.queued_at) == ("queued", "schedule", DUE)
    assert run.session_key == f"app-run-{run.run_id[:8]}"
    assert run.trigger_data == {"jobId": f"{app.pk}:often", "subscriptionId": "often", "dueAtMs": to_ms(DUE)}
    assert (slot().verdict, slot().metadata) == ("ran", {"runId": run.run_id})


def test_the_queued_run_has_a_task(app: App) -> None:
    run_once(DUE)
    task = DBTaskResult.objects.ready().get()
    assert Run.objects.get().task_id == str(task.pk)
    assert task.args_kwargs["args"] == [Run.objects.get().run_id]


@pytest.mark.parametrize(
    ("status", "words"),
    [(Status.QUEUED, "was still waiting to start"), (Status.RUNNING, "was still running")],
)
def test_a_slot_is_skipped_while_a_run_is_not_finished(app: App, status: str, words: str) -> None:
    busy = make_run(app, status)
    run_once(DUE)
    assert (slot().verdict, slot().reason) == ("skipped", "overlap")
    assert slot().words == f"run {busy.short_id} of this app {words}"
    assert Run.objects.count() == 1


def test_a_slot_of_a_paused_app_is_skipped_with_that_reason(app: App) -> None:
    set_status(app, "paused")
    run_once(DUE)
    assert (slot().verdict, slot().reason, slot().words) == ("skipped", "paused", "it is paused")
    assert Job.objects.get().enabled


def test_a_slot_of_an_app_that_lacks_a_value_names_it(db: None) -> None:
    make_app(config_schema=[{"key": "page", "label": "Page", "type": "url", "required": True}])
    run_once(DUE)
    assert slot().words == "it needs configuration: Page"


def test_a_slot_of_an_app_that_is_gone_says_so(app: App) -> None:
    app.delete()
    run_once(DUE)
    assert slot().words == "its app is not installed any more"


def test_a_job_without_metadata_is_skipped_too(app: App) -> None:
    Job.objects.update(metadata=None)
    run_once(DUE)
    assert slot().verdict == "skipped"


def test_a_spec_that_nobody_can_read_any_more_skips_its_own_slot_alone(app: App) -> None:
    make_app("Toaster Watch")
    App.objects.filter(pk=app.pk).update(spec={"name": 3})
    run_once(DUE)
    assert sorted(Slot.objects.values_list("verdict", flat=True)) == ["ran", "skipped"]
    assert "cannot be read" in Slot.objects.get(verdict="skipped").words
    assert Run.objects.count() == DBTaskResult.objects.count() == 1


def test_a_click_queues_a_run_by_hand(app: App) -> None:
    run = trigger(app, TESTER, NINE)
    assert (run.status, run.trigger_type, run.trigger_data) == ("queued", "manual", {"by": "system:tests"})
    assert DBTaskResult.objects.ready().count() == 1


def test_without_its_transaction_there_is_neither_run_nor_task(app: App) -> None:
    with transaction.atomic():
        trigger(app, TESTER, NINE)
        transaction.set_rollback(True)
    assert not Run.objects.exists()
    assert not DBTaskResult.objects.exists()


@pytest.mark.parametrize(
    ("status", "words"), [(Status.QUEUED, "is waiting to start"), (Status.RUNNING, "is running")]
)
def test_a_second_click_is_refused_and_names_the_run(app: App, status: str, words: str) -> None:
    busy = make_run(app, status)
    with pytest.raises(AlreadyRunning, match=rf"Run {busy.short_id} of Kettle Watch {words}\.") as refused:
        trigger(app, TESTER, NINE)
    assert refused.value.run == busy


def test_of_a_queued_and_a_running_run_the_running_one_is_named(app: App) -> None:
    make_run(app, Status.QUEUED, trigger_type=Trigger.SCHEDULE)
    running = make_run(app, Status.RUNNING)
    with pytest.raises(AlreadyRunning) as refused:
        trigger(app, TESTER, NINE)
    assert refused.value.run == running


def test_a_click_is_judged_by_the_status_of_this_moment_and_not_of_the_page(app: App) -> None:
    App.objects.filter(pk=app.pk).update(status="uninstalled")
    with pytest.raises(NotRunnable, match="it is uninstalled"):
        trigger(app, TESTER, NINE)


def test_a_click_on_an_app_that_was_removed_says_so(app: App) -> None:
    stale = App.objects.get()
    app.delete()
    with pytest.raises(NotRunnable, match="it was removed"):
        trigger(stale, TESTER, NINE)


@pytest.mark.django_db(transaction=True)
def test_of_eight_clicks_at_once_one_queues_a_run() -> None:
    app = make_app()
    refused: list[str] = []

    def click() -> None:
        try:
            trigger(app, TESTER, NINE)
        except AlreadyRunning as error:
            refused.append(error.run.pk)

    in_threads(click, 8)
    assert refused == [Run.objects.get().pk] * 7
    assert DBTaskResult.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_click_and_the_clock_at_once_leave_no_error_and_at_most_one_run_each() -> None:
    app = make_app()

    def click_or_tick(turn: str) -> None:
        if turn == "click":
            try:
                trigger(app, TESTER, DUE)
            except AlreadyRunning:
                return
        else:
            run_once(DUE)

    turns = iter(["click", "tick", "click", "tick"])
    in_threads(lambda: click_or_tick(next(turns)), 4)
    kinds = list(Run.objects.queued().values_list("trigger_type", flat=True))
    assert len(kinds) == len(set(kinds))
    assert slot().verdict in {"ran", "skipped"}
