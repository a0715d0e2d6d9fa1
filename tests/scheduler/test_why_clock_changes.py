"""“Why did it not run at …?” about times that the clocks jump over, or show twice."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from scheduler.models import Job, Slot
from tests.scheduler.factories import put_scheduled

pytestmark = pytest.mark.django_db
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
GAP, TWICE = "?at=2026-03-29T02:30", "?at=2026-10-25T02:30"


def put(cron: str) -> Job:
    return put_scheduled({"kind": "cron", "cron": cron, "timezone": "Europe/Berlin"}, now=EARLY)


def answer(client: Client, query: str) -> str:
    text: str = client.get(f"/schedule/job-1/{query}").content.decode()
    return text.partition('id="answer"')[2].partition("</div>")[0]


def test_of_a_time_that_is_jumped_over_it_says_when_it_runs_instead(operator_client: Client) -> None:
    put("30 2 * * *")
    words = answer(operator_client, GAP)
    assert "29 Mar 2026, 02:30 does not exist in that zone" in words
    assert "so it runs once right after, at 03:00" in words


def test_a_rule_that_is_not_due_in_the_gap_promises_nothing(operator_client: Client) -> None:
    put("30 9 * * *")
    assert "runs once right after" not in answer(operator_client, GAP)


def test_of_a_time_that_is_shown_twice_both_are_answered_with_their_offsets(operator_client: Client) -> None:
    job = put("*/30 * * * *")
    Slot.objects.create(job=job, due_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), verdict="missed")
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    Slot.objects.create(job=job, due_at=second, verdict="ran", started_at=second)
    first, _mark, later = answer(operator_client, TWICE).partition("25 Oct 2026, 02:30 (+01:00)")
    assert "25 Oct 2026, 02:30 (+02:00)" in first
    assert "It was missed" in first
    assert "It did run" in later
