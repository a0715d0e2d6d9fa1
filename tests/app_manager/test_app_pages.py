"""Configuration, spec, access and memory of an installed app."""

import re

import pytest
from django.test import Client

from app_manager.models import App
from halo_site.models import AuditEntry
from scheduler.models import Job
from tests.app_manager.factories import LIMIT, NINE, PAGE, TESTER, install_app, spec_text, uninstall

pytestmark = pytest.mark.django_db

TABS = ("config", "spec", "access", "memory")


def body(response):
    return response.content.decode()


def url(app, verb):
    return f"/apps/{app.pk}/{verb}/"


@pytest.fixture
def app(db):
    return install_app(config_schema=[PAGE, LIMIT], granted=("web",), denied=("memory.space",))


def save(browser, app, page="https://example.org/", limit="20"):
    return browser.post(url(app, "config/save"), {"config-page": page, "config-limit": limit})


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_has_the_head_and_says_where_it_is(operator_client, app, tab):
    page = body(operator_client.get(url(app, tab)))
    assert "daily at 09:00" in page
    assert page.count('aria-current="page"') >= 1


@pytest.mark.parametrize("tab", [*TABS, "spec/download"])
def test_an_unknown_app_is_not_found(operator_client, tab):
    assert operator_client.get(f"/apps/none/{tab}/").status_code == 404


@pytest.mark.parametrize("tab", TABS)
def test_strangers_see_nothing(client, app, tab):
    assert client.get(url(app, tab)).status_code == 302


@pytest.mark.parametrize("tab", TABS)
def test_a_page_writes_nothing(operator_client, app, tab):
    before = list(App.objects.values()), AuditEntry.objects.count()
    operator_client.get(url(app, tab))
    assert (list(App.objects.values()), AuditEntry.objects.count()) == before


