"""What somebody else wrote into a row takes down no page, no sweep and no worker."""

import pytest

from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.models import Entry, Run
from app_runtime.sweeping import sweep_runs
from halo_site import audit
from tests.app_manager.factories import install_app
from tests.conftest import BEGINNING

pytestmark = pytest.mark.django_db
PAGES = ("/", "/apps/", "/runs/", "/apps/{app}/", "/apps/{app}/runs/", "/runs/{run}/")


def put_run(app, **changes) -> Run:
    facts = {"status": "ok", "trigger_type": "manual", "session_key": "s", "outcome": "useful"}
    return Run.objects.create(app=app, queued_at=BEGINNING, started_at=BEGINNING, **{**facts, **changes})


@pytest.mark.parametrize("content", [[], "x", None, 5, {"deadlineAt": 10**18 - 1}, {"questions": [1, "x"]}])
@pytest.mark.parametrize("kind", ["escalation", "run_complete"])
def test_an_entry_of_another_shape_is_shown_as_far_as_it_goes(operator_client, kind, content):
    app = install_app()
    run = put_run(app)
    Entry.objects.create(app=app, run_id=run.pk, type=kind, ts=BEGINNING, content=content or [])
    for page in PAGES:
        assert operator_client.get(page.format(app=app.pk, run=run.pk)).status_code == 200, page


@pytest.mark.parametrize("change", [{"status": "dreaming"}, {"outcome": "odd"}, {"delivery": "by owl"}])
def test_a_word_of_a_later_version_is_shown_as_it_is(operator_client, change):
    app = install_app()
    run = put_run(app, **change)
    for page in PAGES:
        assert operator_client.get(page.format(app=app.pk, run=run.pk)).status_code == 200, page


def test_a_deadline_that_is_no_moment_stops_no_sweep():
    app = install_app()
    content = {"summary": "?", "deadlineAt": -999_999_999_999_999_999}
    Entry.objects.create(app=app, run_id="gone", type="escalation", ts=BEGINNING, content=content)
    sweep_runs(BEGINNING)
    assert Entry.objects.open().count() == 1


def test_a_queued_run_of_an_app_that_was_uninstalled_does_not_start():
    app = install_app()
    run = trigger(app, audit.command("test"), BEGINNING)
    type(app).objects.update(status="uninstalled")
    worker.execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_message) == ("cancelled", "Not started: it is uninstalled.")


def test_the_admin_runs_no_patterns_of_strangers(operator_client):
    put_run(install_app(), error_message="a" * 34 + "!")
    answer = operator_client.get("/admin/app_runtime/run/?error_message__regex=(a%2B)%2B%24")
    assert answer.status_code in {302, 400}
