"""Single runs on the page of when an app runs: asked for, counted down, cancelled, over with their run."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client

from app_manager.jobs import once_jobs_of
from app_manager.models import App
from halo_site.models import AuditEntry
from scheduler import registry
from scheduler.models import Job, Slot
from scheduler.registry import Trace
from tests.app_manager.factories import NINE, TESTER, install_app

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def app(db: None, time_machine) -> App:
    time_machine.move_to(NINE, tick=False)
    return install_app()


def ask(browser: Client, app: App, **changes: str):
    given = {
        "form": str(uuid4()), "date": "2026-11-23", "time": "18:00", "timezone": "Asia/Shanghai",
        "text": "Say hello.", "overlap": "queue_one",
    }  # fmt: skip
    return browser.post(f"/apps/{app.pk}/schedule/once/", {**given, **changes}, follow=True)


def page(browser: Client, app: App) -> str:
    return browser.get(f"/apps/{app.pk}/schedule/").content.decode()


def single(app: App) -> Job:
    return once_jobs_of(app).get()


def test_it_is_asked_for_in_a_zone_and_counted_down(operator_client, app):
    text = ask(operator_client, app).content.decode()
    assert "It runs once, 23 Nov 2026, 10:00:00 UTC (in 1 h)." in text
    assert (single(app).next_run_at, single(app).metadata["once"]["zone"]) == (TEN, "Asia/Shanghai")
    for words in ("Mon 23 Nov 2026, 18:00:00", "+08:00", "Say hello.", "asked for by operator", "To come"):
        assert words in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"date": "2026-11-22"}, "This time has passed already."),
        ({"time": "17:00"}, "This time has passed already."),
        ({"date": ""}, "This field is required."),
        ({"date": "31.2."}, "Enter a valid date."),
        ({"date": "2026-02-31"}, "Enter a valid date."),
        ({"timezone": "Mars/Base"}, "is not known"),
        ({"date": "2027-03-28", "time": "02:30", "timezone": "Europe/Berlin"}, "there is no 02:30"),
        ({"date": "9999-12-31", "time": "23:00", "timezone": "America/Los_Angeles"}, "outside the years"),
        ({"overlap": "all"}, "all"),
        ({"form": "x"}, "not one of ours"),
        ({"text": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_what_cannot_be_is_refused_and_kept_in_the_form(operator_client, app, changes, words):
    answer = ask(operator_client, app, **changes)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert "Say hello." in answer.content.decode() or "text" in changes
    assert not once_jobs_of(app).exists()


def test_the_same_form_twice_asks_once(operator_client, app):
    form = str(uuid4())
    ask(operator_client, app, form=form)
    ask(operator_client, app, form=form)
    assert AuditEntry.objects.filter(verb="run_once_at", actor="person:operator").count() == 1


def test_the_same_form_twice_says_the_same(operator_client, app):
    form = str(uuid4())
    words = "It runs once, 23 Nov 2026, 10:00:00 UTC (in 1 h)."
    assert words in ask(operator_client, app, form=form).content.decode()
    assert words in ask(operator_client, app, form=form).content.decode()


@pytest.mark.parametrize(
    "changes",
    [{"date": "2026-11-24"}, {"text": "Say goodbye."}, {"overlap": "skip"}, {"timezone": "Asia/Singapore"}],
)
def test_the_same_form_with_other_wishes_is_refused_and_kept(operator_client, app, changes):
    form = str(uuid4())
    ask(operator_client, app, form=form)
    answer = ask(operator_client, app, form=form, **changes)
    text = answer.content.decode()
    assert (answer.status_code, "sent before with another time or task" in text) == (409, True)
    assert "It runs once" not in text
    assert next(iter(changes.values())) in text
    assert (single(app).next_run_at, single(app).metadata["once"]["text"]) == (TEN, "Say hello.")
    assert f'value="{form}"' not in text  # so that it can be sent as another one


def test_the_same_form_after_its_run_was_cancelled_says_so(operator_client, app):
    form = str(uuid4())
    ask(operator_client, app, form=form)
    operator_client.post(f"/apps/{app.pk}/schedule/once/cancel/", {"single": single(app).pk})
    answer = ask(operator_client, app, form=form)
    text = answer.content.decode()
    assert (answer.status_code, "its run was cancelled by operator" in text) == (409, True)
    assert not single(app).enabled


def test_the_schedule_says_who_asked_for_it(operator_client, app):
    Job.objects.all().delete()
    ask(operator_client, app)
    for address in ("/schedule/", f"/schedule/{single(app).pk}/"):
        text = operator_client.get(address).content.decode()
        assert "asked for by operator" in text
        assert "on by" not in text


def test_a_long_task_is_shortened_in_the_list(operator_client, app):
    ask(operator_client, app, text="Read " * 1000)
    text = page(operator_client, app)
    assert "Read Read" in text
    assert "Read " * 60 not in text


def test_it_is_cancelled_and_says_by_whom(operator_client, app):
    ask(operator_client, app)
    given = {"single": single(app).pk}
    answer = operator_client.post(f"/apps/{app.pk}/schedule/once/cancel/", given, follow=True)
    text = answer.content.decode()
    assert "Cancelled. It does not run." in text
    assert "cancelled by operator" in text
    assert AuditEntry.objects.filter(verb="cancel_single", actor="person:operator").count() == 1


def test_what_would_keep_it_from_running_is_said(operator_client, app):
    app.pause(actor=TESTER, now=NINE)
    text = ask(operator_client, app).content.decode()
    assert "The app is paused: this run is skipped unless it is resumed by then." in text


def test_one_that_is_not_there_is_said(operator_client, app):
    answer = operator_client.post(f"/apps/{app.pk}/schedule/once/cancel/", {"single": "x"}, follow=True)
    assert "There is no such run to come." in answer.content.decode()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"verdict": "ran", "metadata": {"runId": "r-1"}}, ("Started", "/runs/r-1/")),
        ({"verdict": "ran", "outcome": "useful", "metadata": {"runId": "r-1"}}, ("Useful", "/runs/r-1/")),
        ({"verdict": "ran", "outcome": "error", "error": "It broke."}, ("Failed", "It broke.")),
        (
            {"verdict": "skipped", "reason": "paused", "metadata": {"words": "it is paused"}},
            ("Skipped", "it is paused"),
        ),
    ],
)
def test_what_became_of_it_stays_listed_with_its_run(operator_client, app, facts, words):
    ask(operator_client, app)
    Slot.objects.create(job=single(app), due_at=TEN, **facts)
    Job.objects.filter(pk=single(app).pk).update(enabled=False)
    text = page(operator_client, app)
    assert [each for each in words if each not in text] == []
    assert "/schedule/once/cancel/" not in text


def test_its_run_is_told_of_as_those_who_run_apps_do(operator_client, app, monkeypatch):
    told = Trace("Cancelled", "quiet", "cross", "r-1", "/runs/of-its-own/")
    tracers = {"app": lambda slots: {slot.pk: told for slot in slots}}
    monkeypatch.setattr(registry, "_tracers", tracers)
    ask(operator_client, app)
    Slot.objects.create(job=single(app), due_at=TEN, verdict="ran", outcome="useful")
    text = page(operator_client, app)
    assert "/runs/of-its-own/" in text
    assert "Cancelled" in text
    assert "Useful" not in text


def test_one_whose_time_passed_while_its_app_was_uninstalled_says_so(operator_client, app):
    ask(operator_client, app)
    app.uninstall(actor=TESTER, now=NINE)
    assert "its app was uninstalled when its time came" in page(operator_client, app)


def test_it_is_the_next_time_of_the_app_on_every_page_of_it(operator_client, app):
    ask(operator_client, app)
    text = operator_client.get(f"/apps/{app.pk}/config/").content.decode()
    assert "daily at 09:00 · 1 single run</span>" in text
    assert "in 1 h" in text


def test_the_list_looks_again_by_itself_as_a_part_of_the_page(operator_client, app):
    ask(operator_client, app)
    part = operator_client.get(f"/apps/{app.pk}/schedule/", headers={"HX-Request": "true"}).content.decode()
    assert "Say hello." in part
    assert "<html" not in part


def test_a_text_is_escaped(operator_client, app):
    ask(operator_client, app, text="<script>alert(1)</script>")
    assert "<script>alert" not in page(operator_client, app)


def test_what_a_stranger_wrote_does_not_stop_the_page(operator_client, app):
    ask(operator_client, app)
    for schedule in ({"kind": "moon"}, {"kind": "once", "once": "soon"}, {}, []):
        for metadata in ({"appId": app.pk, "once": {"zone": 7, "text": 7, "by": 7}}, {"once": 7}, None):
            Job.objects.filter(pk=single(app).pk).update(schedule=schedule, metadata=metadata)
            assert "Single runs" in page(operator_client, app)


def test_the_page_of_an_app_whose_job_is_gone_shows(operator_client, app):
    Job.objects.all().delete()
    assert "Its job is gone" in page(operator_client, app)
