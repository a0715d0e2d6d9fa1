"""What a subscription says of itself reaches the job and the run: overlap, missed times, zone and task."""

from typing import Any

import pytest

from app_manager.jobs import put_jobs
from app_manager.models import App
from app_manager.spec_updates import update_spec
from app_runtime import worker
from app_runtime.models import Run
from app_runtime.prompt import briefing
from app_runtime.settlement import End, record_end
from app_runtime.statuses import Outcome, Status, Trigger
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.app_runtime.conftest import ticking
from tests.factories import NINE, SECOND, TESTER, make_app, make_run

pytestmark = pytest.mark.django_db
DUE = NINE + 10 * SECOND
OFTEN = {"type": "schedule", "config": {"every": "10s"}}


def app_that(**says: str) -> App:
    return make_app(subscriptions=[{"id": "often", "source": OFTEN, **says}])


def metadata() -> dict[str, Any]:
    return Job.objects.get().metadata or {}


def told(run: Run) -> str:
    return briefing(run, memory="", tools=(), now=NINE).message


def test_the_job_knows_both_policies_of_the_spec(db: None) -> None:
    app_that(missed="skip", overlap="queue_one")
    assert metadata().items() >= {"missed": "skip", "overlap": "queue_one"}.items()


def test_with_queue_one_a_due_time_waits_for_the_run_that_is_going(db: None) -> None:
    make_run(app_that(overlap="queue_one"), Status.RUNNING)
    run_once(DUE)
    assert Slot.objects.get().verdict == "ran"
    assert Run.objects.queued().get().trigger_type == Trigger.SCHEDULE


def test_with_queue_one_only_one_waits_and_the_next_time_names_it(db: None) -> None:
    make_run(app_that(overlap="queue_one"), Status.RUNNING)
    run_once(DUE)
    run_once(DUE + 10 * SECOND)
    waiting, slot = Run.objects.queued().get(), Slot.objects.newest_first()[0]
    assert (slot.verdict, slot.reason) == ("skipped", "overlap")
    assert slot.words == f"run {waiting.short_id} of this app was still waiting to start"


def test_the_run_that_waited_starts_when_the_one_before_has_ended(db: None) -> None:
    app = app_that(overlap="queue_one")
    going = make_run(app, Status.RUNNING)
    run_once(DUE)
    assert worker.work_on_next(ticking(DUE))  # its turn comes too early, and is over
    record_end(going, End(Status.OK, Outcome.USEFUL), DUE + SECOND, going.held())
    assert worker.work_on_next(ticking(DUE + SECOND))
    assert not Run.objects.unfinished().exists()


def test_a_job_from_before_jobs_knew_it_is_as_the_spec_says(db: None) -> None:
    make_run(app_that(overlap="queue_one"), Status.RUNNING)
    Job.objects.update(metadata={key: value for key, value in metadata().items() if key != "overlap"})
    run_once(DUE)
    assert Slot.objects.get().verdict == "ran"


def test_what_a_person_set_beats_the_spec(db: None) -> None:
    app = app_that(overlap="queue_one", missed="skip")
    App.objects.update(user_overrides={"policies": {"often": {"overlap": "skip", "missed": "run_once"}}})
    put_jobs(App.objects.get(), NINE)
    assert metadata().items() >= {"missed": "run_once", "overlap": "skip"}.items()
    make_run(app, Status.RUNNING)
    run_once(DUE)
    assert Slot.objects.get().reason == "overlap"


@pytest.mark.parametrize("odd", [7, {"often": 7}, {"often": {"overlap": "all", "missed": ["skip"]}}])
def test_an_odd_policy_of_a_stranger_is_none(db: None, odd: object) -> None:
    app_that(overlap="queue_one")
    App.objects.update(user_overrides={"policies": odd})
    put_jobs(App.objects.get(), NINE)
    assert metadata().items() >= {"missed": "run_once", "overlap": "queue_one"}.items()


def test_the_zone_of_the_spec_is_the_jobs(db: None) -> None:
    source = {"type": "schedule", "config": {"cron": "0 9 * * *"}}
    make_app(subscriptions=[{"id": "morning", "source": source, "timezone": "Asia/Shanghai"}])
    assert Job.objects.get().schedule["timezone"] == "Asia/Shanghai"


def test_the_task_of_a_subscription_is_told_to_its_runs_only(db: None) -> None:
    app = app_that(prompt="Look at the toasters.")
    run_once(DUE)
    assert "## Instructions\n\nLook at the toasters." in told(Run.objects.get())
    assert "toasters" not in told(make_run(app, Status.OK))


def test_policies_of_a_subscription_that_goes_go_with_it(db: None) -> None:
    app = app_that()
    App.objects.update(user_overrides={"policies": {"often": {"missed": "skip"}}})
    app.refresh_from_db()
    text = app.written_spec.replace("id: often", "id: seldom")
    update_spec(app, text, base=app.spec_digest, granted=(), denied=(), actor=TESTER, now=NINE)
    assert App.objects.get().user_overrides == {}
