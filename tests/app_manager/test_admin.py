"""Installed apps in Django's admin: to read."""

import json

import pytest
from django.contrib.auth.models import Permission, User

from app_manager.models import App
from halo_site.models import AuditEntry
from scheduler.models import Job
from tests.app_manager.factories import LIMIT, install_app, space
from tests.factories import add_space, set_status

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


def test_no_app_is_deleted_in_one_step(operator_client):
    app = install_app()
    assert operator_client.post(f"{LIST}{app.pk}/delete/", {"post": "yes"}).status_code == 403


def fill(client, app, **changes):
    """Save the form of an app with some fields written otherwise."""
    data = {
        "space_id": app.space_id,
        "configuration": json.dumps(app.user_config),
        "granted_and_denied": json.dumps(app.permissions),
        "overrides": json.dumps(app.user_overrides),
        **changes,
    }
    return client.post(f"{LIST}{app.pk}/change/", data)


def errors(response):
    assert response.status_code == 200, response.headers
    return response.context["adminform"].form.errors


def test_a_form_that_changes_nothing_leaves_no_line(operator_client):
    app = install_app()
    before = AuditEntry.objects.count()
    assert fill(operator_client, app).status_code == 302
    assert AuditEntry.objects.count() == before


def test_an_app_is_moved_by_its_verb(operator_client):
    app, work = install_app(), add_space("Work")
    assert fill(operator_client, app, space_id=work.id).status_code == 302
    assert App.objects.get().data_path == str(app.folder)
    line = AuditEntry.objects.latest("id")
    assert (line.verb, line.actor) == ("move", "person:operator")


def test_a_configuration_that_does_not_fit_is_said_beside_its_field(operator_client):
    app = install_app(config_schema=[LIMIT])
    response = fill(operator_client, app, configuration='{"limit": "many", "other": 1}')
    assert "limit: " in errors(response)["configuration"][0]
    assert App.objects.get().user_config == {}


def test_a_configuration_is_stored_by_its_verb(operator_client):
    app = install_app(config_schema=[LIMIT])
    fill(operator_client, app, configuration='{"limit": 7}')
    assert App.objects.get().user_config == {"limit": 7}
    assert AuditEntry.objects.latest("id").verb == "configure"


def test_permissions_are_decided_by_their_verb(operator_client):
    app = install_app()
    fill(operator_client, app, granted_and_denied='{"granted": ["web"], "denied": ["email"]}')
    assert App.objects.get().permissions == {"granted": ["web"], "denied": ["email"]}
    assert AuditEntry.objects.latest("id").verb == "decide_permissions"


@pytest.mark.parametrize(
    "value",
    ["{", "[]", "3", '{"granted": "web"}', '{"granted": [3]}', '{"granted": ["zz"]}', '{"allowed": []}'],
)
def test_permissions_that_are_none_are_refused(operator_client, value):
    app = install_app()
    assert errors(fill(operator_client, app, granted_and_denied=value))["granted_and_denied"]


def test_a_schedule_of_ones_own_is_written_to_the_job(operator_client):
    app = install_app()
    own = {"kind": "every", "every": "2h"}
    fill(operator_client, app, overrides=json.dumps({"subscriptions": {"morning": own}}))
    assert App.objects.get().user_overrides == {"subscriptions": {"morning": own}}
    assert Job.objects.get().schedule == own


@pytest.mark.parametrize("rule", [{"kind": "every", "every": "1s"}, {"kind": "no"}, 3, None])
def test_a_schedule_that_cannot_be_is_refused(operator_client, rule):
    app = install_app()
    written = json.dumps({"subscriptions": {"morning": rule}, "other": 1})
    assert errors(fill(operator_client, app, overrides=written))["overrides"]
    assert App.objects.get().user_overrides == {}


def act(client, verb, *apps, **more):
    return client.post(
        LIST, {"action": verb, "_selected_action": [app.pk for app in apps], **more}, follow=True
    )


VERBS = {"pause": "paused", "resume": "active", "uninstall": "uninstalled", "reinstall": "active"}
FROM = {"pause": "active", "resume": "paused", "uninstall": "active", "reinstall": "uninstalled"}


@pytest.mark.parametrize("verb", VERBS)
def test_an_action_does_its_verb_on_each(operator_client, verb):
    apps = [install_app(name=name) for name in ("One", "Two")]
    for app in apps:
        set_status(app, FROM[verb])
    act(operator_client, verb, *apps)
    assert set(App.objects.values_list("status", flat=True)) == {VERBS[verb]}
    assert AuditEntry.objects.filter(verb=verb, actor="person:operator").count() == 2


def test_an_action_says_how_many_were_done_and_which_refused(operator_client):
    apps = [install_app(name=name) for name in ("One", "Two")]
    set_status(apps[0], "paused")
    text = act(operator_client, "pause", *apps).content.decode()
    assert "1 paused." in text
    assert "1 refused: One is paused already." in text


def test_a_deletion_is_asked_for_twice(operator_client):
    app = install_app()
    set_status(app, "uninstalled")
    assert "Delete for ever?" in act(operator_client, "delete_permanently", app).content.decode()
    assert App.objects.exists()
    act(operator_client, "delete_permanently", app, confirmed="yes")
    assert not App.objects.exists()


def test_an_installed_app_is_not_deleted(operator_client):
    app = install_app()
    text = act(operator_client, "delete_permanently", app, confirmed="yes").content.decode()
    assert "Uninstall it first" in text
    assert App.objects.exists()


def test_the_spaces_are_beside_the_tables(operator_client):
    assert 'href="/spaces/"' in operator_client.get("/admin/").content.decode()


@pytest.mark.parametrize("verb", [*VERBS, "delete_permanently"])
def test_who_may_only_look_does_nothing(client, verb):
    app = install_app()
    set_status(app, FROM.get(verb, "uninstalled"))
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_app"))
    client.force_login(viewer)
    assert act(client, verb, app, confirmed="yes").status_code == 403
    assert App.objects.get().status == FROM.get(verb, "uninstalled")
    assert fill(client, app, space_id="x").status_code == 403


def test_it_asks_no_more_as_apps_are_added(operator_client, django_assert_max_num_queries):
    install_app()
    operator_client.get(LIST)
    with django_assert_max_num_queries(100) as few:
        operator_client.get(LIST)
    for number in range(10):
        install_app(name=f"Kettle {number}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        operator_client.get(LIST)
