"""What the settings say of each target: delivered, failing since when and why, or never used."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from app_manager.models import App
from app_runtime.models import Run
from app_runtime.notifications import events
from app_runtime.notifications.delivering import send_due
from app_runtime.notifications.models import PAUSES
from app_runtime.notifications.results import NEWEST, results_of
from tests.app_runtime.notifying import make_notification, set_targets, use_sink
from tests.factories import MINUTE, NINE, make_question, make_run
from tests.wire import Sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(app: App) -> Run:
    return make_run(app)


def row(run: Run, **values: Any) -> None:
    make_notification(run.app, run, **{"attempts": 1, "next_try_at": None, **values})


def sent(run: Run, at: datetime = NINE, **values: Any) -> None:
    row(run, created_at=at, sent_at=at, state="sent", **values)


def failed(run: Run, at: datetime = NINE, **values: Any) -> None:
    row(run, **{"created_at": at, "state": "failed", "last_error": "It is down.", **values})


def shown(client: Client, now: datetime) -> str:
    with time_machine.travel(now, tick=False):
        response = client.get("/settings/notifications/")
    return " ".join(unescape(response.content.decode()).split())


def test_a_target_that_is_down_is_failing_from_its_first_try_on(app: App, operator_client: Client) -> None:
    set_targets(phone="json://127.0.0.1:1/a")
    events.entry_made(make_question(app), NINE)
    assert results_of(["phone"])["phone"].is_unused
    send_due(lambda: NINE)
    result = results_of(["phone"])["phone"]
    assert (result.since, result.next_try_at) == (NINE, NINE + PAUSES[0])
    assert "the connection was refused" in result.reason
    text = shown(operator_client, NINE + timedelta(seconds=10))
    assert "Failing" in text
    assert "the connection was refused" in text
    assert "Next try" in text


def test_a_target_that_took_what_had_failed_is_well_again(app: App, operator_client: Client) -> None:
    set_targets(phone="json://127.0.0.1:1/a")
    events.entry_made(make_question(app), NINE)
    send_due(lambda: NINE)
    with Sink() as sink:
        use_sink(sink)
        send_due(lambda: NINE + MINUTE)
    assert results_of(["phone"])["phone"].taken_at == NINE + MINUTE
    assert results_of(["phone"])["phone"].since is None
    text = shown(operator_client, NINE + 4 * MINUTE)
    assert "Delivered" in text
    assert "3 min ago" in text


def test_a_target_without_a_message_was_never_used(operator_client: Client) -> None:
    set_targets(phone="json://127.0.0.1:1/a")
    assert "Never used" in shown(operator_client, NINE)


def test_what_waits_or_is_held_is_no_use(run: Run) -> None:
    row(run, attempts=0, next_try_at=NINE)
    row(run, attempts=0, state="held", held_until=NINE)
    assert results_of(["phone"])["phone"].is_unused


def test_it_fails_since_the_first_message_after_the_last_one_taken(run: Run) -> None:
    failed(run, NINE - 60 * MINUTE)
    sent(run, NINE)
    failed(run, NINE + 5 * MINUTE)
    failed(run, NINE + 9 * MINUTE, state="pending", next_try_at=NINE + 12 * MINUTE, last_error="Still down.")
    result = results_of(["phone"])["phone"]
    assert (result.taken_at, result.since, result.reason) == (NINE, NINE + 5 * MINUTE, "Still down.")
    assert result.next_try_at == NINE + 12 * MINUTE


def test_an_old_message_that_fails_again_after_one_was_taken_counts_from_then(run: Run) -> None:
    sent(run, NINE + MINUTE)
    failed(run, NINE, state="pending", attempts=3, next_try_at=NINE + 13 * MINUTE)
    assert results_of(["phone"])["phone"].since == NINE + MINUTE


def test_a_message_given_up_before_another_was_taken_is_past(run: Run) -> None:
    failed(run, NINE)
    sent(run, NINE + MINUTE)
    assert results_of(["phone"])["phone"].since is None


def test_where_all_that_was_looked_at_failed_it_may_be_longer(run: Run) -> None:
    for number in range(NEWEST + 1):
        failed(run, NINE + number * MINUTE)
    result = results_of(["phone"])["phone"]
    assert (result.since, result.at_least) == (NINE + MINUTE, True)


def test_all_targets_take_one_query(run: Run, django_assert_num_queries: Any) -> None:
    for number in range(5):
        sent(run, target_id=f"t{number}")
    with django_assert_num_queries(1):
        results = results_of([f"t{number}" for number in range(6)])
    assert [result.is_unused for result in results.values()] == [False] * 5 + [True]
