"""The settings: models with their keys, limits, prices, and an app's own choices."""

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from app_manager.models import App
from app_runtime.models import Price
from app_runtime.settings import source_check
from app_runtime.settings.source_check import Checked
from halo_site.datadir.config import site_config, update_config
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import resolve, secret_names
from halo_site.models import AuditEntry
from tests.processes import manage
from tests.wire import Provider, Says, Status

pytestmark = pytest.mark.django_db
KEY = "sk-hush-hush-0001"
FIELDS = {"name": "My Ollama", "provider": "openai-compatible", "model": "llama4", "stream": "on"}
OLLAMA = {**FIELDS, "base_url": "http://127.0.0.1:11434/v1", "allow_private": "on"}
OPENAI = {"name": "OpenAI", "provider": "openai", "model": "gpt-4o-mini", "key": KEY, "stream": "on"}
PAGES = ("", "models/", "models/new/", "limits/", "prices/")


def save(client: Client, fields: dict[str, str], where: str = "create", status: int = 302) -> str:
    response = client.post(f"/settings/models/{where}/", fields)
    assert response.status_code == status, response.content.decode()
    return unescape(response.content.decode())


def shown(client: Client, address: str) -> str:
    response = client.get(f"/settings/{address}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def stored() -> dict[str, Any]:
    return json.loads(data_dir().config.read_text())["aiSources"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_there_and_no_strangers(operator_client: Client, address: str) -> None:
    shown(operator_client, address)
    assert Client().get(f"/settings/{address}").headers["Location"].startswith("/login/")


def test_the_settings_say_that_runs_are_rehearsals_without_a_model(operator_client: Client) -> None:
    assert "No model is set up: runs are rehearsals" in shown(operator_client, "")


def test_the_first_source_becomes_the_default(operator_client: Client) -> None:
    save(operator_client, OLLAMA)
    assert stored() == {
        "version": 2,
        "currentId": "my-ollama",
        "sources": [
            {
                "id": "my-ollama",
                "name": "My Ollama",
                "provider": "openai-compatible",
                "model": "llama4",
                "baseUrl": "http://127.0.0.1:11434/v1",
                "apiKey": "",
                "allowPrivate": True,
                "stream": True,
            }
        ],
    }
    assert "Runs use My Ollama" in shown(operator_client, "")
    assert AuditEntry.objects.get().verb == "source.save"


def test_a_typed_key_is_kept_apart_and_never_shown(operator_client: Client) -> None:
    save(operator_client, OPENAI)
    assert stored()["sources"][0]["apiKey"] == "secret:source-openai"
    assert resolve("secret:source-openai") == KEY
    for address in (*PAGES, "models/openai/"):
        assert KEY not in shown(operator_client, address)
    assert KEY not in data_dir().config.read_text()
    assert KEY not in str(list(AuditEntry.objects.values()))


def test_an_empty_key_leaves_the_one_that_is_kept(operator_client: Client) -> None:
    save(operator_client, OPENAI)
    again = {**OPENAI, "key": "", "reference": "secret:source-openai", "model": "gpt-4o"}
    save(operator_client, again, "openai/save")
    assert (stored()["sources"][0]["model"], resolve("secret:source-openai")) == ("gpt-4o", KEY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_url": "ollama"}, "is no address such as"),
        ({"base_url": "http://me:hush@x/v1"}, "is no address such as"),
        ({"base_url": ""}, "a compatible server needs its address"),
        ({"allow_private": ""}, "Tick the box below if it is meant"),
        ({"base_url": "http://localhost:1/v1", "allow_private": ""}, "Tick the box below"),
        ({"base_url": "http://[::1]:1/v1", "allow_private": ""}, "Tick the box below"),
        ({"base_url": "http://127.1/v1", "allow_private": ""}, "Tick the box below"),
        ({"base_url": "http://2130706433/v1", "allow_private": ""}, "Tick the box below"),
        ({"base_url": "http://0x7f000001:8241/v1", "allow_private": ""}, "Tick the box below"),
        ({"base_url": "http://127.0.0.1./v1", "allow_private": ""}, "Tick the box below"),
        ({"base_url": "http://[::ffff:10.0.0.1]/v1", "allow_private": ""}, "Tick the box below"),
        ({"base_url": "http://exa mple"}, "is no address such as"),
        ({"reference": KEY}, "must be env:NAME or secret:NAME, never the key itself"),
        ({"model": ""}, "This field is required"),
        ({"provider": "nobody"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_source_is_refused_beside_its_field(
    operator_client: Client, changes: dict[str, str], words: str
) -> None:
    page = save(operator_client, {**OLLAMA, **changes}, status=422)
    assert words in page
    assert KEY not in page  # not even where it was pasted into the wrong field
    assert not site_config().ai_sources.sources


def test_unknown_keys_of_a_source_in_config_json_are_kept(operator_client: Client) -> None:
    save(operator_client, OLLAMA)
    section = stored()
    section["sources"][0]["temperature"] = 0.2
    update_config("aiSources", {**section, "theme": "dark"})
    save(operator_client, {**OLLAMA, "model": "llama5"}, "my-ollama/save")
    assert (stored()["theme"], stored()["sources"][0]["temperature"]) == ("dark", 0.2)


def test_a_source_that_cannot_be_used_is_named_and_the_others_go_on(operator_client: Client) -> None:
    save(operator_client, OLLAMA)
    section = stored()
    section["sources"].append({"id": "bad", "apiKey": KEY, "provider": "openai", "model": "m", "name": "Bad"})
    update_config("aiSources", section)
    page = shown(operator_client, "models/")
    assert "source 2: apiKey" in page
    assert KEY not in page
    assert [source.id for source in site_config().ai_sources.sources] == ["my-ollama"]


def test_the_default_and_the_order_of_the_fallbacks_can_be_changed(operator_client: Client) -> None:
    for name in ("One", "Two", "Three"):
        save(operator_client, {**OLLAMA, "name": name})
    operator_client.post("/settings/models/order/", {"order": "three,two,one,nobody,three"})
    assert stored()["fallbackIds"] == ["three", "two"]
    operator_client.post("/settings/models/three/default/")
    assert (stored()["currentId"], stored()["fallbackIds"]) == ("three", ["two"])
    assert [source.id for source in site_config().ai_sources.chain()] == ["three", "two"]


def test_a_deleted_source_takes_its_key_along_and_the_first_fallback_takes_its_place(
    operator_client: Client,
) -> None:
    save(operator_client, OPENAI)
    save(operator_client, OLLAMA)
    operator_client.post("/settings/models/order/", {"order": "my-ollama"})
    page = save(operator_client, {}, "openai/delete", status=409)
    assert "It is the default: the first fallback, My Ollama, takes its place." in page
    save(operator_client, {"confirmed": "yes"}, "openai/delete")
    assert (stored()["currentId"], secret_names()) == ("my-ollama", [])


def test_a_source_that_apps_chose_is_not_deleted_unseen(operator_client: Client, app: App) -> None:
    save(operator_client, OLLAMA)
    operator_client.post(f"/apps/{app.pk}/limits/save/", {"model": "my-ollama"})
    page = save(operator_client, {}, "my-ollama/delete", status=409)
    assert "1 app has chosen it, and uses the site's default from then on" in page
    assert "It is the only source: until there is another, runs are rehearsals." in page
    assert app.name in page
    save(operator_client, {"confirmed": "yes"}, "my-ollama/delete")
    assert not site_config().ai_sources.sources


@pytest.mark.parametrize("where", ["nobody", "nobody/save", "nobody/test", "nobody/default", "nobody/delete"])
def test_an_unknown_source_is_not_found(operator_client: Client, where: str) -> None:
    ask = operator_client.get if where == "nobody" else operator_client.post
    assert ask(f"/settings/models/{where}/").status_code == 404


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(Says("ready"), Status(401, "bad key", "auth")) as provider:
        yield provider


def test_a_test_asks_the_source_in_a_process_of_its_own(provider: Provider, operator_client: Client) -> None:
    """`check_source` as the page starts it, on the data directory of this test."""
    save(operator_client, {**OPENAI, "base_url": provider.url, "allow_private": "on"})
    root = data_dir().root
    assert manage(root, "migrate", "--verbosity", "0").returncode == 0
    good = manage(root, "check_source", "openai", "--json")
    found = Checked(**json.loads(good.stdout))
    assert (found.ok, found.model, found.tokens_in) == (True, "gpt-4o-mini", 100)
    bad = manage(root, "check_source", "openai")
    assert bad.returncode == 1
    assert "OpenAI refuses the key (401): bad key." in bad.stderr
    assert manage(root, "check_source", "nobody").returncode == 1


@pytest.mark.parametrize(
    ("checked", "words"),
    [
        (Checked(True, "It answers.", "gpt", 312, 20, 1), "It answers. gpt, 312 ms, 20 tokens in, 1 out"),
        (Checked(False, "OpenAI refuses the key (401): bad key."), "OpenAI refuses the key (401): bad key."),
    ],
)
def test_the_page_says_what_came_of_a_test(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch, checked: Checked, words: str
) -> None:
    save(operator_client, OPENAI)
    monkeypatch.setattr("app_runtime.settings.views.run_check", lambda _source: checked)
    save(operator_client, {}, "openai/test", status=302)  # so that a reload does not ask, and pay, again
    assert words in " ".join(shown(operator_client, "models/").split())


def test_a_test_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_check, "SECONDS", 0.01)
    assert source_check.run_check("openai") == Checked(False, "It did not answer within 0 s.")


def test_limits_are_stored_and_an_empty_one_is_the_default_again(operator_client: Client) -> None:
    operator_client.post("/settings/limits/save/", {"wall_clock_minutes": "5", "money_usd": "0.50"})
    runs = site_config().runs
    assert (runs.wall_clock_minutes, str(runs.money_usd), runs.model_turns) == (5, "0.5", 100)
    operator_client.post("/settings/limits/save/", {"money_usd": "0.50"})
    assert site_config().runs.wall_clock_minutes == 60
    assert AuditEntry.objects.filter(verb="limits.save").count() == 2


def test_limits_keep_what_else_is_set_for_runs(operator_client: Client) -> None:
    update_config("runs", {"lease_seconds": 20})
    operator_client.post("/settings/limits/save/", {"model_turns": "5"})
    assert (site_config().runs.lease_seconds, site_config().runs.model_turns) == (20, 5)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model_turns": "0"}, "Give a whole number from 1 to 10000."),
        ({"tokens": "0"}, "Give a whole number from 1 on."),
        ({"tokens": "many"}, "Enter a whole number."),
        ({"money_usd": "-1"}, "Give an amount of more than 0."),
        ({"idle_minutes": "1441"}, "Give minutes: more than 0, and at most 1440, which is a day."),
        ({"idle_minutes": "nan"}, "Enter a number."),
    ],
)
def test_limits_that_are_none_are_refused(
    operator_client: Client, fields: dict[str, str], words: str
) -> None:
    response = operator_client.post("/settings/limits/save/", fields)
    assert response.status_code == 422
    assert words in response.content.decode()


def test_a_price_is_added_and_deleted(operator_client: Client) -> None:
    fields = {"model": "llama4", "valid_from": "2026-01-01", "input_usd": "0", "output_usd": "0"}
    assert operator_client.post("/settings/prices/create/", fields).status_code == 302
    assert "llama4" in shown(operator_client, "prices/")
    assert operator_client.post("/settings/prices/create/", fields).status_code == 422
    price = Price.objects.get()
    assert operator_client.post(f"/settings/prices/{price.pk}/delete/").status_code == 302
    assert not Price.objects.exists()
    assert [line.verb for line in AuditEntry.objects.order_by("id")] == ["price.create", "price.delete"]


@pytest.mark.parametrize(
    "wrong", [{"input_usd": "-1"}, {"valid_from": "soon"}, {"model": ""}, {"model": "m" * 201}]
)
def test_a_price_that_is_none_is_refused(operator_client: Client, wrong: dict[str, str]) -> None:
    fields = {"model": "m", "valid_from": "2026-01-01", "input_usd": "1", "output_usd": "1", **wrong}
    assert operator_client.post("/settings/prices/create/", fields).status_code == 422


def test_the_administration_keeps_to_the_rules_of_prices(operator_client: Client) -> None:
    fields = {"model": "m", "valid_from": "2026-01-01", "input_usd": "1", "output_usd": "1"}
    for wrong in ({"model": "m" * 201}, {"input_usd": "-1"}):
        operator_client.post("/admin/app_runtime/price/add/", fields | wrong)
    assert not Price.objects.exists()
    operator_client.post("/admin/app_runtime/price/add/", fields)
    assert Price.objects.get().model == "m"


def test_an_app_gets_a_model_and_limits_of_its_own(operator_client: Client, app: App) -> None:
    save(operator_client, OLLAMA)
    fields = {"model": "my-ollama", "model_turns": "7", "money_usd": "1.5"}
    operator_client.post(f"/apps/{app.pk}/limits/save/", fields)
    app.refresh_from_db()
    assert app.user_overrides == {"model": "my-ollama", "limits": {"model_turns": 7, "money_usd": 1.5}}
    page = unescape(operator_client.get(f"/apps/{app.pk}/config/").content.decode())
    assert "My Ollama (llama4)" in page
    operator_client.post(f"/apps/{app.pk}/limits/save/", {"model": ""})
    app.refresh_from_db()
    assert app.user_overrides == {}
    assert AuditEntry.objects.filter(verb="override_runs").count() == 2


def test_an_apps_limits_that_are_none_are_refused_and_nothing_is_stored(
    operator_client: Client, app: App
) -> None:
    for fields, words in (
        ({"model_turns": "0", "money_usd": "1.25"}, "Give a whole number from 1 to 10000."),
        ({"model": "nobody", "money_usd": "1.25"}, "There is no such model source any more"),
    ):
        response = operator_client.post(f"/apps/{app.pk}/limits/save/", fields)
        page = unescape(response.content.decode())
        assert response.status_code == 422
        assert words in page
        assert 'value="1.25"' in page  # what else was typed is kept
        app.refresh_from_db()
        assert app.user_overrides == {}


@pytest.mark.parametrize(
    "where", ["models/create", "models/order", "limits/save", "prices/create", "prices/1/delete"]
)
def test_nothing_is_changed_by_a_link_a_stranger_or_another_site(operator_client: Client, where: str) -> None:
    assert operator_client.get(f"/settings/{where}/").status_code == 405
    assert Client().post(f"/settings/{where}/").headers["Location"].startswith("/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator_client.cookies
    assert strict.post(f"/settings/{where}/").status_code == 403
