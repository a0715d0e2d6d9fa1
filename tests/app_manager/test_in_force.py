"""Every value in force has its words and its source."""

import json

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from app_manager.in_force import settings_of
from app_manager.models import App
from halo_site.datadir.config import RunSettings, site_config, update_config
from halo_site.datadir.paths import data_dir
from halo_site.models import AuditEntry
from tests.app_manager.factories import LIMIT, NINE, PAGE, TESTER, install_app
from tests.app_manager.test_decisions import HOURLY

pytestmark = pytest.mark.django_db
TONE = {
    "key": "tone",
    "label": "Tone",
    "type": "select",
    "default": "s",
    "options": [{"label": "Short", "value": "s"}],
}
SWITCH = {"key": "on", "label": "On", "type": "boolean", "default": False}


def found(settings):
    return {setting.label: (setting.value, setting.source.value) for setting in settings}


@pytest.fixture
def app(db):
    return install_app(config_schema=[PAGE, LIMIT, TONE, SWITCH], configuration={"limit": 7})


def test_values_of_the_configuration(app):
    assert found(settings_of(app, RunSettings()).configuration) == {
        "Page": ("nothing", "none"),
        "Limit": ("7", "person"),
        "Tone": ("Short", "spec"),
        "On": ("no", "spec"),
    }


TOKEN = {"key": "bot_token", "label": "Token", "type": "string"}


def test_a_value_that_is_named_like_a_secret_is_only_said_to_be_set(db):
    app = install_app(config_schema=[TOKEN], configuration={"bot_token": "Planted-91"})
    assert found(settings_of(app, RunSettings()).configuration) == {"Token": ("set, not shown", "person")}


def test_one_that_is_not_set_says_so(db):
    app = install_app(config_schema=[TOKEN])
    assert found(settings_of(app, RunSettings()).configuration) == {"Token": ("nothing", "none")}


@pytest.mark.parametrize(("role", "is_shown"), [("viewer", False), ("operator", False), ("manager", True)])
def test_only_who_may_change_such_a_value_reads_it(db, role, is_shown):
    app = install_app(config_schema=[TOKEN], configuration={"bot_token": "Planted-91"})
    user = User.objects.create_user("vera")
    user.groups.add(Group.objects.get(name=role))
    browser = Client()
    browser.force_login(user)
    page = browser.get(f"/apps/{app.pk}/config/").content.decode()
    assert ("Planted-91" in page) == is_shown
    assert ("set, not shown" in page) != is_shown


def test_a_schedule_of_the_spec_and_its_policies(app):
    assert found(settings_of(app, RunSettings()).schedules["morning"]) == {
        "When it runs": ("daily at 09:00", "spec"),
        "Missed times": ("run once for all of them", "server"),
        "While a run is going": ("skip the time", "server"),
    }


def test_an_own_schedule_says_so_and_can_be_reset(app):
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    schedule = settings_of(app, RunSettings()).schedules["morning"][0]
    assert (schedule.value, schedule.is_own, schedule.key) == ("every 1 h", True, "morning")


def test_policies_that_the_spec_sets_are_the_specs(db):
    source = {"type": "schedule", "config": {"every": "1d"}}
    rule = {"id": "daily", "source": source, "missed": "skip", "overlap": "queue_one"}
    settings = settings_of(install_app(subscriptions=[rule]), RunSettings()).schedules["daily"]
    assert found(settings)["Missed times"] == ("skip them", "spec")
    assert found(settings)["While a run is going"] == ("let one run wait", "spec")


def test_what_waits_for_events_says_that_nothing_listens(db):
    hook = {"id": "hook", "source": {"type": "webhook", "config": {"path": "kettle"}}}
    (setting,) = settings_of(install_app(subscriptions=[hook]), RunSettings()).schedules["hook"]
    assert setting.note == "This version does not listen for webhooks yet."


@pytest.mark.parametrize(
    ("escalation", "words"),
    [
        (None, ("stay open until they are answered", "server")),
        ({"enabled": True, "timeout_hours": 24}, ("expire after 24 h", "spec")),
    ],
)
def test_how_long_questions_stay_open(db, escalation, words):
    app = install_app(escalation=escalation)
    assert found(settings_of(app, RunSettings()).rest)["Questions"] == words


def test_limits_of_runs_come_from_the_server_or_from_its_file(app):
    assert found(settings_of(app, site_config().runs).rest)["Longest run"] == ("60 min", "server")
    update_config("runs", {"wall_clock_minutes": 90})
    assert found(settings_of(app, site_config().runs).rest)["Longest run"] == ("90 min", "file")


def test_a_wrong_limit_in_the_file_is_not_in_force(app):
    data_dir().config.write_text(json.dumps({"runs": {"model_turns": -1}}))
    assert found(settings_of(app, site_config().runs).rest)["Most model turns"] == ("100", "server")


def test_a_schedule_that_cannot_be_read_does_not_stop_the_page(operator_client, app):
    App.objects.update(user_overrides={"subscriptions": {"morning": {"kind": "moon"}}})
    page = operator_client.get(f"/apps/{app.pk}/config/").content.decode()
    assert "is not known" in page


def test_the_page_shows_all_of_it(operator_client, app):
    page = operator_client.get(f"/apps/{app.pk}/config/").content.decode()
    for words in ("In force", "set by you", "from the spec", "server default", "not set", "60 min"):
        assert words in page


def reset(browser, app, key="morning"):
    return browser.post(f"/apps/{app.pk}/schedule/reset/", {"key": key})


def test_a_schedule_can_be_given_back_to_the_spec(operator_client, app):
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    assert reset(operator_client, app).status_code == 302
    assert App.objects.get().user_overrides == {}


def test_resetting_twice_has_no_double_effect(operator_client, app):
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    reset(operator_client, app)
    lines = AuditEntry.objects.count()
    assert reset(operator_client, app).status_code == 302
    assert reset(operator_client, app, "no such subscription").status_code == 302
    assert AuditEntry.objects.count() == lines


def test_resetting_rejects_get(operator_client, app):
    assert operator_client.get(f"/apps/{app.pk}/schedule/reset/").status_code == 405


def test_resetting_refuses_strangers(client, app):
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    assert reset(client, app)["Location"].startswith("/login/")
    assert App.objects.get().user_overrides


def test_resetting_refuses_a_form_without_its_token(operator, app):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    assert reset(browser, app).status_code == 403
