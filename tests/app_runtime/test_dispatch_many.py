"""Many due times at once end as each of them would alone, and in a few statements."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from app_manager.models import App
from app_runtime import admission, dispatch_many
from app_runtime.admission import JUDGED, LetRun, refusal_of_state
from app_runtime.models import Run
from app_runtime.statuses import Status, Trigger
from halo_site.store.statements import made
from scheduler import registry
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.factories import NINE, SECOND, make_app, make_run, set_status

pytestmark = pytest.mark.django_db
DUE = NINE + 10 * SECOND
OFTEN = {"type": "schedule", "config": {"every": "10s"}}
OWN = {"run_id", "session_key", "task_id", "app", "trigger_data", "id", "args_kwargs", "enqueued_at"}


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has the clock ask for each job by itself from now on."""
    return lambda: monkeypatch.setattr(registry, "_handlers_of_many", {})


def ended() -> list[tuple[str, str, str, str]]:
    slots = Slot.objects.select_related("job").order_by("job__name", "due_at")
    return [(slot.job.name, slot.verdict, slot.reason, slot.words) for slot in slots]


def columns(row: Any) -> dict[str, Any]:
    return {
        field.name: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in OWN
    }


def test_a_run_and_its_task_are_the_same_rows_as_if_it_were_alone(alone: Callable[[], None]) -> None:
    apps = [make_app("One Watch"), make_app("Two Watch")]
    run_once(DUE)
    together = {run.app_id: run for run in Run.objects.all()}
    tasks = {str(task.pk): task for task in DBTaskResult.objects.ready()}
    assert tasks.keys() == {run.task_id for run in together.values()}
    alone()
    third = make_app("Three Watch")
    run_once(NINE + 20 * SECOND)
    run = Run.objects.get(app=third)
    task = DBTaskResult.objects.get(pk=run.task_id)
    for app in apps:
        one = together[app.pk]
        assert columns(one) | {"queued_at": 0, "started_at": 0} == columns(run) | {
            "queued_at": 0,
            "started_at": 0,
        }
        assert one.trigger_data.keys() == run.trigger_data.keys()
        assert one.session_key == f"app-run-{one.run_id[:8]}"
        assert columns(tasks[one.task_id]) == columns(task)
        assert tasks[one.task_id].args_kwargs == {"args": [one.run_id], "kwargs": {}}


def every_kind_of_app() -> None:
    make_app("Fine Watch")
    set_status(make_app("Paused Watch"), "paused")
    set_status(make_app("Waiting Watch"), "waiting_user")
    make_app("Bare Watch", config_schema=[{"key": "page", "label": "Page", "type": "url", "required": True}])
    make_run(make_app("Busy Watch"), Status.RUNNING, run_id="busy-run")
    App.objects.filter(pk=make_app("Odd Watch").pk).update(spec={"name": 3})
    Job.objects.filter(pk__startswith=make_app("Lost Watch").pk).update(metadata=None)
    Job.objects.filter(pk__startswith=make_app("Strange Watch").pk).update(metadata=["x"])
    make_app("Gone Watch").delete()
    twice = [{"id": name, "source": OFTEN} for name in ("a", "b")]
    make_app("Twice Watch", subscriptions=twice)


def test_whatever_an_app_is_like_the_verdict_is_that_of_one_alone(alone: Callable[[], None]) -> None:
    every_kind_of_app()
    run_once(DUE)
    together = [(name, verdict, reason) for name, verdict, reason, _ in ended()]
    Slot.objects.all().delete()
    Run.objects.filter(status=Status.QUEUED).delete()
    Job.objects.filter(next_run_at__gt=DUE).update(next_run_at=DUE)
    alone()
    run_once(DUE)
    assert [(name, verdict, reason) for name, verdict, reason, _ in ended()] == together
    assert {verdict for _, verdict, _ in together} == {"ran", "skipped"}


REQUIRED = {"key": "page", "label": "Page", "type": "url", "required": True}
SINCE_THEN: dict[str, Callable[[App], dict[str, Any]]] = {
    "paused": lambda app: {"status": "paused"},
    "of another type": lambda app: {"spec": {**app.spec, "type": "skill"}},
    "not readable": lambda app: {"spec": {"name": 3}},
    "in need of a value": lambda app: {"spec": {**app.spec, "config_schema": [REQUIRED]}},
    "with odd values": lambda app: {"user_config": ["x"]},
    "with odd changes": lambda app: {"user_overrides": 3},
    "with odd rights": lambda app: {"permissions": "all"},
}


@pytest.mark.parametrize("change", SINCE_THEN.values(), ids=SINCE_THEN)
def test_an_app_that_was_let_run_is_judged_anew_once_it_has_changed(
    change: Callable[[App], dict[str, Any]],
) -> None:
    app, _other = make_app("One Watch"), make_app("Two Watch")
    run_once(DUE)
    Run.objects.all().delete()
    App.objects.filter(pk=app.pk).update(**change(app))
    run_once(NINE + 20 * SECOND)
    assert [(name, verdict) for name, verdict, _, _ in ended()] == [
        ("One Watch - often", "ran"),
        ("One Watch - often", "skipped"),
        ("Two Watch - often", "ran"),
        ("Two Watch - often", "ran"),
    ]
    assert not Run.objects.for_app(app).exists()


