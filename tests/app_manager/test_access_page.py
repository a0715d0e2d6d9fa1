"""What an app may do, decided on its page."""

import re

import pytest
from django.test import Client

from app_manager.models import App
from app_manager.pages import last_decision
from app_manager.permissions import digest_of
from halo_site.audit import Actor
from halo_site.models import AuditEntry
from tests.app_manager.factories import NINE, TESTER, install_app
from tests.app_manager.test_spec_updates import update

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(db):
    return install_app(granted=("web", "email"), denied=("memory.space",))


def body(response):
    return response.content.decode()


def save(browser, app, *ticked, base=None):
    data = {"permissions": ticked, "base": digest_of(app.permissions) if base is None else base}
    return browser.post(f"/apps/{app.pk}/access/save/", data)


def test_every_known_permission_can_be_ticked_and_granted_ones_are(operator_client, app):
    page = body(operator_client.get(f"/apps/{app.pk}/access/"))
    assert len(re.findall(r'name="permissions"', page)) == 7
    assert re.findall(r'name="permissions" value="([^"]+)" checked', page) == ["web", "email"]


def test_a_tick_grants_and_its_absence_denies_what_was_asked_or_granted(operator_client, app):
    assert save(operator_client, app, "memory.space", "im-push").status_code == 302
    assert App.objects.get().permissions == {
        "granted": ["memory.space", "im-push"],
        "denied": ["web", "email"],
    }


def test_a_decision_is_in_the_log_and_on_the_page(operator_client, app):
    save(operator_client, app, "web")
    assert AuditEntry.objects.get(verb="decide_permissions").actor == "person:operator"
    assert "Last decided by operator" in body(operator_client.get(f"/apps/{app.pk}/access/"))


def test_an_update_that_decided_nothing_is_not_the_last_decision(app):
    app.decide_permissions([], ["web"], actor=Actor("person", "ada"), now=NINE)
    update(app, version="2.0")
    assert last_decision(app).who == "ada"
    update(app, permissions=["ai-terminal"], denied=["ai-terminal"])
    assert last_decision(app).who == "system:tests"


def test_saving_twice_has_no_double_effect(operator_client, app):
    base = digest_of(app.permissions)
    save(operator_client, app, "web", base=base)
    assert save(operator_client, app, "web", base=base).status_code == 302
    assert AuditEntry.objects.filter(verb="decide_permissions").count() == 1


def test_who_comes_second_is_told_who_was_first_and_keeps_the_ticks(operator_client, app):
    base = digest_of(app.permissions)
    app.decide_permissions([], ["web"], actor=TESTER, now=NINE)
    response = save(operator_client, app, "web", "im-push", base=base)
    page = body(response)
    assert response.status_code == 409
    assert "It was system:tests." in page
    assert re.findall(r'name="permissions" value="([^"]+)" checked', page) == ["web", "im-push"]
    assert App.objects.get().permissions == {"granted": [], "denied": ["web"]}


def test_after_a_409_saving_again_decides(operator_client, app):
    base = digest_of(app.permissions)
    app.decide_permissions([], ["web"], actor=TESTER, now=NINE)
    page = body(save(operator_client, app, "web", base=base))
    shown = re.findall(r'name="base" value="(\w+)"', page)[0]
    assert save(operator_client, app, "web", base=shown).status_code == 302
    assert App.objects.get().permissions["granted"] == ["web"]


def test_a_form_without_its_base_decides_nothing(operator_client, app):
    assert operator_client.post(f"/apps/{app.pk}/access/save/", {"permissions": ["web"]}).status_code == 409
    assert App.objects.get().permissions["granted"] == ["web", "email"]


def test_an_unknown_permission_is_refused(operator_client, app):
    assert save(operator_client, app, "root").status_code == 422
    assert App.objects.get().permissions["granted"] == ["web", "email"]


def test_it_rejects_get(operator_client, app):
    assert operator_client.get(f"/apps/{app.pk}/access/save/").status_code == 405


def test_it_refuses_strangers(client, app):
    assert save(client, app)["Location"].startswith("/login/")
    assert App.objects.get().permissions["granted"] == ["web", "email"]


def test_it_refuses_a_form_without_its_token(operator, app):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    assert save(browser, app).status_code == 403


def test_an_unknown_app_is_not_found(operator_client):
    assert operator_client.post("/apps/none/access/save/").status_code == 404
