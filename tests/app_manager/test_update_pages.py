"""From the spec in force to another one, in a browser without JavaScript; and back."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from app_manager.models import App, SpecVersion
from halo_site.models import AuditEntry
from tests.app_manager.factories import (
    BROKEN,
    LIMIT,
    NINE,
    PAGE,
    TESTER,
    install_app,
    spec_text,
    uninstall,
)
from tests.app_manager.test_escaping import PAYLOADS, assert_harmless, hostile
from tests.app_manager.test_spec_updates import HOURLY, everything, subscription, update

pytestmark = pytest.mark.django_db

NEWER = spec_text(version="2.0", permissions=["web", "memory.space", "email"])
PAGES = ("spec/update/", "spec/versions/1/", "spec/versions/1/restore/")
VERBS = ("spec/update/preview/", "spec/update/confirm/")


def body(response):
    return unescape(response.content.decode())


@pytest.fixture
def app(db):
    return install_app(granted=("web",), denied=("memory.space",))


def url(app, rest=""):
    return f"/apps/{app.pk}/spec/{rest}"


def preview(browser, app, text=NEWER):
    return browser.post(url(app, "update/preview/"), {"spec_text": text})


def confirm(browser, app, text=NEWER, *ticked, base=None):
    data = {"spec_text": text, "base": base or app.spec_digest, "permissions": ticked}
    return browser.post(url(app, "update/confirm/"), data)


def test_the_spec_in_force_stands_there_to_be_changed(operator_client, app):
    assert app.spec_text in body(operator_client.get(url(app, "update/")))


def test_the_preview_changes_nothing(operator_client, app):
    before = everything()
    assert preview(operator_client, app).status_code == 200
    assert everything() == before


def test_a_chosen_file_counts(operator_client, app):
    data = {"spec_text": "", "spec_file": SimpleUploadedFile("spec.yaml", NEWER.encode())}
    assert "Update from 1.0 to 2.0?" in body(operator_client.post(url(app, "update/preview/"), data))


def test_the_preview_shows_both_texts_with_the_changed_words(operator_client, app):
    page = body(preview(operator_client, app, spec_text(description="Watches two kettles.")))
    assert "<ins>two kettles</ins>" in page
    assert "taken out:" in page
    assert "put in:" in page


def test_the_preview_says_schedules_in_words_with_five_times(operator_client, app):
    page = body(preview(operator_client, app, spec_text(subscriptions=[subscription("morning", "30m")])))
    assert "<del>daily at 09:00</del> → every 30 min" in page
    assert len(re.findall(r'<time class="num"', page)) == 5


def test_the_preview_says_what_goes_and_what_comes(operator_client, app):
    page = preview(operator_client, app, spec_text(subscriptions=[subscription("daily")])).context["page"]
    assert [(change.id, change.is_new, change.is_gone) for change in page.triggers] == [
        ("daily", True, False),
        ("morning", False, True),
    ]


def test_the_preview_says_that_an_own_schedule_stays(operator_client, app):
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    page = preview(operator_client, app)
    (change,) = page.context["page"].triggers
    assert (change.is_same, change.is_own, change.after) == (True, True, "every 1 h")
    assert "You set this schedule" in body(page)


def test_a_schedule_that_cannot_be_read_does_not_stop_the_preview(operator_client, app):
    App.objects.update(user_overrides={"subscriptions": {"morning": {"kind": "moon"}}})
    page = preview(operator_client, app)
    assert page.context["page"].update.dropped_overrides == ("morning",)


def test_what_is_asked_anew_comes_first_and_is_not_ticked(operator_client, app):
    page = preview(operator_client, app)
    assert [row.row.name for row in page.context["page"].undecided] == ["email"]
    assert re.findall(r'name="permissions" value="([^"]+)"( checked)?', body(page)) == [("email", "")]


def test_the_preview_names_values_that_go_and_values_that_are_missing(operator_client):
    app = install_app(config_schema=[LIMIT], configuration={"limit": 7})
    page = body(preview(operator_client, app, spec_text(config_schema=[PAGE])))
    assert "Your value does not fit the new spec and goes." in page
    assert "The app is paused until somebody gives it this value." in page


def test_the_spec_in_force_needs_no_update(operator_client, app):
    page = body(preview(operator_client, app, app.spec_text))
    assert "This spec is in force already" in page
    assert "update/confirm/" not in page


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("verb", VERBS)
def test_a_broken_spec_is_shown_with_its_problems_and_its_text(operator_client, app, text, verb):
    before = everything()
    response = operator_client.post(f"/apps/{app.pk}/{verb}", {"spec_text": text, "base": app.spec_digest})
    assert response.status_code == 422
    assert response.context["page"].problems
    assert response.context["page"].text == text
    assert everything() == before


def test_confirming_puts_the_spec_in_force(operator_client, app):
    response = confirm(operator_client, app, NEWER.replace("\n", "\r\n"), "email")
    assert response["Location"] == url(app)
    stored = App.objects.get()
    assert (stored.spec_text, stored.permissions["granted"]) == (NEWER, ["web", "email"])
    assert AuditEntry.objects.get(verb="update_spec").actor == "person:operator"


def test_what_is_asked_anew_and_not_ticked_is_denied(operator_client, app):
    confirm(operator_client, app)
    assert App.objects.get().permissions == {"granted": ["web"], "denied": ["memory.space", "email"]}


def test_confirming_twice_has_no_double_effect(operator_client, app):
    base = app.spec_digest
    confirm(operator_client, app, base=base)
    assert confirm(operator_client, app, base=base).status_code == 302
    assert SpecVersion.objects.count() == AuditEntry.objects.filter(verb="update_spec").count() == 1


def test_a_spec_that_moved_on_is_a_409_that_keeps_the_text_and_the_ticks(operator_client, app):
    base = app.spec_digest
    update(app, version="1.5")
    response = confirm(operator_client, app, NEWER, "email", base=base)
    assert response.status_code == 409
    page = response.context["page"]
    assert (page.update.text, page.ticked, page.base) == (NEWER, {"email"}, app.spec_digest)
    assert "Update from 1.5 to 2.0?" in body(response)
    assert App.objects.get().parsed_spec.version == "1.5"


def test_after_a_409_the_same_page_can_be_confirmed(operator_client, app):
    base = app.spec_digest
    update(app, version="1.5")
    page = confirm(operator_client, app, NEWER, base=base).context["page"]
    assert confirm(operator_client, app, page.update.text, base=page.base).status_code == 302
    assert App.objects.get().parsed_spec.version == "2.0"


def test_a_form_without_its_base_changes_nothing(operator_client, app):
    assert operator_client.post(url(app, "update/confirm/"), {"spec_text": NEWER}).status_code == 409
    assert App.objects.get().parsed_spec.version == "1.0"


def test_a_taken_name_is_said_and_the_text_is_kept(operator_client, app):
    install_app(name="Teapot Watch")
    response = confirm(operator_client, app, spec_text(name="Teapot Watch"))
    assert response.status_code == 409
    assert "Another app of this space is called “Teapot Watch”" in body(response)
    assert response.context["page"].update.text == spec_text(name="Teapot Watch")


def test_an_uninstalled_app_cannot_be_updated(operator_client, app):
    uninstall(app)
    assert confirm(operator_client, app).status_code == 422
    assert "spec/update/" not in body(operator_client.get(url(app)))


def test_what_was_dropped_is_said(operator_client):
    app = install_app(config_schema=[LIMIT], configuration={"limit": 7})
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    text = spec_text(config_schema=[PAGE], subscriptions=[subscription("daily")])
    data = {"spec_text": text, "base": app.spec_digest}
    page = body(operator_client.post(url(app, "update/confirm/"), data, follow=True))
    assert "Dropped from the configuration: limit." in page
    assert "Schedules of yours that went with them: morning." in page
    assert "It cannot run before it has Page." in page


def test_previous_specs_are_listed_with_who_replaced_them(operator_client, app):
    confirm(operator_client, app)
    (row,) = operator_client.get(url(app)).context["versions"]
    assert (row.number, row.version, row.replaced.who) == (1, "1.0", "operator")


def test_the_list_of_previous_specs_asks_once(operator_client, app, django_assert_max_num_queries):
    update(app, version="2.0")
    operator_client.get(url(app))
    with django_assert_max_num_queries(100) as few:
        operator_client.get(url(app))
    for number in range(10):
        update(app, version=f"3.{number}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        operator_client.get(url(app))


def test_a_previous_spec_is_shown_and_compared(operator_client, app):
    before = app.spec_text
    confirm(operator_client, app)
    response = operator_client.get(url(app, "versions/1/"))
    assert before in body(response)
    assert (response.context["diff"].removed, response.context["diff"].added) == (1, 2)


def test_restoring_is_an_update_to_that_text(operator_client, app):
    before = app.spec_text
    confirm(operator_client, app)
    page = operator_client.get(url(app, "versions/1/restore/")).context["page"]
    app.refresh_from_db()
    assert (page.number, page.update.text) == (1, before)
    confirm(operator_client, app, page.update.text, base=page.base)
    assert App.objects.get().spec_text == before
    assert SpecVersion.objects.count() == 2


@pytest.mark.parametrize("number", ["2", "0", "99999999999999999999", "x"])
@pytest.mark.parametrize("rest", ["versions/{}/", "versions/{}/restore/"])
def test_a_spec_that_is_not_kept_is_not_found(operator_client, app, number, rest):
    update(app, version="2.0")
    assert operator_client.get(url(app, rest.format(number))).status_code == 404


def test_a_previous_spec_of_another_app_is_not_found(operator_client, app):
    update(app, version="2.0")
    other = install_app(name="Other")
    assert operator_client.get(url(other, "versions/1/")).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_a_page_writes_nothing(operator_client, app, page):
    update(app, version="2.0")
    before = everything()
    assert operator_client.get(f"/apps/{app.pk}/{page}").status_code == 200
    assert everything() == before


@pytest.mark.parametrize("page", PAGES)
def test_strangers_see_nothing(client, app, page):
    assert client.get(f"/apps/{app.pk}/{page}")["Location"].startswith("/login/")


@pytest.mark.parametrize("verb", VERBS)
def test_it_rejects_get(operator_client, app, verb):
    assert operator_client.get(f"/apps/{app.pk}/{verb}").status_code == 405


@pytest.mark.parametrize("verb", VERBS)
def test_it_refuses_strangers(client, app, verb):
    response = client.post(f"/apps/{app.pk}/{verb}", {"spec_text": NEWER, "base": app.spec_digest})
    assert response.status_code == 403  # with the text given back, and a way to sign in
    assert "/login/" in response.content.decode()
    assert App.objects.get().parsed_spec.version == "1.0"


@pytest.mark.parametrize("verb", VERBS)
def test_it_refuses_a_form_without_its_token(operator, app, verb):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    data = {"spec_text": NEWER, "base": app.spec_digest}
    assert browser.post(f"/apps/{app.pk}/{verb}", data).status_code == 403
    assert App.objects.get().parsed_spec.version == "1.0"


@pytest.mark.parametrize("verb", [*PAGES, *VERBS])
def test_an_unknown_app_is_not_found(operator_client, verb):
    method = operator_client.post if verb in VERBS else operator_client.get
    assert method(f"/apps/none/{verb}", {"spec_text": NEWER}).status_code == 404


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_texts_are_shown_as_text(operator_client, payload):
    app = install_app(hostile(payload))
    other = hostile(payload).replace("version: ", "version: 2 ", 1) + "\nauthor_note: " + repr(payload)
    assert_harmless(preview(operator_client, app, spec_text(version=payload, description=payload)))
    assert_harmless(preview(operator_client, app, other))
    confirm(operator_client, app, spec_text(version=payload))
    for rest in ("", "versions/1/", "versions/1/restore/"):
        assert_harmless(operator_client.get(url(app, rest)))


def test_a_spec_of_a_mebibyte_can_be_compared(operator_client, app):
    padding = "# tea\n" * ((1024 * 1024 - len(NEWER)) // 6 - 1)
    response = preview(operator_client, app, NEWER + padding)
    assert response.status_code == 200
    assert len(response.content) < 6 * 1024 * 1024