def test_an_app_that_reads_as_it_did_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make_app("One Watch")
    make_app("Two Watch")
    run_once(DUE)
    Run.objects.all().delete()
    judged: list[App] = []
    monkeypatch.setattr(dispatch_many, "refusal_of_due", lambda app, *_given: judged.append(app))
    assert run_once(NINE + 20 * SECOND).dispatched == 2
    assert judged == []


def test_of_apps_that_read_alike_one_is_judged() -> None:
    rows = [("1", "one", "active", "{}"), ("2", "two", "active", "{}"), ("3", "one", "paused", "{}")]
    let_run = LetRun()
    let_run.note(rows[0])
    assert [let_run.knows(row) for row in rows] == [True, True, False]


def test_what_is_remembered_of_apps_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MOST_KNOWN", 22)  # characters: two of these rows
    let_run = LetRun()
    rows = [("1", "one", "active", str(number)) for number in range(3)]
    for row in (rows[0], rows[1], rows[1]):  # what is known already counts once
        let_run.note(row)
    assert [let_run.knows(row) for row in rows] == [True, True, False]
    let_run.note(rows[2])
    assert [let_run.knows(row) for row in rows] == [False, False, True]


def test_the_columns_that_are_kept_are_all_that_decide() -> None:
    app = make_app("Bare Watch", config_schema=[REQUIRED])
    (row,) = dispatch_many.APPS.rows([app.pk])
    found = made(App, JUDGED, row)
    with CaptureQueriesContext(connection) as captured:
        assert refusal_of_state(found, automatic=True) == refusal_of_state(app, automatic=True)
    assert len(captured) == 0
    assert found.get_deferred_fields().isdisjoint(JUDGED)


def test_of_two_jobs_of_one_app_the_second_names_the_run_of_the_first() -> None:
    make_app("Twice Watch", subscriptions=[{"id": name, "source": OFTEN} for name in ("a", "b")])
    run_once(DUE)
    run = Run.objects.get()
    assert ended() == [
        ("Twice Watch - a", "ran", "", ""),
        (
            "Twice Watch - b",
            "skipped",
            "overlap",
            f"run {run.short_id} of this app was still waiting to start",
        ),
    ]


def test_more_jobs_take_no_more_statements() -> None:
    def statements(number: int) -> int:
        for place in range(number):
            make_app(f"Watch {App.objects.count()} {place}")
        now = max(Job.objects.values_list("next_run_at", flat=True))
        Run.objects.all().delete()
        Job.objects.update(next_run_at=now)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert run_once(now).dispatched == App.objects.count()
        return len(captured)

    assert statements(3) == statements(9)


def test_where_somebody_is_faster_with_one_app_the_others_have_their_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run of another process appears between look and insert: the index refuses a second one."""
    apps = [make_app("One Watch"), make_app("Two Watch")]
    insert = dispatch_many._insert

    def late(runs: list[Run], now: object) -> None:
        make_run(apps[0], Status.QUEUED, trigger_type=Trigger.EVENT)  # goes with the savepoint
        insert(runs, now)

    monkeypatch.setattr(dispatch_many, "_insert", late)
    run_once(DUE)
    assert {run.app_id for run in Run.objects.all()} == {app.pk for app in apps}
    assert Slot.objects.filter(verdict="ran").count() == Run.objects.count() == 2


FREE, WAITS = "free", "waits"
GOING = [
    (Trigger.MANUAL, Status.RUNNING),
    (Trigger.SCHEDULE, Status.RUNNING),
    (Trigger.EVENT, Status.RUNNING),
    (Trigger.ESCALATION_FOLLOWUP, Status.RUNNING),
    (Trigger.MANUAL, Status.QUEUED),
    (Trigger.SCHEDULE, Status.QUEUED),
    (Trigger.EVENT, Status.QUEUED),
    (Trigger.ESCALATION_FOLLOWUP, Status.QUEUED),
]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("policy", ["skip", "queue_one"])
@pytest.mark.parametrize(("kind", "status"), GOING)
def test_what_a_due_time_does_beside_each_kind_of_run(
    alone: Callable[[], None], kind: str, status: str, policy: str, together: bool
) -> None:
    """BEHAVIOUR: skip; queue one: it waits for whatever goes on, unless an automatic run waits already."""
    app = make_app(subscriptions=[{"id": "often", "source": OFTEN, "overlap": policy}])
    make_app("Other Watch")
    make_run(app, status, trigger_type=kind)
    if not together:
        alone()
    run_once(DUE)
    slot = Slot.objects.get(job__name__startswith="Kettle")
    automatic_waits = status == Status.QUEUED and kind in (Trigger.SCHEDULE, Trigger.EVENT)
    waits = policy == "queue_one" and not automatic_waits
    assert (slot.verdict, slot.reason) == (("ran", "") if waits else ("skipped", "overlap"))
    assert Run.objects.for_app(app).count() == 1 + waits
