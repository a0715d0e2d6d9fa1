"""The strip of a job's last due times, its words, and the figures beside it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduler.models import Slot
from scheduler.statuses import SkipReason, Verdict
from scheduler.strips import bars_of, figures_of, newest_slots, summary, tone_of
from tests.scheduler.factories import MINUTE, NINE, put_job

SECOND = timedelta(seconds=1)


def slot(verdict: str = Verdict.RAN, minute: int = 0, **fields: Any) -> Slot:
    return Slot(job_id="job-1", due_at=NINE + minute * MINUTE, verdict=verdict, **fields)


def ran(minute: int, late: timedelta, took_ms: int, **fields: Any) -> Slot:
    due = NINE + minute * MINUTE
    return slot(minute=minute, started_at=due + late, duration_ms=took_ms, **fields)


@pytest.mark.django_db
def test_the_newest_of_each_job_come_oldest_first_in_one_query() -> None:
    for name in ("job-1", "job-2"):
        job = put_job(name)
        Slot.objects.bulk_create(
            Slot(job=job, due_at=NINE + minute * MINUTE, verdict=Verdict.RAN) for minute in range(5)
        )
    with CaptureQueriesContext(connection) as queries:
        found = newest_slots(["job-1", "job-2", "nobody"], 3)
    assert len(queries) == 1
    minutes = {key: [(each.due_at - NINE) // MINUTE for each in slots] for key, slots in found.items()}
    assert minutes == {"job-1": [2, 3, 4], "job-2": [2, 3, 4], "nobody": []}


def test_no_job_asks_nothing() -> None:
    assert newest_slots([]) == {}


def test_the_words_count_each_verdict_and_the_runs_that_failed() -> None:
    slots = [slot(), slot(), slot(Verdict.LATE, outcome="error"), slot(Verdict.SKIPPED)]
    assert summary(slots) == "last 4 due times: 2 ran, 1 ran late, 1 skipped; 1 of the runs failed"
    assert summary([slot()]) == "last due time: 1 ran"
    assert summary([]) == "no due time yet"


def test_a_run_that_failed_makes_its_bar_red_however_punctual_it_was() -> None:
    assert tone_of(slot()) == "ok"
    assert tone_of(slot(outcome="error")) == "bad"


def test_a_bar_says_when_it_was_due_and_what_became_of_it() -> None:
    overlap = slot(Verdict.SKIPPED, reason=SkipReason.OVERLAP)
    merged = slot(Verdict.MERGED, 1, merged_count=1200)
    titles = [bar.title for bar in bars_of([overlap, merged, slot(minute=2, outcome="noop")])]
    assert [title.partition(": ")[2] for title in titles] == [
        "Skipped: the run before was not finished",
        "Merged into a later run (1,200 due times)",
        "Ran, nothing to do",
    ]


def test_lateness_is_from_the_due_time_to_the_start_of_the_run() -> None:
    figures = figures_of([ran(0, SECOND, 1000), ran(1, 3 * SECOND, 3000), slot(Verdict.SKIPPED, 2)])
    assert (figures.lateness, figures.took) == ("2.0 s on average, 3.0 s at worst", "2.0 s")


def test_runs_that_are_not_over_leave_the_figures_unknown() -> None:
    figures = figures_of([slot()])
    assert (figures.started, figures.lateness, figures.took) == (1, "unknown", "unknown")


def test_a_clock_that_was_set_back_makes_no_run_early() -> None:
    assert figures_of([ran(0, -SECOND, 10)]).worst_late == timedelta()
