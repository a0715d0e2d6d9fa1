"""The thread in a browser: live, unread, replying, keys, without JavaScript."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from app_manager.models import App
from app_runtime.models import ReadMark, Reply, RunMessage
from app_runtime.statuses import EntryType, Status
from tests.browser.installed import installed_app
from tests.browser.test_every_page import serious
from tests.factories import make_entry, make_run


@pytest.fixture
def app(live_server) -> App:
    app = installed_app()
    now = timezone.now()
    for number in range(40):
        make_entry(
            app, EntryType.MILESTONE, at=now - timedelta(hours=2, minutes=number), summary=f"n{number}."
        )
    return app


def test_new_entries_arrive_and_move_nothing(watched_page, app):
    watched_page.goto(f"/apps/{app.pk}/")
    watched_page.get_by_label("Reply").fill("half a sentence")
    read = watched_page.get_by_text("n20.", exact=True)
    read.scroll_into_view_if_needed()
    before = read.bounding_box()["y"]
    make_entry(app, EntryType.MILESTONE, at=timezone.now(), summary="Lowest price of this year")
    watched_page.get_by_role("link", name="1 new").wait_for()
    assert abs(read.bounding_box()["y"] - before) < 2
    expect(watched_page.get_by_label("Reply")).to_have_value("half a sentence")
    watched_page.get_by_role("link", name="1 new").click()
    expect(watched_page.get_by_text("Lowest price of this year")).to_be_visible()


def test_it_opens_at_the_first_unread_and_keys_lead_there(watched_page, app, operator):
    mark = app.entries.order_by("-ts")[15]
    ReadMark.advance(operator, app, mark.ts, mark.pk)
    watched_page.goto(f"/apps/{app.pk}/")
    line = watched_page.locator("#unread")
    watched_page.wait_for_function("scrollY > 0")
    expect(line).to_be_visible()
    watched_page.keyboard.press(".")
    watched_page.keyboard.press("u")
    assert watched_page.evaluate("document.activeElement.id") == "unread"
    watched_page.evaluate("localStorage.setItem('shortcuts', 'off')")
    watched_page.keyboard.press("f")
    assert watched_page.evaluate("document.activeElement.id") == "unread"


def test_a_reply_is_sent_and_seen(watched_page, app):
    run = make_run(app, Status.RUNNING, at=timezone.now())
    watched_page.goto(f"/apps/{app.pk}/")
    watched_page.get_by_label("Reply").fill("And the teapot?")
    watched_page.keyboard.press("Control+Enter")
    watched_page.get_by_text("waits for the next step").wait_for()
    message = RunMessage.objects.get()
    message.deliver(run, 3, timezone.now())
    watched_page.get_by_text("delivered at step 3").wait_for()


def test_the_same_without_javascript(plain_page, app, operator):
    for number in range(3):
        make_entry(
            app, EntryType.RUN_SKIPPED, at=timezone.now() - timedelta(minutes=number), summary="Quiet."
        )
    mark = app.entries.order_by("-ts")[5]
    ReadMark.advance(operator, app, mark.ts, mark.pk)
    plain_page.goto(f"/apps/{app.pk}/")
    plain_page.get_by_text("3 runs without news").click()
    plain_page.get_by_role("link", name="Show them").click()
    expect(plain_page.get_by_text("Quiet.")).to_have_count(3)
    plain_page.goto(f"/apps/{app.pk}/")
    plain_page.get_by_role("button", name="Mark as read").click()
    expect(plain_page.locator("#unread")).to_have_count(0)
    plain_page.get_by_label("Reply").fill("And the teapot?")
    plain_page.get_by_role("button", name="Send").click()
    expect(plain_page.get_by_text("operator replied")).to_be_visible()
    assert Reply.objects.get().text == "And the teapot?"


def test_the_thread_is_for_everybody(signed_in, app):
    make_entry(app, EntryType.RUN_SKIPPED, at=timezone.now())
    make_entry(app, data={"rows": ["x" * 100] * 50}, at=timezone.now(), summary="line\n\n" * 20)
    page = signed_in.new_page()
    page.goto(f"/apps/{app.pk}/")
    assert serious(page) == []
