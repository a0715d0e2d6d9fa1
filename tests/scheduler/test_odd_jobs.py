"""Jobs as a stranger left them in the database: every page says what it knows, and none fails."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from scheduler.models import Job
from scheduler.moments import known_zone
from scheduler.recurrence import default_zone
from tests.factories import make_app
from tests.scheduler.factories import put_job

pytestmark = pytest.mark.django_db
ASKED = ["", "?at=2026-01-01T09:00", "?at=2026-03-29T02:30", "?at=2099-01-01T09:00"]
LISTS = ["/", "/schedule/", "/schedule/day/"]
NOWHERE = {"kind": "cron", "cron": "0 9 * * *", "timezone": "Nowhere/Town"}
OUT_OF_RANGE = 10**17


def store(**fields: object) -> str:
    """A job that is planned, changed as `update` takes it; the address of its page."""
    Job.objects.filter(pk=put_job(now=timezone.now()).pk).update(**fields)
    return "/schedule/job-1/"


def spoil(column: str) -> str:
    """The same with a moment that no calendar has."""
    address = store()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE scheduler_jobs SET {column} = %s", [OUT_OF_RANGE])
    return address


@pytest.mark.parametrize("query", ASKED)
def test_a_zone_that_is_not_known(operator_client: Client, query: str) -> None:
    address = store(schedule=NOWHERE, created_at=datetime(2020, 1, 1, tzinfo=UTC))
    response = operator_client.get(address + query)
    assert response.status_code == 200
    if query:
        assert "its rule cannot be used" in response.content.decode()


@pytest.mark.parametrize("query", ASKED)
@pytest.mark.parametrize("column", ["anchor_ms", "created_at", "updated_at"])
def test_a_moment_that_no_calendar_has(operator_client: Client, column: str, query: str) -> None:
    assert operator_client.get(spoil(column) + query).status_code == 200


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("address", LISTS)
def test_an_anchor_that_no_calendar_has_in_lists(
    operator_client: Client, address: str, enabled: bool
) -> None:
    spoil("anchor_ms")
    Job.objects.update(enabled=enabled)
    assert operator_client.get(address).status_code == 200


@pytest.mark.parametrize("address", LISTS)
def test_a_job_without_an_id_has_no_link(operator_client: Client, address: str) -> None:
    make_app(now=timezone.now())
    Job.objects.update(id="")
    assert operator_client.get(address).status_code == 200


@pytest.mark.parametrize("metadata", ["x", ["y"], None, 5])
@pytest.mark.parametrize("address", LISTS)
def test_metadata_that_are_no_object(operator_client: Client, address: str, metadata: object) -> None:
    make_app(now=timezone.now())
    Job.objects.update(metadata=metadata)
    assert operator_client.get(address).status_code == 200


@pytest.mark.parametrize("name", ["Nowhere/Town", "", "../x", "Europe", "\0", "é"])
def test_of_a_zone_that_is_none_the_servers_is_taken(name: str) -> None:
    assert known_zone(name) == default_zone()
    assert known_zone("Europe/Berlin") == "Europe/Berlin"


def test_what_is_wrong_with_a_rule_ends_with_one_full_stop(operator_client: Client) -> None:
    text = operator_client.get(store(schedule={"kind": "every", "every": "5s"})).content.decode()
    assert "the shortest interval is 10 s" in text
    assert "10 s.." not in text
