"""What is looked up for “why did it not run at …?”: moments, spans in which a job was off, neighbours."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from halo_site import audit
from halo_site.models import Heartbeat
from scheduler.due_near import first_due, last_due
from scheduler.models import Job, Slot
from scheduler.moments import Teller
from scheduler.registry import About
from scheduler.statuses import Verdict
from scheduler.why import Kind, Known, explain
from scheduler.why_facts import WhyForm, known_of, nearest
from tests.scheduler.factories import MINUTE, NINE, put_job, put_scheduled

pytestmark = pytest.mark.django_db
HOUR = 60 * MINUTE
SECOND = timedelta(seconds=1)
BERLIN = "Europe/Berlin"


def known(job: Job, wall: str, *, zone: str = "UTC", now: datetime = NINE + 6 * HOUR, **said: Any) -> Known:
    job.refresh_from_db()
    return known_of(job, About("A job", **said), datetime.fromisoformat(wall), MINUTE, zone, now)


def put_slot(job: Job, due: datetime, verdict: str = Verdict.RAN, **fields: Any) -> Slot:
    return Slot.objects.create(job=job, due_at=due, verdict=verdict, **fields)


def switch(job: Job, verb: str, at: datetime) -> None:
    audit.record(audit.Actor("person", "admin"), verb, object_type="job", object_id=job.pk, now=at)


def test_the_time_is_of_the_zone_and_its_rows_are_those_of_the_minute() -> None:
    job = put_job(every="10s")
    rows = [put_slot(job, NINE + number * 10 * SECOND) for number in range(7)]
    found = known(job, "2026-01-01T10:00", zone=BERLIN)
    assert found.asked == NINE
    assert list(found.rows) == rows[:6]
    assert found.after == rows[6]


def test_a_merged_row_leads_to_the_run_that_stands_for_it() -> None:
    job = put_job()
    put_slot(job, NINE, Verdict.MERGED)
    put_slot(job, NINE + MINUTE, Verdict.MERGED)
    run = put_slot(job, NINE + 2 * MINUTE)
    assert known(job, "2026-01-01T09:00").into == run


@pytest.mark.parametrize(
    ("wall", "missing", "asked"),
    [
        ("2026-03-29T02:30", "29 Mar 2026, 02:30", "2026-03-29T01:30+00:00"),
        ("2026-10-25T02:30", "", "2026-10-25T00:30+00:00"),
    ],
)
def test_where_the_clocks_change(wall: str, missing: str, asked: str) -> None:
    found = known(put_job(), wall, zone=BERLIN)
    assert (found.missing, found.asked) == (missing, datetime.fromisoformat(asked))


def test_of_a_time_that_happens_twice_the_one_that_has_a_row_is_meant() -> None:
    job = put_job()
    second = put_slot(job, datetime.fromisoformat("2026-10-25T01:30+00:00"))
    assert list(known(job, "2026-10-25T02:30", zone=BERLIN).rows) == [second]


def test_a_time_that_happens_twice_is_told_with_its_offset() -> None:
    words = Teller(ZoneInfo(BERLIN)).words(datetime.fromisoformat("2026-10-25T01:30:05+00:00"))
    assert words == "25 Oct 2026, 02:30:05 (+01:00)"


def test_when_it_was_off_is_in_the_audit_log() -> None:
    job = put_job(every="1h")
    switch(job, "switch_off", NINE + HOUR)
    switch(job, "switch_on", NINE + 3 * HOUR)
    answer = explain(known(job, "2026-01-01T11:00"))
    assert (answer.kind, answer.sentence) == (
        Kind.OFF,
        "It was off from 1 Jan 2026, 10:00 to 1 Jan 2026, 12:00: switched off by admin.",
    )


def test_what_switched_off_the_thing_that_it_starts_counts_too() -> None:
    job = put_job(every="1h")
    admin = audit.Actor("person", "admin")
    audit.record(admin, "uninstall", object_type="app", object_id="app-1", now=NINE + HOUR)
    job.disable("", NINE + HOUR)
    answer = explain(known(job, "2026-01-01T12:00", subject=("app", "app-1")))
    assert answer.sentence == "It has been off since 1 Jan 2026, 10:00: switched off by admin."


def test_what_errors_switched_off_is_told_when_it_is_on_again_too() -> None:
    job = put_job(every="1h")
    for _time in range(5):
        job.record_result("error", NINE, NINE + HOUR, "no page")
    switch(job, "switch_on", NINE + 3 * HOUR)
    answer = explain(known(job, "2026-01-01T11:00"))
    assert answer.sentence == (
        "It was off from 1 Jan 2026, 10:00 to 1 Jan 2026, 12:00: 5 errors in a row. The last one: no page."
    )


def test_what_was_switched_off_twice_was_on_in_between() -> None:
    job = put_job(every="1h")
    for at in (NINE + HOUR, NINE + 3 * HOUR):
        switch(job, "switch_off", at)
    job.disable("switched off by admin", NINE + 3 * HOUR)
    assert explain(known(job, "2026-01-01T11:00")).kind != Kind.OFF
    assert "off since 1 Jan 2026, 12:00" in explain(known(job, "2026-01-01T13:00")).sentence


def test_one_that_errors_switched_off_is_off_since_its_row_was_written() -> None:
    job = put_job(every="1h")
    job.disable("5 errors in a row. The last one: no page", NINE + 2 * HOUR)
    answer = explain(known(job, "2026-01-01T12:00"))
    assert answer.sentence == (
        "It has been off since 1 Jan 2026, 11:00: 5 errors in a row. The last one: no page."
    )


@pytest.mark.parametrize(("ago", "is_down"), [(SECOND, False), (10 * MINUTE, True)])
def test_whether_a_clock_runs_is_known_by_its_heartbeat(ago: timedelta, is_down: bool) -> None:
    now = NINE + 6 * HOUR
    Heartbeat.beat("clock", now - ago)
    found = known(put_job(), "2026-01-01T09:00", now=now)
    assert (found.is_down, found.ticked) == (is_down, now - ago)


def test_no_clock_at_all_is_known_too() -> None:
    found = known(put_job(), "2026-01-01T09:00")
    assert (found.is_down, found.ticked) == (True, None)


def test_the_ledger_is_full_at_a_thousand_rows() -> None:
    job = put_job()
    Slot.objects.bulk_create(Slot(job=job, due_at=NINE + n * MINUTE, verdict="ran") for n in range(999))
    assert not known(job, "2026-01-01T09:00").is_full
    put_slot(job, NINE - MINUTE)
    assert known(job, "2026-01-01T09:00").is_full


def test_the_nearest_are_the_rows_on_both_sides() -> None:
    job = put_job(every="1h")
    rows = [put_slot(job, NINE), put_slot(job, NINE + HOUR)]
    assert [near.slot for near in nearest(known(job, "2026-01-01T09:30"))] == rows


def test_the_nearest_after_the_ledger_is_by_the_rule() -> None:
    job = put_job(every="1h")
    row = put_slot(job, NINE + 5 * HOUR)
    near = nearest(known(job, "2026-01-01T14:30"))
    assert [(each.at, each.slot) for each in near] == [(NINE + 5 * HOUR, row), (NINE + 6 * HOUR, None)]


def test_the_nearest_of_a_time_to_come_are_by_the_rule() -> None:
    job = put_job(every="1h")
    near = nearest(known(job, "2026-01-02T14:30"))
    assert [each.at for each in near] == [NINE + 29 * HOUR, NINE + 30 * HOUR]


@pytest.mark.parametrize(
    ("rule", "before", "expected"),
    [
        ("0 9 * * *", NINE, NINE - 24 * HOUR),
        ("*/10 * * * * *", NINE, NINE - 10 * SECOND),
        ("0 0 1 1 *", NINE, NINE - 9 * HOUR),
        ("0 0 29 2 *", NINE, None),  # further back than anybody asks
    ],
)
def test_the_last_time_before_a_moment(rule: str, before: datetime, expected: datetime | None) -> None:
    schedule = {"kind": "cron", "cron": rule, "timezone": "UTC"}
    assert last_due(schedule, NINE - 500 * 24 * HOUR, before) == expected


def test_the_last_time_is_never_before_the_anchor() -> None:
    assert last_due({"kind": "every", "every": "1h"}, NINE, NINE) is None
    assert last_due({"kind": "every", "every": "1h"}, NINE, NINE + SECOND) == NINE


def test_the_first_time_in_a_span_is_before_its_end() -> None:
    hourly = {"kind": "every", "every": "1h"}
    assert first_due(hourly, NINE, NINE, NINE + MINUTE) == NINE
    assert first_due(hourly, NINE, NINE + SECOND, NINE + HOUR) is None


def test_a_one_time_job_that_has_been_is_off() -> None:
    job = put_scheduled({"kind": "once", "once": int((NINE + MINUTE).timestamp() * 1000)})
    put_slot(job, NINE + MINUTE)
    job.record_result("useful", NINE + MINUTE, NINE + MINUTE)
    assert explain(known(job, "2026-01-01T09:30")).kind == Kind.OFF


@pytest.mark.parametrize(
    "text", ["9 o'clock", "2026-13-01T00:00", "2026-01-01T00:00Z", "0001-01-01T00:00", "9999-12-31T00:00"]
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    form = WhyForm({"at": text}, "UTC")
    assert not form.is_valid()
    assert "2026-11-26T09:00" in form.errors["at"][0]


@pytest.mark.parametrize(("text", "length"), [("2026-01-01T09:00", MINUTE), ("2026-01-01T09:00:30", SECOND)])
def test_a_time_with_seconds_is_about_that_second(text: str, length: timedelta) -> None:
    form = WhyForm({"at": text}, "UTC")
    assert form.is_valid()
    assert form.length == length
