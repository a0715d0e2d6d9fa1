"""A config.json that cannot be read, or that holds wrong values: no rehearsal, no lost cap, no silence."""

import json
from html import unescape

import pytest
from django.test import Client

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.engines import engine_for, engine_name
from app_runtime.exceptions import EngineError, NotRunnable
from app_runtime.models import Notification, Run
from app_runtime.notifications.delivering import send_due
from halo_site.datadir.config import ConfigDamaged, config_state, site_config, update_config
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import secret_names
from tests.factories import NINE, TESTER

pytestmark = pytest.mark.django_db
BROKEN = '{"runs": oops'
UNREADABLE = (BROKEN, "", "[]", "null")
UNUSABLE = tuple(
    json.dumps({"aiSources": wrong})
    for wrong in ([], None, {"sources": "x"}, {"sources": [], "fallbackIds": 5})
)
NO_CAP = ('{"runs": {"money_usd": "much"}}', '{"runs": {"tokens": 0}}', '{"runs": []}')
STOPPING = (*UNREADABLE, *UNUSABLE, *NO_CAP)
SOURCE = {"name": "OpenAI", "provider": "openai", "model": "gpt-4o-mini", "key": "sk-hush-hush-0001"}


def write(content: str) -> None:
    data_dir().config.write_text(content)


def page(client: Client, address: str) -> str:
    return unescape(client.get(address).content.decode())


@pytest.mark.parametrize("content", STOPPING)
def test_nothing_is_rehearsed_while_it_is_not_known_what_runs_may_use(app: App, content: str) -> None:
    write(content)
    with pytest.raises(NotRunnable, match=r"config\.json .*No run starts until somebody mends it"):
        trigger(app, TESTER, NINE)
    assert not Run.objects.exists()


@pytest.mark.parametrize("content", STOPPING)
def test_a_run_that_waits_goes_on_waiting_and_starts_once_it_is_mended(app: App, content: str) -> None:
    run = trigger(app, TESTER, NINE)
    write(content)
    assert not worker.work_on_next()
    run.refresh_from_db()
    assert run.status == "queued"
    write("{}")
    assert worker.work_on_next()
    run.refresh_from_db()
    assert (run.status, run.engine) == ("ok", "rehearsal")


@pytest.mark.parametrize("content", [*UNREADABLE, *UNUSABLE])
def test_a_run_that_was_claimed_meanwhile_gets_no_engine(app: App, content: str) -> None:
    run = trigger(app, TESTER, NINE)
    write(content)
    assert engine_name() == "model"
    with pytest.raises(EngineError, match=r"config\.json"):
        engine_for(run)


def test_a_click_is_refused_with_the_reason(operator_client: Client, app: App) -> None:
    write(BROKEN)
    response = operator_client.post(f"/apps/{app.pk}/run/")
    assert response.status_code == 409
    assert "config.json cannot be read (line 1, column 10: Expecting value)" in response.content.decode()


@pytest.mark.parametrize(
    "address", ["/", "/apps/", "/runs/", "/memory/", "/spaces/", "/settings/limits/", "/admin/"]
)
def test_every_page_says_that_it_cannot_be_read(operator_client: Client, address: str) -> None:
    assert "config.json cannot be read" not in page(operator_client, address)
    write(BROKEN)
    told = page(operator_client, address)
    assert "config.json cannot be read, so no run starts" in told
    assert "line 1, column 10" in told.lower()


@pytest.mark.parametrize("content", [*UNREADABLE, *UNUSABLE])
def test_no_page_speaks_of_rehearsals_then(operator_client: Client, app: App, content: str) -> None:
    write(content)
    for address in (
        "/",
        "/settings/",
        "/settings/models/",
        f"/apps/{app.pk}/config/",
        f"/apps/{app.pk}/manage/",
    ):
        assert "rehearsals" not in page(operator_client, address)


@pytest.mark.parametrize("content", UNREADABLE)
def test_nothing_takes_the_place_of_what_cannot_be_read(operator_client: Client, content: str) -> None:
    write(content)
    limits = operator_client.post("/settings/limits/save/", {"model_turns": "5"})
    source = operator_client.post("/settings/models/create/", SOURCE)
    assert (limits.status_code, source.status_code) == (409, 409)
    assert "Nothing was saved: config.json is kept as it is" in limits.content.decode()
    assert 'value="5"' in limits.content.decode()
    assert (data_dir().config.read_text(), secret_names()) == (content, [])
    assert not list(data_dir().root.glob("*.corrupt-*"))