@pytest.mark.parametrize("tab", TABS)
def test_a_page_asks_no_more_as_apps_are_added(operator_client, app, tab, django_assert_max_num_queries):
    operator_client.get(url(app, tab))
    with django_assert_max_num_queries(100) as few:
        operator_client.get(url(app, tab))
    for number in range(10):
        install_app(name=f"Kettle {number}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        operator_client.get(url(app, tab))


def test_each_value_shows_where_it_comes_from(operator_client, app):
    app.configure({"limit": 7}, actor=TESTER, now=NINE)
    sources = {row.item.key: row.source for row in operator_client.get(url(app, "config")).context["rows"]}
    assert sources == {"page": "not set", "limit": "set by you"}


def test_saving_stores_the_values(operator_client, app):
    response = save(operator_client, app, limit="7")
    assert response.status_code == 302
    assert App.objects.get().user_config == {"page": "https://example.org/", "limit": 7}


def test_saving_writes_the_keys_and_not_the_values_to_the_audit_log(operator_client, app):
    save(operator_client, app)
    line = AuditEntry.objects.get(verb="configure")
    assert (line.actor, line.summary, line.after) == ("person:operator", "page", None)


def test_an_app_that_only_waited_for_its_configuration_becomes_active(operator_client, app):
    assert app.status == "paused"
    save(operator_client, app)
    app.refresh_from_db()
    assert (app.status, app.error_message) == ("active", None)


def test_an_app_that_a_person_paused_stays_paused(operator_client, app):
    App.objects.update(error_message=None)
    save(operator_client, app)
    assert App.objects.get().status == "paused"


def test_an_uninstalled_app_does_not_come_back_by_saving(operator_client, app):
    uninstall(app)
    save(operator_client, app)
    assert App.objects.get().status == "uninstalled"


def test_saving_twice_has_no_double_effect(operator_client, app):
    save(operator_client, app)
    lines = AuditEntry.objects.count()
    save(operator_client, app)
    assert AuditEntry.objects.count() == lines


def test_a_wrong_value_is_said_beside_its_field_and_kept(operator_client, app):
    response = save(operator_client, app, limit="many")
    assert response.status_code == 422
    assert 'value="many"' in body(response)
    assert App.objects.get().user_config == {}


def test_a_required_value_cannot_be_saved_empty(operator_client, app):
    assert save(operator_client, app, page="").status_code == 422


def test_a_value_can_be_given_back_to_the_spec(operator_client, app):
    app.configure({"limit": 7}, actor=TESTER, now=NINE)
    operator_client.post(url(app, "config/reset"), {"key": "limit"})
    assert App.objects.get().configuration == {"limit": 20}


def test_a_value_that_was_reset_already_stays_so(operator_client, app):
    lines = AuditEntry.objects.count()
    operator_client.post(url(app, "config/reset"), {"key": "limit"})
    assert AuditEntry.objects.count() == lines


@pytest.mark.parametrize("verb", ["config/save", "config/reset"])
def test_it_rejects_get(operator_client, app, verb):
    assert operator_client.get(url(app, verb)).status_code == 405


@pytest.mark.parametrize("verb", ["config/save", "config/reset"])
def test_it_refuses_strangers(client, app, verb):
    response = client.post(url(app, verb), {"config-page": "https://example.org/", "key": "limit"})
    assert response["Location"].startswith("/login/")
    assert App.objects.get().user_config == {}


@pytest.mark.parametrize("verb", ["config/save", "config/reset"])
def test_it_refuses_a_form_without_its_token(operator, app, verb):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    assert browser.post(url(app, verb), {"key": "limit"}).status_code == 403


def test_an_app_without_a_form_says_so(operator_client):
    app = install_app(name="Plain")
    assert "Nothing to configure" in body(operator_client.get(url(app, "config")))


def test_the_spec_is_shown_as_it_was_installed(operator_client):
    text = "# of the author\n" + spec_text()
    app = install_app(text)
    assert "# of the author" in body(operator_client.get(url(app, "spec")))


def test_the_spec_can_be_downloaded_byte_for_byte(operator_client):
    text = "# 水\n" + spec_text()
    response = operator_client.get(url(install_app(text), "spec/download"))
    assert body(response) == text
    assert response["Content-Disposition"] == 'attachment; filename="spec.yaml"'


def test_access_shows_each_permission_with_where_it_stands(operator_client, app):
    rows = operator_client.get(url(app, "access")).context["form"].permission_rows
    assert [(row.name, row.is_asked, ticked) for row, ticked in rows[:3]] == [
        ("web", True, True),
        ("memory.space", True, False),
        ("notification.send", False, False),
    ]


def test_memory_shows_what_the_app_remembers(operator_client, app):
    (app.folder / "memory.md").write_text("# now\n\nThe kettle costs 17.20.\n")
    assert "The kettle costs 17.20." in body(operator_client.get(url(app, "memory")))


def test_the_memory_of_an_app_whose_space_is_gone_is_not_found(operator_client, app):
    App.objects.update(space_id="gone")
    assert operator_client.get(url(app, "memory")).status_code == 404


@pytest.mark.parametrize("tab", ["config", "spec", "access"])
def test_an_app_whose_space_is_gone_still_has_its_other_pages(operator_client, app, tab):
    App.objects.update(space_id="gone")
    assert "its space is not in the index" in body(operator_client.get(url(app, tab)))


def test_the_next_time_is_shown_only_while_the_clock_may_start_the_app(operator_client, app):
    next_time = re.compile(r">(next|was due) <time")
    assert not next_time.search(body(operator_client.get(url(app, "spec"))))
    save(operator_client, app)
    assert next_time.search(body(operator_client.get(url(app, "spec"))))


def test_an_app_of_another_type_says_that_it_does_not_run_by_itself(operator_client):
    app = install_app(type="skill", subscriptions=None)
    for address in (url(app, "spec"), "/apps/"):
        assert "of the type skill: does not run by itself" in body(operator_client.get(address))


def test_a_required_value_that_is_given_back_pauses_the_app_and_the_page_says_so(operator_client, app):
    save(operator_client, app)
    assert App.objects.get().status == "active"
    response = operator_client.post(url(app, "config/reset"), {"key": "page"}, follow=True)
    stored = App.objects.get()
    assert (stored.status, stored.error_message) == ("paused", "needs configuration: Page")
    assert "A required value is missing now" in body(response)


def test_nobody_is_offered_a_run_that_would_be_refused(operator_client, app):
    button = f'action="/apps/{app.pk}/run/"'
    assert button not in body(operator_client.get(f"/apps/{app.pk}/"))
    save(operator_client, app)
    assert button in body(operator_client.get(f"/apps/{app.pk}/"))


def test_a_schedule_that_is_switched_off_says_so(operator_client):
    app = install_app()
    Job.objects.update(enabled=False)
    assert "(switched off)" in body(operator_client.get(f"/apps/{app.pk}/"))
