"""Schedules that are off though no person wants it so, and odd jobs, as the overview tells of them."""

import pytest
from django.test import Client
from django.utils import timezone

from app_manager.models import App
from app_runtime.pages import OverviewPage
from halo_site.models import Heartbeat
from scheduler.models import Job
from tests.factories import set_status

pytestmark = pytest.mark.django_db
REASON = "The time zone of its rule is not known."


def overview(client: Client) -> OverviewPage:
    found: OverviewPage = client.get("/").context["page"]
    return found


def test_a_schedule_that_the_clock_switched_off_needs_somebody(app: App, operator_client: Client) -> None:
    Job.objects.get().disable(REASON, timezone.now())
    for kind in ("clock", "worker"):
        Heartbeat.beat(kind, timezone.now())
    text = operator_client.get("/").content.decode()
    assert "<h1>One schedule is off, and nobody switched it off</h1>" in text
    assert REASON in text


def test_one_that_a_person_switched_off_does_not(app: App, operator_client: Client) -> None:
    Job.objects.get().disable("switched off by ada", timezone.now())
    assert overview(operator_client).broken == []


@pytest.mark.parametrize("status", ["error", "uninstalled"])
def test_one_of_an_app_that_is_stopped_or_gone_is_not_told_beside_it(
    app: App, operator_client: Client, status: str
) -> None:
    Job.objects.get().disable(REASON, timezone.now())
    set_status(app, status)
    assert overview(operator_client).broken == []