@pytest.mark.parametrize("content", UNUSABLE)
def test_no_source_takes_the_place_of_sources_that_cannot_be_used(
    operator_client: Client, content: str
) -> None:
    write(content)
    assert operator_client.post("/settings/models/create/", SOURCE).status_code == 409
    told = operator_client.post("/settings/models/order/", {"order": "x"}, follow=True)
    assert "Nothing was saved" in told.content.decode()
    assert data_dir().config.read_text() == content


def test_an_apps_own_choice_is_not_lost_while_nobody_knows_the_sources(
    operator_client: Client, app: App
) -> None:
    app.override_runs("mine", {}, actor=TESTER, now=NINE)
    write(BROKEN)
    response = operator_client.post(f"/apps/{app.pk}/limits/save/", {"model": "", "model_turns": "5"})
    assert response.status_code == 422
    app.refresh_from_db()
    assert app.user_overrides == {"model": "mine"}


def test_a_notification_waits_while_nobody_knows_its_target(app: App) -> None:
    told = {"app": app, "run_id": trigger(app, TESTER, NINE).run_id, "step": 1, "title": "t", "text": "x"}
    Notification.objects.create(**told, target_id="t", created_at=NINE, next_try_at=NINE)
    write(BROKEN)
    assert send_due(lambda: NINE) == 0
    assert Notification.objects.get().state == "pending"


def test_of_the_limits_only_the_wrong_value_is_dropped(operator_client: Client, app: App) -> None:
    write('{"runs": {"money_usd": 0.001, "model_turns": "many"}, "aiSources": {"sources": []}}')
    runs = site_config().runs
    assert (str(runs.money_usd), runs.model_turns) == ("0.001", 100)
    assert config_state().obstacle == ""
    assert trigger(app, TESTER, NINE).status == "queued"
    told = page(operator_client, "/")
    assert "config.json has a wrong value, and its default is used" in told
    assert "runs.model_turns" in told


def test_a_wrong_cap_of_money_is_named_where_it_is_set(operator_client: Client) -> None:
    write('{"runs": {"money_usd": "much"}}')
    told = page(operator_client, "/settings/limits/")
    assert "config.json has a wrong value, so no run starts" in told
    assert "runs.money_usd" in told
    assert "What config.json has here cannot be used. It is replaced when you save." in told
    operator_client.post("/settings/limits/save/", {"money_usd": "2"})
    assert (config_state().obstacle, str(site_config().runs.money_usd)) == ("", "2.0")


def test_a_wrong_value_of_one_section_does_not_hinder_another() -> None:
    write('{"runs": {"model_turns": "many"}, "mcpServers": {"good": {"command": "x"}, "bad": 5}}')
    update_config("network", {"private_hosts": ["here"]})
    assert list(site_config().mcp_servers) == ["good"]
    assert json.loads(data_dir().config.read_text())["runs"] == {"model_turns": "many"}


def test_the_other_spelling_of_a_section_is_judged_too() -> None:
    write('{"ai_sources": 5, "mcp_servers": {"bad": 5}}')
    assert config_state().obstacle
    assert site_config().mcp_servers == {}


def test_a_file_that_may_not_be_read_counts_as_damaged() -> None:
    data_dir().config.mkdir()
    assert config_state().damage
    with pytest.raises(ConfigDamaged, match="Nothing was saved"):
        update_config("runs", {"model_turns": 5})


def test_the_settings_name_what_was_set_aside(operator_client: Client) -> None:
    assert "was set aside" not in page(operator_client, "/settings/")
    (data_dir().root / "config.json.corrupt-20261101T000000000000Z").write_text("{")
    told = page(operator_client, "/settings/")
    assert "A file could not be read and was set aside" in told
    assert "config.json.corrupt-20261101T000000000000Z" in told


def test_the_settings_count_nothing_that_nobody_knows(operator_client: Client) -> None:
    write(BROKEN)
    shown = page(operator_client, "/settings/")
    assert "0 sources" not in shown
    assert shown.count(">unknown<") == 3
