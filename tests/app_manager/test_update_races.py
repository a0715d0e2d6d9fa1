"""Two people at once: real transactions in threads, on either database."""

import pytest

from app_manager.exceptions import AppError, NameTaken, PermissionsMoved, StaleSpec
from app_manager.models import App, SpecVersion
from app_manager.permissions import digest_of
from app_manager.spec_updates import update_spec
from halo_site.models import AuditEntry
from scheduler.models import Job
from tests.app_manager.factories import NINE, TESTER, install_app, spec_text
from tests.app_manager.test_spec_updates import subscription
from tests.scheduler.test_two_clocks import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 4


def attempt(losers, work):
    """Do it; what is refused goes to the losers."""
    try:
        work()
    except AppError as error:
        losers.append(type(error))


def updated(app_id, base, **changes):
    app = App.objects.get(pk=app_id)
    update_spec(app, spec_text(**changes), base=base, granted=(), denied=(), actor=TESTER, now=NINE)


def test_of_two_updates_one_comes_first_and_the_others_are_told():
    app = install_app()
    numbers, losers = iter(range(PEOPLE)), []

    def update():
        number = next(numbers)
        rule = subscription(f"own-{number}")
        attempt(losers, lambda: updated(app.pk, app.spec_digest, version=f"2.{number}", subscriptions=[rule]))

    in_threads(update, PEOPLE)
    assert losers == [StaleSpec] * (PEOPLE - 1)
    assert SpecVersion.objects.count() == AuditEntry.objects.filter(verb="update_spec").count() == 1
    won = App.objects.get().parsed_spec
    assert [job.pk for job in Job.objects.filter(enabled=True)] == [f"{app.pk}:{won.subscriptions[0].id}"]


def test_the_same_update_many_times_at_once_happens_once():
    app, losers = install_app(), []
    in_threads(lambda: attempt(losers, lambda: updated(app.pk, app.spec_digest, version="2.0")), PEOPLE)
    assert losers == []
    assert SpecVersion.objects.count() == 1


def test_of_two_apps_that_want_one_name_one_gets_it():
    apps, losers = iter([install_app(name="One"), install_app(name="Two")]), []

    def rename():
        app = next(apps)
        attempt(losers, lambda: updated(app.pk, app.spec_digest, name="Three"))

    in_threads(rename)
    assert losers == [NameTaken]
    assert App.objects.filter(spec_id="Three").count() == 1


def test_of_two_decisions_on_permissions_one_comes_first():
    app, losers = install_app(), []
    wanted, seen = iter([["web"], ["email"], ["im-push"]]), digest_of(app.permissions)

    def decide():
        own, granted = App.objects.get(pk=app.pk), next(wanted)
        attempt(losers, lambda: own.decide_permissions(granted, [], actor=TESTER, now=NINE, base=seen))

    in_threads(decide, 3)
    assert losers == [PermissionsMoved] * 2
    assert AuditEntry.objects.filter(verb="decide_permissions").count() == 1


def test_an_update_and_a_schedule_of_ones_own_end_in_a_job_that_is_in_force():
    app, losers = install_app(), []
    turns = iter(["update", "override"] * 2)

    def act():
        own = App.objects.get(pk=app.pk)
        if next(turns) == "update":
            attempt(losers, lambda: updated(app.pk, app.spec_digest, subscriptions=[subscription("other")]))
        else:
            schedule = {"kind": "every", "every": "1h"}
            attempt(losers, lambda: own.override_schedule("morning", schedule, actor=TESTER, now=NINE))

    in_threads(act, PEOPLE)
    stored = App.objects.get()
    assert stored.user_overrides == {}
    assert [job.pk for job in Job.objects.filter(enabled=True)] == [f"{app.pk}:other"]
