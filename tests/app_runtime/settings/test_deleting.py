"""Deleting a model source: what uses it is named first, and a secret that others need stays."""

from html import unescape

import pytest
from django.test import Client

from app_manager.models import App
from app_runtime.dispatch import trigger
from halo_site.datadir.config import site_config, update_config
from halo_site.datadir.secrets import secret_names, set_secret
from tests.factories import NINE, TESTER

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = (
    {"id": key, "name": key.title(), "provider": "openai", "model": "m", "apiKey": "secret:source-one"}
    for key in ("one", "two", "three")
)


def use(*sources: dict[str, str], fallbacks: tuple[str, ...] = ()) -> None:
    set_secret("source-one", "sk-hush-hush-0001")
    update_config("aiSources", {"currentId": "one", "fallbackIds": fallbacks, "sources": list(sources)})


def asked(client: Client, source_id: str) -> str:
    response = client.post(f"/settings/models/{source_id}/delete/")
    assert response.status_code == 409
    return unescape(response.content.decode())


def test_a_default_without_a_fallback_is_not_deleted_by_one_click(operator_client: Client) -> None:
    use(ONE, TWO)
    assert "an app without a choice of its own cannot run" in asked(operator_client, "one")
    assert site_config().ai_sources.get("one")


def test_a_fallback_is_not_deleted_by_one_click(operator_client: Client) -> None:
    use(ONE, TWO, fallbacks=("two",))
    assert "It is a fallback" in asked(operator_client, "two")


def test_a_source_of_a_queued_run_is_not_deleted_by_one_click(operator_client: Client, app: App) -> None:
    use(ONE, TWO, fallbacks=("two",))
    trigger(app, TESTER, NINE)
    assert "1 run that is running or queued counts on it" in asked(operator_client, "two")


def test_what_nothing_uses_is_deleted_at_once(operator_client: Client, app: App) -> None:
    use(ONE, TWO, THREE, fallbacks=("two",))
    trigger(app, TESTER, NINE)
    assert operator_client.post("/settings/models/three/delete/").status_code == 302


def test_a_secret_stays_as_long_as_something_refers_to_it(operator_client: Client) -> None:
    use(ONE, TWO)
    operator_client.post("/settings/models/one/delete/", {"confirmed": "yes"})
    assert secret_names() == ["source-one"]


def test_the_list_says_when_no_default_is_chosen(operator_client: Client) -> None:
    use(ONE, TWO)
    assert b"No default is chosen" not in operator_client.get("/settings/models/").content
    operator_client.post("/settings/models/one/delete/", {"confirmed": "yes"})
    assert b"No default is chosen" in operator_client.get("/settings/models/").content


def test_two_sources_do_not_get_the_same_name(operator_client: Client) -> None:
    use(ONE, TWO)
    fields = {"name": "one", "provider": "openai", "model": "m", "key": "sk-hush-hush-0002"}
    for where in ("create", "two/save"):
        response = operator_client.post(f"/settings/models/{where}/", fields)
        assert response.status_code == 422
        assert "Another source has this name." in response.content.decode()
    assert operator_client.post("/settings/models/one/save/", fields).status_code == 302


def test_only_a_source_that_is_there_has_a_key_as_it_was(operator_client: Client) -> None:
    use(ONE)
    assert b"Empty: as it was." not in operator_client.get("/settings/models/new/").content
    assert b"Empty: as it was." in operator_client.get("/settings/models/one/").content
