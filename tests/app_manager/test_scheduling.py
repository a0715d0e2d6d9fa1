"""The verbs of when an app runs: its schedules with their policies, and single runs."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app_manager import scheduling
from app_manager.exceptions import ScheduleMoved, ScheduleRefused, StatusRefused
from app_manager.jobs import jobs_of, jobs_of_each, once_jobs_of
from app_manager.models import App
from app_manager.scheduling import Plan, Single, schedule_digest
from app_manager.spec_updates import update_spec
from halo_site.models import AuditEntry
from halo_site.store.fields import to_ms
from scheduler.models import Job, Slot
from scheduler.registry import owner_of
from tests.app_manager.factories import NINE, TESTER, install_app
from tests.app_manager.test_decisions import HOURLY, MORNING

pytestmark = pytest.mark.django_db
BY = {"actor": TESTER, "now": NINE}
TEN = NINE + timedelta(hours=1)


@pytest.fixture
def app(db):
    return install_app()


def plan(schedule=HOURLY, missed="run_once", overlap="skip"):
    return Plan(schedule, missed, overlap)


def job():
    return Job.objects.get(pk__endswith=":morning")


def single(at=TEN, **more):
    return Single(at, "UTC", **more)


def ask(app, at=TEN, *, form=None, **more):
    return app.run_once_at(form or str(uuid4()), single(at, **more), **BY)


def test_schedule_and_policies_are_stored_in_one_step_and_the_job_follows(app):
    assert app.change_schedule("morning", plan(missed="skip", overlap="queue_one"), **BY)
    assert App.objects.get().user_overrides == {
        "subscriptions": {"morning": HOURLY},
        "policies": {"morning": {"missed": "skip", "overlap": "queue_one"}},
    }
    assert job().schedule == HOURLY
    assert job().metadata.items() >= {"missed": "skip", "overlap": "queue_one"}.items()


def test_the_line_says_what_changed_and_nothing_else(app):
    app.change_schedule("morning", plan(MORNING, missed="skip"), **BY)
    line = AuditEntry.objects.get(verb="override_schedule")
    assert (line.summary, line.before, line.after) == ("morning", {"missed": "run_once"}, {"missed": "skip"})


def test_the_same_plan_again_changes_nothing(app):
    app.change_schedule("morning", plan(missed="skip"), **BY)
    assert not app.change_schedule("morning", plan(missed="skip"), **BY)
    assert AuditEntry.objects.filter(verb="override_schedule").count() == 1


def test_a_changed_policy_leaves_the_grid_of_the_job(app):
    before = job()
    app.change_schedule("morning", plan(MORNING, missed="skip"), actor=TESTER, now=TEN)
    assert (job().anchor_at, job().next_run_at) == (before.anchor_at, before.next_run_at)


def test_of_two_who_edit_the_second_is_told_and_changes_nothing(app):
    seen = schedule_digest(app, "morning")
    app.change_schedule("morning", plan(), **BY, base=seen)
    with pytest.raises(ScheduleMoved):
        app.change_schedule("morning", plan(missed="skip"), **BY, base=seen)
    assert App.objects.get().user_overrides == {"subscriptions": {"morning": HOURLY}}


def test_two_who_save_the_same_are_both_right(app):
    seen = schedule_digest(app, "morning")
    app.change_schedule("morning", plan(), **BY, base=seen)
    assert not app.change_schedule("morning", plan(), **BY, base=seen)


@pytest.mark.parametrize(
    ("part", "left"),
    [
        ("", {}),
        ("schedule", {"policies": {"morning": {"missed": "skip"}}}),
        ("missed", {"subscriptions": {"morning": HOURLY}}),
        ("overlap", {"subscriptions": {"morning": HOURLY}, "policies": {"morning": {"missed": "skip"}}}),
    ],
)
def test_each_part_goes_back_to_the_spec_by_itself_or_all_of_them(app, part, left):
    app.change_schedule("morning", plan(missed="skip"), **BY)
    assert app.reset_schedule("morning", part=part, **BY) == (part != "overlap")
    assert App.objects.get().user_overrides == left


def test_a_schedule_that_somebody_switched_off_stays_off_with_another_rule(app):
    job().disable("switched off by ada", NINE)
    app.change_schedule("morning", plan(), **BY)
    assert (job().schedule, job().enabled, job().disabled_reason) == (HOURLY, False, "switched off by ada")


def test_one_that_errors_switched_off_begins_anew_with_another_rule(app):
    job().disable("5 errors in a row", NINE)
    Job.objects.update(consecutive_errors=5)
    app.change_schedule("morning", plan(), **BY)
    assert (job().enabled, job().consecutive_errors) == (True, 0)


def test_one_that_errors_switched_off_stays_off_with_another_policy(app):
    job().disable("5 errors in a row", NINE)
    Job.objects.update(consecutive_errors=5)
    app.change_schedule("morning", plan(MORNING, missed="skip"), **BY)
    assert (job().enabled, job().disabled_reason) == (False, "5 errors in a row")


def test_a_single_run_is_a_job_of_its_own(app):
    asked = ask(app, text="Say hello.", overlap="skip")
    assert (asked.kind, asked.schedule) == ("app", {"kind": "once", "once": to_ms(TEN)})
    assert asked.metadata == {
        "appId": app.pk,
        "overlap": "skip",
        "once": {"by": "system:tests", "zone": "UTC", "text": "Say hello."},
    }
    assert (asked.enabled, asked.next_run_at) == (True, TEN)


def test_the_line_of_a_single_run_leaves_out_its_text(app):
    ask(app, text="A private matter.")
    line = AuditEntry.objects.get(verb="run_once_at")
    assert line.after == {"at": TEN.isoformat(), "zone": "UTC", "overlap": "queue_one"}


def test_the_same_form_twice_asks_for_one_run(app):
    form = str(uuid4())
    assert ask(app, form=form) == ask(app, form=form)
    assert once_jobs_of(app).count() == 1
    assert AuditEntry.objects.filter(verb="run_once_at").count() == 1


@pytest.mark.parametrize("at", [NINE, NINE - timedelta(seconds=1)])
def test_a_time_that_has_passed_is_refused(app, at):
    with pytest.raises(ScheduleRefused, match="has passed already"):
        ask(app, at)
    assert not once_jobs_of(app).exists()


def test_a_form_that_is_none_of_ours_is_refused(app):
    with pytest.raises(ScheduleRefused, match="not one of ours"):
        ask(app, form="morning")


def test_what_has_no_runs_has_no_single_ones(db):
    skill = install_app(type="skill", skill_content="# Tea", subscriptions=None, system_prompt=None)
    with pytest.raises(ScheduleRefused, match="it has no runs"):
        ask(skill)


def test_only_so_many_wait(app, monkeypatch):
    monkeypatch.setattr(scheduling, "MOST_TO_COME", 2)
    ask(app), ask(app)
    with pytest.raises(ScheduleRefused, match="Cancel one first"):
        ask(app)


def test_of_those_that_are_over_the_newest_are_kept(app, monkeypatch):
    monkeypatch.setattr(scheduling, "KEPT_DONE", 1)
    old = [ask(app), ask(app)]
    Job.objects.filter(pk__in=[each.pk for each in old]).update(enabled=False)
    coming = ask(app)
    assert once_jobs_of(app).count() == 2
    assert once_jobs_of(app).filter(pk=coming.pk).exists()


def test_a_single_run_can_be_cancelled_once(app):
    asked = ask(app)
    assert app.cancel_single(asked.pk, **BY)
    assert not app.cancel_single(asked.pk, **BY)
    asked.refresh_from_db()
    assert (asked.enabled, asked.disabled_reason) == (False, "cancelled by system:tests")
    assert AuditEntry.objects.filter(verb="cancel_single").count() == 1


def test_one_whose_time_came_is_not_cancelled_any_more(app):
    asked = ask(app)
    Slot.objects.create(job=asked, due_at=TEN, verdict="ran")
    with pytest.raises(ScheduleRefused, match="nothing left to cancel"):
        app.cancel_single(asked.pk, **BY)


def test_neither_a_schedule_nor_another_apps_run_is_cancelled_so(app):
    other = ask(install_app(name="Other Watch"))
    for key in (job_of(app).pk, other.pk, "none"):
        with pytest.raises(ScheduleRefused, match="no such run"):
            app.cancel_single(key, **BY)
    assert Job.objects.filter(enabled=True).count() == 3


def job_of(app):
    return Job.objects.get(pk=f"{app.pk}:morning")


def test_uninstalling_switches_single_runs_off_and_reinstalling_brings_those_to_come_back(app):
    coming, cancelled, passed = ask(app), ask(app), ask(app, NINE + timedelta(minutes=1))
    app.cancel_single(cancelled.pk, **BY)
    app.uninstall(**BY)
    assert not once_jobs_of(app).filter(enabled=True).exists()
    with pytest.raises(StatusRefused):
        ask(app)
    app.reinstall(actor=TESTER, now=NINE + timedelta(minutes=2))
    assert list(once_jobs_of(app).filter(enabled=True)) == [coming]
    assert passed != coming


def test_deleting_the_app_for_ever_takes_them_along(app):
    ask(app)
    app.uninstall(**BY)
    app.delete_permanently(**BY)
    assert not Job.objects.exists()


def test_an_update_of_the_spec_leaves_them(app):
    asked = ask(app)
    text = app.written_spec.replace("0 9 * * *", "0 8 * * *")
    update_spec(app, text, base=app.spec_digest, granted=(), denied=(), actor=TESTER, now=NINE)
    assert list(once_jobs_of(App.objects.get())) == [asked]


def test_those_to_come_are_among_the_jobs_of_the_app_and_those_that_are_over_are_not(app):
    other = install_app(name="Other Watch")
    coming, over = ask(app), ask(app)
    Job.objects.filter(pk=over.pk).update(enabled=False)
    assert set(jobs_of(app)) == {job_of(app), coming}
    assert set(jobs_of_each([app, other])[app.pk]) == {job_of(app), coming}
    assert jobs_of_each([app, other])[other.pk] == [job_of(other)]


def test_a_single_run_is_not_moved_by_an_administrator(app):
    with pytest.raises(ScheduleRefused, match="Cancel it"):
        owner_of("app").reschedule(ask(app), HOURLY, TESTER, NINE)
