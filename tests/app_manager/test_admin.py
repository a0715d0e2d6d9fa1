"""Installed apps in Django's admin: to read."""

import pytest

from tests.app_manager.factories import install_app, space

pytestmark = pytest.mark.django_db

LIST = "/admin/app_manager/app/"


def shown(response):
    return [app.spec_id for app in response.context["cl"].result_list]


def test_it_lists_apps(operator_client):
    install_app()
    assert shown(operator_client.get(LIST)) == ["Kettle Watch"]


def test_it_leads_to_the_install_page(operator_client):
    assert operator_client.get(f"{LIST}add/")["Location"] == "/apps/new/"


@pytest.mark.parametrize("query", ["kettle", "{id}", "{start}"])
def test_it_finds_by_name_and_id(operator_client, query):
    app = install_app()
    install_app(name="Other")
    response = operator_client.get(LIST, {"q": query.format(id=app.pk, start=app.pk[:8])})
    assert shown(response) == ["Kettle Watch"]


def test_it_filters_by_space_and_status(operator_client):
    install_app()
    assert shown(operator_client.get(LIST, {"space_id": space().id, "status__exact": "active"})) == [
        "Kettle Watch"
    ]
    assert shown(operator_client.get(LIST, {"space_id": "elsewhere"})) == []


def test_it_shows_json_as_people_read_it(operator_client):
    app = install_app()
    page = operator_client.get(f"{LIST}{app.pk}/change/").content.decode()
    assert "&quot;name&quot;: &quot;Kettle Watch&quot;" in page


@pytest.mark.parametrize("verb", ["{id}/change/", "{id}/delete/"])
def test_nothing_is_changed_here(operator_client, verb):
    app = install_app()
    assert operator_client.post(LIST + verb.format(id=app.pk), {"status": "error"}).status_code == 403


def test_it_asks_no_more_as_apps_are_added(operator_client, django_assert_max_num_queries):
    install_app()
    operator_client.get(LIST)
    with django_assert_max_num_queries(100) as few:
        operator_client.get(LIST)
    for number in range(10):
        install_app(name=f"Kettle {number}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        operator_client.get(LIST)
