"""From a pasted or chosen spec to an installed app, in a browser without JavaScript."""

import re

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from app_manager.models import App
from scheduler.models import Job
from tests.app_manager.factories import (
    BROKEN,
    GOOD,
    LIMIT,
    PAGE,
    everything_below_spaces,
    install_app,
    space,
    spec_text,
    uninstall,
)
from tests.factories import SPEC
from tests.shared import shared_path

pytestmark = pytest.mark.django_db

NEW, PREVIEW, INSTALL = "/apps/new/", "/apps/new/preview/", "/apps/new/install/"
SPECS = sorted(
    "specs/" + name
    for name in (
        *("ai-daily-news.yaml", "boss-job-monitor.yaml", "cicd-failure-analyst.yaml"),
        *("complexity-watchdog.yaml", "dependency-vulnerability-scanner.yaml", "ecom-price-monitor.yaml"),
        *("github-pr-reviewer.yaml", "jd-price-hunter.yaml", "release-gatekeeper.yaml"),
        *("site-health-monitor.yaml", "tender-radar.yaml", "train-ticket-watcher.yaml"),
        *("wechat-group-assistant-http.yaml", "weibo-hot-tracker.yaml", "xianyu-deal-hunter.yaml"),
        *("xiaohongshu-keyword-monitor.yaml", "zhihu-ai-answerer.yaml"),
    )
)


def body(response):
    return response.content.decode()


def sent(text=GOOD, **more):
    return {"spec_text": text, "space": space().id, "permissions": ["web", "memory.space"], **more}


def upload(content, name="spec.yaml"):
    return {"spec_text": "", "spec_file": SimpleUploadedFile(name, content)}


def as_a_browser_would(page):
    """The fields of the preview's form as they stand in it."""
    form = page.context["page"]
    data = {"spec_text": form.text, "space": form.form["space"].value()}
    data["permissions"] = form.form["permissions"].value()
    for name in form.configuration.fields:
        field = form.configuration[name]
        value = field.field.prepare_value(field.value())
        if value is not None and value is not False:
            data[field.html_name] = "on" if value is True else value
    return data


def test_the_page_takes_a_text_or_a_file_in_one_form(operator_client):
    page = body(operator_client.get(NEW))
    assert 'enctype="multipart/form-data"' in page
    assert page.count('name="spec_text"') == page.count('name="spec_file"') == 1


def test_the_preview_says_the_schedule_in_words_with_five_times(operator_client):
    page = body(operator_client.post(PREVIEW, {"spec_text": GOOD}))
    assert "daily at 09:00" in page
    assert len(re.findall(r'<time class="num"', page)) == 5


def test_the_preview_installs_nothing(operator_client):
    before = everything_below_spaces()
    operator_client.post(PREVIEW, {"spec_text": GOOD})
    assert not App.objects.exists()
    assert everything_below_spaces() == before


def test_the_preview_says_what_this_version_does_not_listen_for(operator_client):
    hook = {"id": "hook", "source": {"type": "webhook", "config": {"path": "kettle"}}}
    page = body(operator_client.post(PREVIEW, {"spec_text": spec_text(subscriptions=[hook])}))
    assert "/hooks/kettle" in page
    assert "This version does not listen for webhooks yet." in page


def test_the_preview_ticks_what_the_spec_asks_for_and_offers_the_rest(operator_client):
    page = body(operator_client.post(PREVIEW, {"spec_text": GOOD}))
    assert re.findall(r'name="permissions" value="([^"]+)" checked', page) == ["web", "memory.space"]
    assert 'name="permissions" value="email">' in page


def test_the_preview_tells_of_an_uninstalled_app_of_that_name(operator_client):
    uninstall(install_app())
    assert "restores it with its history" in body(operator_client.post(PREVIEW, {"spec_text": GOOD}))


def test_a_chosen_file_counts_and_not_the_text(operator_client):
    data = {**upload(spec_text(name="From a file").encode()), "spec_text": GOOD}
    assert "From a file" in body(operator_client.post(PREVIEW, data))


def test_a_file_with_a_byte_order_mark_is_read(operator_client):
    assert operator_client.post(PREVIEW, upload(b"\xef\xbb\xbf" + GOOD.encode())).status_code == 200


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x00\x01\x02\x03", "not a text file"),
        (b"\xff\xfen\x00a\x00", "UTF-16"),
        (b"name: \xe9", "not UTF-8"),
        (b"x" * 10 * 1024 * 1024, "10.0 MiB, the most is 1 MiB"),
        (b"# " + b"x" * 1024 * 1024, "1 MiB"),
        (b"", "empty"),
    ],
)
def test_a_file_that_is_no_spec_is_refused_with_a_sentence(operator_client, content, sentence):
    response = operator_client.post(PREVIEW, upload(content))
    assert response.status_code == 422
    assert sentence in body(response)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_spec_is_shown_with_its_problems_and_its_text(operator_client, text):
    response = operator_client.post(PREVIEW, {"spec_text": text})
    assert response.status_code == 422
    assert response.context["page"].problems
    assert response.context["page"].text == text


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_spec_is_not_installed(operator_client, text):
    before = everything_below_spaces()
    assert operator_client.post(INSTALL, sent(text)).status_code == 422
    assert not App.objects.exists()
    assert everything_below_spaces() == before


