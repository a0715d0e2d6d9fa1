"""The schedule in a browser: keys of the day, a list that keeps itself new, an answer without a script."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from halo_site.models import Heartbeat
from scheduler.models import Job, Slot
from tests.factories import make_app


@pytest.fixture
def job(transactional_db) -> Job:
    """Of an app that is due every hour, with a clock that ticks."""
    source = {"type": "schedule", "config": {"every": "1h"}}
    make_app(now=timezone.now(), subscriptions=[{"id": "hourly", "source": source}])
    Heartbeat.beat("clock", timezone.now())
    return Job.objects.get()


def test_the_keys_move_the_day_and_come_back(job, watched_page):
    page = watched_page
    page.goto("/schedule/day/")
    here = page.locator("h1").inner_text()
    page.keyboard.press("l")
    page.wait_for_url("**/schedule/day/?from=*")
    expect(page.locator("h1")).not_to_have_text(here)
    page.keyboard.press("0")
    page.wait_for_url("**/schedule/day/")
    page.keyboard.press("h")
    page.wait_for_url("**/schedule/day/?from=*")


def test_keys_that_are_switched_off_do_nothing(job, watched_page):
    page = watched_page
    page.goto("/schedule/day/")
    page.get_by_text("Keys", exact=True).click()
    page.get_by_label("Use keys in this browser").uncheck()
    page.keyboard.press("l")
    page.goto("/schedule/")
    assert page.evaluate("localStorage.getItem('shortcuts')") == "off"
    page.goto("/schedule/day/")
    page.keyboard.press("l")
    page.wait_for_url("**/schedule/day/")


def test_the_list_shows_a_changed_next_time_by_itself(job, watched_page):
    page = watched_page
    page.clock.install()
    page.goto("/schedule/")
    page.get_by_text("in 59 min").wait_for()
    Job.objects.update(next_run_at=timezone.now() + timedelta(hours=3, minutes=20, seconds=30))
    page.clock.fast_forward(11_000)
    page.get_by_text("in 3 h 20 min").wait_for()


def test_the_ledger_answers_without_a_script(job, plain_page):
    due = (timezone.now() - timedelta(hours=2)).replace(second=0, microsecond=0)
    Job.objects.update(created_at=due - timedelta(days=1))
    Slot.objects.create(job=job, due_at=due, verdict="skipped", reason="paused")
    page = plain_page
    page.goto("/schedule/")
    page.get_by_role("link", name="Kettle Watch").click()
    page.get_by_label("Time in").fill(f"{timezone.localtime(due):%Y-%m-%dT%H:%M:%S}")
    page.get_by_role("button", name="Ask the ledger").click()
    expect(page.get_by_role("status").filter(has_text="It was skipped")).to_have_count(1)
    expect(page.locator(".why-words")).to_have_text("It was skipped because the app was paused.")
