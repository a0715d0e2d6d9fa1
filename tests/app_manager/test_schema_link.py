"""The install page names the schema with which an editor checks a spec, under the address of the request."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def named(client: Client, **request: str) -> str:
    """The address in the line that the page shows."""
    page = client.get(reverse("app_manager:app_new"), **request).content.decode()
    [address] = re.findall(r"# yaml-language-server: \$schema=([^<]+)<", page)
    return address


def test_the_line_has_the_address_that_the_person_uses(operator_client: Client) -> None:
    address = named(operator_client, headers={"host": "127.0.0.1:8123"})
    assert address == "http://127.0.0.1:8123/static/schemas/app-spec.json"


def test_it_is_https_where_the_site_is(operator_client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["halo.example"]
    address = named(operator_client, headers={"host": "halo.example"}, secure=True)
    assert address == "https://halo.example/static/schemas/app-spec.json"


def test_that_address_answers(operator_client: Client) -> None:
    path = named(operator_client).removeprefix("http://testserver")
    served = b"".join(Client().get(path))
    assert json.loads(served)["title"] == "Halo app spec"