def test_a_problem_stands_with_its_line(operator_client):
    assert "Line 3, column 1" in body(operator_client.post(PREVIEW, {"spec_text": "a: 1\nb: 2\na: 3\n"}))


def test_installing_leads_to_the_app(operator_client):
    response = operator_client.post(INSTALL, sent())
    assert response.status_code == 302
    assert response["Location"] == reverse("app_runtime:app_thread", args=[App.objects.get().pk])


def test_line_ends_of_browsers_do_not_change_the_spec(operator_client):
    operator_client.post(INSTALL, sent(GOOD.replace("\n", "\r\n")))
    assert App.objects.get().spec_text == GOOD


def test_what_is_not_ticked_is_denied(operator_client):
    operator_client.post(INSTALL, sent(permissions=["web", "email"]))
    assert App.objects.get().permissions == {"granted": ["web", "email"], "denied": ["memory.space"]}


def test_the_configuration_is_stored_in_its_types(operator_client):
    text = spec_text(config_schema=[PAGE, LIMIT])
    operator_client.post(INSTALL, {**sent(text), "config-page": "https://example.org/", "config-limit": "7"})
    assert App.objects.get().user_config == {"page": "https://example.org/", "limit": 7}


def test_a_wrong_value_is_said_beside_its_field_and_everything_typed_is_kept(operator_client):
    text = spec_text(config_schema=[PAGE, LIMIT])
    data = {**sent(text, permissions=["email"]), "config-page": "no address", "config-limit": "7"}
    response = operator_client.post(INSTALL, data)
    page = body(response)
    assert response.status_code == 422
    assert "Enter an address" in page
    assert 'value="no address"' in page
    assert 'value="7"' in page
    assert re.findall(r'name="permissions" value="([^"]+)" checked', page) == ["email"]


def test_a_wrong_value_installs_nothing(operator_client):
    before = everything_below_spaces()
    operator_client.post(INSTALL, {**sent(spec_text(config_schema=[LIMIT])), "config-limit": "many"})
    assert not App.objects.exists()
    assert everything_below_spaces() == before


def test_an_unknown_space_or_permission_is_refused(operator_client):
    assert operator_client.post(INSTALL, sent(space="elsewhere")).status_code == 422
    assert operator_client.post(INSTALL, sent(permissions=["root"])).status_code == 422
    assert not App.objects.exists()


def test_with_a_required_value_missing_the_app_is_paused_and_the_page_says_so(operator_client):
    response = operator_client.post(INSTALL, sent(spec_text(config_schema=[PAGE])), follow=True)
    assert App.objects.get().status == "paused"
    assert "needs configuration: Page" in body(response)


def test_installing_twice_has_no_double_effect(operator_client):
    operator_client.post(INSTALL, sent())
    response = operator_client.post(INSTALL, sent())
    assert response.status_code == 409
    assert App.objects.get().pk in body(response)
    assert Job.objects.count() == 1


def test_a_folder_that_cannot_be_made_is_said_on_the_page(operator_client):
    (space().path / "apps").rmdir()
    (space().path / "apps").write_text("in the way")
    response = operator_client.post(INSTALL, sent())
    assert response.status_code == 422
    assert "Nothing was installed" in body(response)
    assert not App.objects.exists()


@pytest.mark.parametrize("path", [PREVIEW, INSTALL])
def test_it_rejects_get(operator_client, path):
    assert operator_client.get(path).status_code == 405


@pytest.mark.parametrize("path", [PREVIEW, INSTALL])
def test_it_refuses_strangers(client, path):
    response = client.post(path, sent())
    assert response.status_code == 403  # with the text given back, and a way to sign in
    assert "/login/" in response.content.decode()
    assert not App.objects.exists()


@pytest.mark.parametrize("path", [PREVIEW, INSTALL])
def test_it_refuses_a_form_without_its_token(operator, path):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    assert browser.post(path, sent()).status_code == 403
    assert not App.objects.exists()


@pytest.mark.parametrize("name", SPECS)
def test_every_shared_spec_installs_as_its_form_stands(operator_client, name):
    text = shared_path(name).read_text()
    page = operator_client.post(PREVIEW, {"spec_text": text})
    assert page.status_code == 200
    assert operator_client.post(INSTALL, as_a_browser_would(page)).status_code == 302
    assert App.objects.get().user_config == {}


@pytest.mark.parametrize(
    ("requires", "said", "unsaid"),
    [
        ({"mcps": [{"id": "shop"}]}, "has the tools of these MCP servers", "skills yet"),
        ({"skills": [{"id": "haggle"}]}, "does not serve skills yet", "these MCP servers"),
    ],
)
def test_the_preview_says_what_of_its_needs_is_served(operator_client, requires, said, unsaid):
    page = body(operator_client.post(PREVIEW, sent(yaml.safe_dump({**SPEC, "requires": requires}))))
    assert said in page
    assert unsaid not in page
