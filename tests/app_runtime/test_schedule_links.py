"""The ways to the schedule: the navigation, and every next time that a page shows."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from app_runtime.traces import of_slots
from halo_site.models import Heartbeat
from scheduler.models import Job, Slot
from tests.factories import NINE, make_app, make_run, set_status

pytestmark = pytest.mark.django_db


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_the_navigation_leads_there_and_says_where_one_is(operator_client: Client) -> None:
    assert 'href="/schedule/"' in text_of(operator_client, "/")
    assert 'href="/schedule/" aria-current="page"' in text_of(operator_client, "/schedule/day/")


def test_somebody_without_a_role_is_not_led_there(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("nobody"))
    assert 'href="/schedule/"' not in text_of(client, "/")


@pytest.mark.parametrize("page", ["/", "/apps/", "/apps/{app}/"])
def test_a_next_time_leads_to_its_job(operator_client: Client, page: str) -> None:
    app = make_app(now=timezone.now())
    address = reverse("scheduler:job_detail", args=[Job.objects.get().pk])
    assert f'href="{address}"' in text_of(operator_client, page.format(app=app.pk))


def test_the_soonest_of_several_is_the_one_that_is_led_to(operator_client: Client) -> None:
    source = {"type": "schedule", "config": {"every": "1h"}}
    soon = {"type": "schedule", "config": {"every": "10m"}}
    subscriptions = [{"id": "slow", "source": source}, {"id": "soon", "source": soon}]
    app = make_app(now=timezone.now(), subscriptions=subscriptions)
    assert f"/schedule/{app.pk}:soon/" in text_of(operator_client, "/apps/")


def test_a_paused_app_promises_no_next_time(operator_client: Client) -> None:
    app = make_app(now=timezone.now())
    set_status(app, "paused")
    assert f"/schedule/{app.pk}:often/" not in text_of(operator_client, "/apps/")


@pytest.mark.parametrize("page", ["/", "/apps/", "/apps/{app}/"])
def test_where_next_times_stand_a_clock_that_stands_still_is_told(operator_client: Client, page: str) -> None:
    app = make_app(now=timezone.now())
    Heartbeat.beat("clock", timezone.now() - timedelta(minutes=5))
    text = text_of(operator_client, page.format(app=app.pk)).partition("<main")[2]
    assert "The clock stands still, last tick 5 min ago" in text


def test_a_next_time_that_has_passed_is_told_as_one_that_was_due(operator_client: Client) -> None:
    make_app(now=timezone.now() - timedelta(hours=1))
    assert "was due <time" in text_of(operator_client, "/apps/")


def test_the_ledger_tells_how_its_runs_stand(operator_client: Client) -> None:
    app = make_app()
    run, job = make_run(app), Job.objects.get()
    notes = [{"runId": run.pk}, {"runId": "gone"}, {"runId": 7}, ["odd"], None]
    slots = [
        Slot.objects.create(job=job, due_at=NINE + timedelta(minutes=place), verdict="ran", metadata=note)
        for place, note in enumerate(notes)
    ]
    assert {pk: (trace.text, trace.name) for pk, trace in of_slots(slots).items()} == {
        slots[0].pk: ("Finished", run.short_id)
    }
