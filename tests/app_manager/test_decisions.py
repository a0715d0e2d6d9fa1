"""Permissions and schedules as a person decides them for an installed app."""

import pytest

from app_manager.exceptions import PermissionsMoved, ScheduleRefused
from app_manager.models import App
from app_manager.permissions import digest_of
from app_manager.states import Status
from halo_site.models import AuditEntry
from scheduler.models import Job
from tests.app_manager.factories import NINE, TESTER, install_app, uninstall

pytestmark = pytest.mark.django_db
BY = {"actor": TESTER, "now": NINE}
HOURLY = {"kind": "every", "every": "1h"}
MORNING = {"kind": "cron", "cron": "0 9 * * *"}


@pytest.fixture
def app(db):
    return install_app(granted=("web",))


def job():
    return Job.objects.get(pk__endswith=":morning")


def test_permissions_are_stored_under_their_canonical_names(app):
    assert app.decide_permissions(["web_fetch", "email", "email"], ["memory.space"], **BY)
    assert App.objects.get().permissions == {"granted": ["web", "email"], "denied": ["memory.space"]}


def test_denied_beats_granted(app):
    app.decide_permissions(["web", "email"], ["web"], **BY)
    assert app.permissions == {"granted": ["email"], "denied": ["web"]}


def test_a_decision_leaves_a_line_with_before_and_after(app):
    app.decide_permissions([], ["web"], **BY)
    line = AuditEntry.objects.get(verb="decide_permissions")
    assert (line.before["granted"], line.after["denied"]) == (["web"], ["web"])


def test_the_same_decision_again_changes_nothing(app):
    app.decide_permissions(["email", "web"], [], **BY)
    assert not app.decide_permissions(["web", "email"], [], **BY)
    assert AuditEntry.objects.filter(verb="decide_permissions").count() == 1


def test_a_decision_over_others_that_nobody_saw_is_refused(app):
    seen = digest_of(app.permissions)
    app.decide_permissions([], ["web"], **BY)
    with pytest.raises(PermissionsMoved):
        app.decide_permissions(["web", "email"], [], base=seen, **BY)
    assert App.objects.get().permissions["denied"] == ["web"]


def test_the_same_decision_twice_from_one_page_is_harmless(app):
    seen = digest_of(app.permissions)
    app.decide_permissions([], ["web"], base=seen, **BY)
    assert not app.decide_permissions([], ["web"], base=seen, **BY)


def test_an_own_schedule_is_stored_and_the_job_follows(app):
    assert app.override_schedule("morning", HOURLY, **BY)
    assert App.objects.get().user_overrides == {"subscriptions": {"morning": HOURLY}}
    assert (job().schedule, job().enabled) == (HOURLY, True)


def test_an_own_schedule_leaves_a_line_with_before_and_after(app):
    app.override_schedule("morning", HOURLY, **BY)
    line = AuditEntry.objects.get(verb="override_schedule")
    assert (line.summary, line.before, line.after) == ("morning", {"schedule": MORNING}, {"schedule": HOURLY})


def test_the_schedule_goes_back_to_the_spec(app):
    app.override_schedule("morning", HOURLY, **BY)
    assert app.override_schedule("morning", None, **BY)
    assert App.objects.get().user_overrides == {}
    assert job().schedule == MORNING


def test_a_schedule_like_the_specs_is_none_of_ones_own(app):
    app.override_schedule("morning", HOURLY, **BY)
    app.override_schedule("morning", {**MORNING, "words": "not ours"}, **BY)
    assert App.objects.get().user_overrides == {}


def test_the_same_schedule_again_changes_nothing(app):
    app.override_schedule("morning", HOURLY, **BY)
    before = Job.objects.values().get()
    assert not app.override_schedule("morning", dict(HOURLY), **BY)
    assert Job.objects.values().get() == before
    assert AuditEntry.objects.filter(verb="override_schedule").count() == 1


@pytest.mark.parametrize(
    ("key", "schedule"),
    [
        ("morning", {"kind": "every", "every": "5s"}),
        ("morning", {"kind": "cron", "cron": "0 0 30 2 *"}),
        ("morning", {"kind": "cron", "cron": "0 9 * * *", "timezone": "Mars/Base"}),
        ("morning", {"kind": "once", "once": 0}),
        ("morning", {}),
        ("evening", HOURLY),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_and_changes_nothing(app, key, schedule):
    before = list(App.objects.values()), list(Job.objects.values()), AuditEntry.objects.count()
    with pytest.raises(ScheduleRefused):
        app.override_schedule(key, schedule, **BY)
    assert (list(App.objects.values()), list(Job.objects.values()), AuditEntry.objects.count()) == before


def test_a_paused_apps_job_stays_on(app):
    app.change_status(Status.PAUSED, **BY)
    app.override_schedule("morning", HOURLY, **BY)
    assert job().enabled


def test_an_uninstalled_apps_job_stays_off(app):
    uninstall(app)
    job().disable("", NINE)
    app.override_schedule("morning", HOURLY, **BY)
    assert (job().schedule, job().enabled) == (HOURLY, False)


def test_other_overrides_stay(app):
    App.objects.update(user_overrides={"notificationLevel": "all"})
    app.override_schedule("morning", HOURLY, **BY)
    app.override_schedule("morning", None, **BY)
    assert App.objects.get().user_overrides == {"notificationLevel": "all"}


def test_only_the_job_of_that_subscription_is_touched():
    daily = {"type": "schedule", "config": {"every": "1d"}}
    app = install_app(subscriptions=[{"id": "a", "source": daily}, {"id": "morning", "source": daily}])
    other = Job.objects.get(pk=f"{app.pk}:a")
    other.disable("5 errors in a row", NINE)
    app.override_schedule("morning", HOURLY, **BY)
    other.refresh_from_db()
    assert (other.enabled, other.disabled_reason) == (False, "5 errors in a row")
