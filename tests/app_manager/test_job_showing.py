"""What the owner of apps' jobs says of them: who sees them, what holds them up."""

from collections.abc import Iterable

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from app_manager.scheduling import Single
from app_manager.states import Status
from halo_site.models import SpaceMember
from halo_site.roles import Role
from scheduler.models import Job
from scheduler.registry import about, jobs_held, jobs_within
from scheduler.statuses import Held
from tests.factories import MINUTE, NINE, TESTER, add_space, make_app, set_status
from tests.scheduler.factories import put_job

pytestmark = pytest.mark.django_db


def member_of(space_id: str | None) -> User:
    user = User.objects.create_user("member")
    SpaceMember.objects.create(user=user, space_id=space_id, role=Role.VIEWER)
    return user


def ids(jobs: Iterable[Job]) -> set[str]:
    return {job.pk for job in jobs}


def test_a_member_of_a_space_sees_the_jobs_of_its_apps_only() -> None:
    own, other = make_app("Own"), make_app("Other")
    space = add_space("Elsewhere")
    type(other).objects.filter(pk=other.pk).update(space_id=space.id)
    assert ids(Job.objects.visible_to(member_of(own.space_id))) == {f"{own.pk}:often"}


def test_a_role_on_the_site_sees_every_job() -> None:
    app, site = make_app(), put_job("site-wide")
    user = User.objects.create_user("viewer")
    user.groups.add(Group.objects.get(name=Role.VIEWER))
    assert ids(Job.objects.visible_to(user)) == {f"{app.pk}:often", site.pk}


def test_jobs_of_no_app_are_hidden_from_members_of_spaces() -> None:
    app = make_app()
    put_job("site-wide")
    assert ids(Job.objects.visible_to(member_of(app.space_id))) == {f"{app.pk}:often"}


def test_nobody_sees_nothing() -> None:
    make_app()
    put_job("site-wide")
    assert ids(Job.objects.visible_to(AnonymousUser())) == set()


def test_the_jobs_of_a_space_are_found() -> None:
    app = make_app()
    assert ids(Job.objects.filter(jobs_within(app.space_id or ""))) == {f"{app.pk}:often"}
    assert ids(Job.objects.filter(jobs_within("no-such-space"))) == set()


@pytest.mark.parametrize(
    ("status", "fields", "held"),
    [
        (Status.ACTIVE, {}, None),
        (Status.WAITING_USER, {}, None),
        (Status.PAUSED, {}, Held.PAUSED),
        (Status.PAUSED, {"error_message": "needs configuration: key"}, Held.BLOCKED),
        (Status.ERROR, {"error_message": "Five runs failed."}, Held.BLOCKED),
        (Status.NEEDS_LOGIN, {}, Held.BLOCKED),
    ],
)
def test_what_holds_a_job_up_is_said_and_found_alike(
    status: str, fields: dict[str, str], held: Held | None
) -> None:
    app = make_app()
    set_status(app, status, **fields)
    (job,) = Job.objects.all()
    assert about([job])[job.pk].held == held
    assert {how for how in Held if Job.objects.filter(jobs_held(how)).exists()} == {held} - {None}


def test_the_reason_of_a_blocked_app_is_in_the_words() -> None:
    app = make_app()
    set_status(app, Status.ERROR, error_message="Five runs failed.")
    (job,) = Job.objects.all()
    assert about([job])[job.pk].held_words == "The app stands still. Stopped after errors: Five runs failed."


def test_a_job_whose_app_is_gone_says_so() -> None:
    job = put_job()
    Job.objects.filter(pk=job.pk).update(kind="app", metadata={"appId": "gone", "subscriptionId": "often"})
    (job,) = Job.objects.all()
    said = about([job])[job.pk]
    assert (said.address, said.held_words) == ("", "Its app is not installed any more.")


def test_metadata_that_a_stranger_wrote_break_nothing() -> None:
    job = put_job()
    for odd in (["a"], "text", {"appId": 7}, None):
        Job.objects.filter(pk=job.pk).update(kind="app", metadata=odd)
        (stored,) = Job.objects.all()
        assert about([stored])[job.pk].held == Held.BLOCKED
        assert ids(Job.objects.filter(jobs_within("x"))) == set()


def test_a_job_without_an_owner_is_called_by_its_name() -> None:
    job = put_job("site-wide")
    assert about([job])[job.pk].name == "Job site-wide"


def test_a_job_of_an_app_is_changed_on_the_page_of_its_schedule() -> None:
    app = make_app()
    (job,) = Job.objects.all()
    assert about([job])[job.pk].edit_address == f"/apps/{app.pk}/schedule/"


def test_a_single_run_is_called_so() -> None:
    app = make_app(subscriptions=None)
    form, single = "7b0d3f52-7f0c-4b3e-9a51-3c5f2a9d1e44", Single(NINE + MINUTE, "UTC")
    job = app.run_once_at(form, single, actor=TESTER, now=NINE)
    assert (about([job])[job.pk].name, about([job])[job.pk].part) == ("Kettle Watch", "single run")
    assert about([job])[job.pk].asked_by == "system:tests"


@pytest.mark.parametrize("told", [{}, {"by": None}, {"by": 5}])
def test_a_single_run_that_nobody_is_named_for_says_so(told: dict[str, object]) -> None:
    app = make_app(subscriptions=None)
    job = app.run_once_at(
        "7b0d3f52-7f0c-4b3e-9a51-3c5f2a9d1e44", Single(NINE + MINUTE, "UTC"), actor=TESTER, now=NINE
    )
    job.metadata = {**(job.metadata or {}), "once": told}
    assert about([job])[job.pk].asked_by == "somebody who is not written down"


@pytest.mark.parametrize("metadata", [{"appId": "gone"}, {"appId": 5}, {}, None, "x"])
def test_a_job_whose_app_is_gone_is_blocked_for_the_page_and_the_filter(metadata: object) -> None:
    make_app()
    Job.objects.update(metadata=metadata)
    (job,) = Job.objects.all()
    assert about([job])[job.pk].held == Held.BLOCKED
    assert Job.objects.filter(jobs_held(Held.BLOCKED)).exists()
    assert not Job.objects.filter(jobs_held(Held.PAUSED)).exists()


def test_a_job_whose_app_runs_is_held_by_nothing() -> None:
    make_app()
    assert not Job.objects.filter(jobs_held(Held.BLOCKED) | jobs_held(Held.PAUSED)).exists()
