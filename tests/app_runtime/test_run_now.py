"""The one button that starts a run, as a browser presses it."""

import pytest
from django.test import Client

from app_manager.models import App
from app_runtime.models import Run
from tests.factories import set_status

pytestmark = pytest.mark.django_db


def test_run_now_queues_a_run_and_leads_to_it(operator_client: Client, app: App) -> None:
    response = operator_client.post(f"/apps/{app.pk}/run/")
    run = Run.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"] == f"/runs/{run.pk}/"
    assert run.trigger_data == {"by": "person:operator"}


def test_run_now_leads_there_with_htmx_too(operator_client: Client, app: App) -> None:
    response = operator_client.post(f"/apps/{app.pk}/run/", headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == f"/runs/{Run.objects.get().pk}/"


def test_the_second_click_is_refused_and_names_the_run(operator_client: Client, app: App) -> None:
    operator_client.post(f"/apps/{app.pk}/run/")
    response = operator_client.post(f"/apps/{app.pk}/run/")
    assert response.status_code == 409
    assert f"/runs/{Run.objects.get().pk}/" in response.content.decode()
    assert Run.objects.count() == 1


def test_run_now_of_an_app_that_cannot_run_says_why(operator_client: Client, app: App) -> None:
    set_status(app, "needs_login")
    response = operator_client.post(f"/apps/{app.pk}/run/")
    assert response.status_code == 409
    assert "it needs a login first" in response.content.decode()


def test_run_now_is_no_link(operator_client: Client, app: App) -> None:
    assert operator_client.get(f"/apps/{app.pk}/run/").status_code == 405
    assert not Run.objects.exists()


def test_run_now_of_a_stranger_does_nothing(client: Client, app: App) -> None:
    assert client.post(f"/apps/{app.pk}/run/").status_code == 302
    assert not Run.objects.exists()


def test_run_now_from_another_site_is_refused(operator_client: Client, app: App) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator_client.cookies
    assert strict.post(f"/apps/{app.pk}/run/").status_code == 403
    assert not Run.objects.exists()


def test_run_now_of_an_unknown_app_is_not_found(operator_client: Client) -> None:
    assert operator_client.post("/apps/none/run/").status_code == 404
