"""The page of a day: lanes with what became of due times and what is to come, and the way to other days."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from halo_site.models import Heartbeat
from scheduler.day_page import DayPage, full_hour, start_of
from scheduler.models import Job, Slot
from scheduler.statuses import Verdict
from tests.factories import make_app, set_status
from tests.scheduler.factories import MINUTE, put_job, put_scheduled

pytestmark = pytest.mark.django_db
DAY = "/schedule/day/"
HOUR = 60 * MINUTE


def page(client: Client, query: str = "") -> DayPage:
    response = client.get(DAY + query)
    assert response.status_code == 200
    found: DayPage = response.context["page"]
    return found


def put_slots(job: Job, *verdicts: str, at: datetime, **fields: Any) -> None:
    for place, verdict in enumerate(verdicts):
        Slot.objects.create(job=job, due_at=at + timedelta(seconds=place), verdict=verdict, **fields)


def test_the_window_begins_six_hours_before_now(operator_client: Client) -> None:
    put_job(now=timezone.now())
    found = page(operator_client)
    assert found.window.start == full_hour(found.now - 6 * HOUR)
    assert not found.is_moved


def test_what_became_of_due_times_is_left_of_now_and_the_worst_shows(operator_client: Client) -> None:
    job = put_job(every="4h", now=timezone.now())
    put_slots(job, Verdict.RAN, Verdict.SKIPPED, Verdict.MISSED, at=full_hour(timezone.now() - HOUR))
    (lane,) = page(operator_client).lanes
    assert lane.marks[0].paint == "wait"
    assert lane.marks[0].words.endswith(": 1 ran, 1 skipped, 1 missed")
    assert lane.words.startswith("1 ran, 1 skipped, 1 missed; ")


def test_a_run_that_failed_is_red(operator_client: Client) -> None:
    job = put_job(every="4h", now=timezone.now())
    put_slots(job, Verdict.RAN, at=full_hour(timezone.now() - HOUR), outcome="error")
    assert page(operator_client).lanes[0].marks[0].paint == "bad"


def test_what_is_to_come_begins_at_the_next_time(operator_client: Client) -> None:
    job = put_job(every="1h", now=timezone.now())
    found = page(operator_client)
    marks = found.lanes[0].marks
    assert {mark.paint for mark in marks} == {"plan"}
    assert marks[0].minute == (job.next_run_at - found.window.start) // MINUTE
    assert found.total == len(marks)


def test_a_dense_job_is_one_band(operator_client: Client) -> None:
    put_job(every="10s", now=timezone.now())
    (mark,) = page(operator_client).lanes[0].marks
    assert mark.paint == "plan-band"
    assert mark.minute + mark.length == 24 * 60


def test_a_job_that_is_off_has_nothing_to_come(operator_client: Client) -> None:
    put_job(every="1h", now=timezone.now(), enabled=False)
    (lane,) = page(operator_client).lanes
    assert (lane.marks, lane.words) == ([], "none before; none to come")


def test_what_will_be_skipped_looks_so_and_is_no_load(operator_client: Client) -> None:
    set_status(make_app(now=timezone.now()), "paused")
    found = page(operator_client)
    assert found.lanes[0].marks[0].paint == "held-band"
    assert (found.total, found.density) == (0, [])


def test_more_due_at_once_than_workers_is_told_with_names(operator_client: Client) -> None:
    for number in range(6):
        put_job(f"job-{number}", "6h", now=timezone.now())
    Heartbeat.beat("worker", timezone.now())
    found = page(operator_client)
    assert found.workers == 1
    assert found.clash_rows[0][1:] == (6, "Job job-0, Job job-1, Job job-2, Job job-3 and 2 more")
    assert "clash" in {mark.paint for mark in found.density}


def test_other_seconds_of_one_minute_are_no_collision(operator_client: Client) -> None:
    now = timezone.now()
    for number in range(3):
        put_job(f"job-{number}", "6h", now=now + timedelta(seconds=number))
    assert page(operator_client).clash_rows == []


def test_lane_density_and_collisions_agree_on_a_dense_rule(operator_client: Client) -> None:
    for number in range(2):
        rule = {"kind": "cron", "cron": "* 7-8 * * *", "timezone": "UTC"}
        put_scheduled(rule, id=f"job-{number}", now=timezone.now())
    tomorrow = full_hour(timezone.now() + 24 * HOUR).replace(hour=0)
    found = page(operator_client, f"?from={tomorrow:%Y-%m-%dT%H}")
    assert [(mark.minute, mark.length) for mark in found.lanes[0].marks] == [(420, 120)]
    assert found.total == 240
    assert [(mark.minute, mark.words[-12:]) for mark in found.density][::7] == [
        (420, "30 due times"), (525, "30 due times")
    ]  # fmt: skip
    assert (len(found.clashes), found.clashes[0].minute) == (120, 420)


def test_the_window_moves_and_comes_back(operator_client: Client) -> None:
    put_job(now=timezone.now())
    here = page(operator_client)
    later = page(operator_client, here.later_url.removeprefix(DAY))
    assert later.window.start - here.window.start == 6 * HOUR
    assert later.is_moved
    assert page(operator_client, later.earlier_url.removeprefix(DAY)).window.start == here.window.start


@pytest.mark.parametrize(
    "text", ["", "now", "2026-13-01T00", "2026-11-26T25", "0001-01-01T00", "9999-12-31T23", "٢٠٢٦-11-26T09"]
)
def test_a_beginning_that_is_none_is_the_usual_one(text: str) -> None:
    assert start_of(text) is None


def test_a_beginning_is_an_hour_in_utc() -> None:
    assert start_of("2026-11-26T09") == datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_queries_do_not_grow_with_jobs_and_ledger(operator_client: Client) -> None:
    put_job(now=timezone.now())
    operator_client.get(DAY)
    with CaptureQueriesContext(connection) as few:
        operator_client.get(DAY)
    for number in range(12):
        job = put_job(f"more-{number}", now=timezone.now())
        put_slots(job, *["ran"] * 20, at=timezone.now() - HOUR)
    with CaptureQueriesContext(connection) as many:
        operator_client.get(DAY)
    assert len(many) <= len(few)


def test_htmx_is_given_the_day_alone(operator_client: Client) -> None:
    put_job(now=timezone.now())
    text = operator_client.get(DAY, headers={"HX-Request": "true"}).content.decode()
    assert text.lstrip().startswith('<div class="stack is-loose" id="day" data-live')


def test_an_empty_day_says_so(operator_client: Client) -> None:
    assert "Nothing runs by itself yet" in operator_client.get(DAY).content.decode()
