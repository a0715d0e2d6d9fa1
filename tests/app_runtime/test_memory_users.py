"""A running run uses the memory that it may read; one that is over uses none."""

import pytest

from app_manager.models import new_id
from app_manager.places import place_of
from app_runtime.memory_users import kept, running
from app_runtime.statuses import Status
from memory.places import user_place
from memory.users import users_now, users_of
from tests.factories import make_app, make_run

pytestmark = pytest.mark.django_db


def test_a_running_run_uses_its_own_memory_and_the_users():
    app, other = make_app(), make_app("Other")
    run = make_run(app, Status.RUNNING)
    users = users_now()
    assert [user.run_id for user in users_of(place_of(app), users)] == [run.run_id]
    assert [user.run_id for user in users_of(user_place(), users)] == [run.run_id]
    assert users_of(place_of(other), users) == []


@pytest.mark.parametrize("status", [Status.OK, Status.QUEUED, Status.ERROR])
def test_a_run_that_is_not_under_way_uses_nothing(status):
    make_run(make_app(), status)
    assert users_now() == []


def test_it_is_one_query(django_assert_num_queries):
    for name in ("One", "Two"):
        make_run(make_app(name), Status.RUNNING)
    with django_assert_num_queries(1):
        assert len(list(running())) == 2


def test_the_apps_own_page_of_memory_leads_to_the_editor(operator_client):
    app = make_app()
    page = operator_client.get(f"/apps/{app.pk}/memory/").content.decode()
    assert f'href="/memory/app:{app.pk}/edit/"' in page


def test_only_runs_that_are_stored_have_a_page(django_assert_num_queries):
    run = make_run(make_app())
    with django_assert_num_queries(1):
        assert kept({run.pk, new_id()}) == {run.pk}
