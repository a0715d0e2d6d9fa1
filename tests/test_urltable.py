"""The table of sample addresses knows every address of the site."""

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client

from halo_site.datadir.spaces import default_space
from tests.urltable import Planted, Url, every_url, model_of, plant

pytestmark = pytest.mark.django_db
READ_ONLY = ("_add", "_delete object_id")  # of the admin's history
ELSEWHERE = {
    "app_runtime:run_progress run_id": 286,  # it has ended, so the page asks no more
    "app_runtime:escalation_link token": 400,  # a link of nobody's
    "app_runtime:quiet_list app_id": 404,  # the thread says between which places
    "readyz": 503,  # no process runs
    "welcome token": 404,  # a token of nobody
    "admin:autocomplete": 403,  # it has to be asked for a field
    "admin:view_on_site content_type_id object_id": 404,  # no model has such a page
}
MADE_BY_WORKERS = {"dbtaskresult"}


@pytest.fixture
def planted() -> Planted:
    space = default_space()
    assert space is not None
    return plant(space)


def test_every_address_has_its_samples(planted: Planted) -> None:
    unknown = []
    for url in every_url():
        try:
            url.path(planted)
        except KeyError as error:
            unknown.append(f"{url.label}: {error}")
    assert unknown == []


def test_every_page_is_there_with_its_samples(operator_client: Client, planted: Planted) -> None:
    """Pages that are not found, or that break, would make tests over the table say nothing."""
    answers = {url.label: operator_client.get(url.path(planted)).status_code for url in every_url()}
    odd = {label: status for label, status in answers.items() if status not in {200, 302, 405}}
    refused = {label for label, status in odd.items() if status == 403 and label.endswith(READ_ONLY)}
    assert {label: odd[label] for label in set(odd) - refused} == ELSEWHERE


def test_every_list_of_the_admin_has_a_row(planted: Planted, operator_client: Client) -> None:
    empty = {
        model._meta.model_name
        for model in admin.site._registry
        if not model._default_manager.exists() and model._meta.model_name not in MADE_BY_WORKERS
    }
    assert empty == set()


def test_addresses_of_the_admin_know_their_model() -> None:
    models: dict[str, type[Model] | None] = {
        url.name: model_of(url) for url in every_url() if url.name.startswith("admin:halo_site_heartbeat")
    }
    assert {model.__name__ for model in models.values() if model} == {"Heartbeat"}


def test_a_parameter_without_a_sample_is_found(planted: Planted) -> None:
    with pytest.raises(KeyError):
        Url("app_runtime:run_detail", ("no_such_parameter",), "").path(planted)
