import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from app_manager.models import App
from app_runtime.management.commands import trigger_app
from app_runtime.models import Run
from app_runtime.statuses import Status
from app_runtime.wire import run_record
from halo_site.models import Heartbeat
from halo_site.store.fields import to_ms
from tests.app_runtime.engines import ScriptedEngine, report
from tests.factories import NINE, make_run, set_status

pytestmark = pytest.mark.django_db
Scripted = Callable[..., ScriptedEngine]


def output_of(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_it_queues_a_run_and_prints_its_id(app: App) -> None:
    run_id = output_of("trigger_app", app.pk)
    run = Run.objects.get()
    assert (run.run_id, run.status, run.trigger_data) == (run_id, "queued", {"by": "command:trigger_app"})


def test_without_a_worker_it_works_on_the_run_itself(app: App, scripted: Scripted) -> None:
    scripted(report())
    printed = json.loads(output_of("trigger_app", app.pk, "--wait"))
    assert (printed["status"], printed["outcome"], printed["engine"]) == ("ok", "useful", "scripted")
    assert [entry["type"] for entry in printed["entries"]] == ["run_complete"]


def test_what_it_prints_is_the_record_of_the_run(app: App, scripted: Scripted) -> None:
    scripted(report())
    printed = json.loads(output_of("trigger_app", app.pk, "--wait"))
    run = Run.objects.select_related("app").get()
    assert printed == json.loads(run_record(run).model_dump_json())
    for name in ("run_id", "app_id", "session_key", "status", "delivery", "trigger_type", "step_count"):
        assert printed[name] == getattr(run, name)
    assert printed["started_at"] == to_ms(run.started_at)
    assert printed["tokens_used"] is None


def test_a_heartbeat_that_is_old_is_no_worker(app: App, scripted: Scripted) -> None:
    Heartbeat.beat("worker", timezone.now() - 11 * trigger_app.timedelta(seconds=1))
    scripted(report())
    assert json.loads(output_of("trigger_app", app.pk, "--wait"))["status"] == "ok"


def test_with_a_living_worker_it_waits_for_it(
    app: App, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    Heartbeat.beat("worker", timezone.now())
    engine = scripted(report())

    def worker_ends_it(seconds: float) -> None:
        Run.objects.update(status=Status.OK, outcome="noop", engine="of the worker")

    monkeypatch.setattr(trigger_app.time, "sleep", worker_ends_it)
    assert json.loads(output_of("trigger_app", app.pk, "--wait"))["engine"] == "of the worker"
    assert engine.heard == []


def test_a_run_that_fails_is_printed_with_its_reason(app: App, scripted: Scripted) -> None:
    scripted(RuntimeError("no kettle"))
    printed = json.loads(output_of("trigger_app", app.pk, "--wait"))
    assert (printed["status"], printed["error_message"]) == ("error", "RuntimeError: no kettle")


def test_a_run_whose_worker_dies_meanwhile_is_settled_and_printed(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    Heartbeat.beat("worker", timezone.now())

    def worker_dies(seconds: float) -> None:
        Heartbeat.objects.all().delete()
        Run.objects.update(status=Status.RUNNING, worker="dead", step_count=1, lease_until=NINE)

    monkeypatch.setattr(trigger_app.time, "sleep", worker_dies)
    printed = json.loads(output_of("trigger_app", app.pk, "--wait"))
    assert printed["error_message"].startswith("interrupted: ")


def test_an_unknown_id_is_one_clear_line(db: None) -> None:
    with pytest.raises(CommandError, match=r"^There is no app with the id nothing\.$"):
        output_of("trigger_app", "nothing")


def test_an_app_that_cannot_run_is_one_clear_line(app: App) -> None:
    set_status(app, "uninstalled")
    with pytest.raises(CommandError, match=r"^Kettle Watch cannot run: it is uninstalled\.$"):
        output_of("trigger_app", app.pk)


def test_a_run_under_way_is_named(app: App) -> None:
    busy = make_run(app, Status.RUNNING)
    with pytest.raises(CommandError, match=f"Run {busy.short_id} of Kettle Watch is running"):
        output_of("trigger_app", app.pk)


@pytest.mark.django_db(transaction=True)
def test_run_worker_once_works_off_what_is_queued(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app_runtime.management.commands import run_worker
    from tests.factories import make_app

    monkeypatch.setattr(run_worker.signal, "signal", lambda *_: None)
    scripted(report())
    app_id = make_app().pk
    output_of("trigger_app", app_id)
    assert output_of("run_worker", "--once") == "1 runs ended"
    assert Run.objects.get().status == "ok"
