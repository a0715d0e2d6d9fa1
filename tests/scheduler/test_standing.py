"""How a job stands, in one word: the page's words and the database's filter agree."""

from datetime import datetime, timedelta

import pytest

from scheduler.models import Job
from scheduler.registry import About
from scheduler.standing import DECIDED, GRACE, broken_jobs, is_broken, jobs_in, standing_of
from scheduler.statuses import Held, JobState
from tests.scheduler.factories import MINUTE, NINE, once, put_job, put_scheduled

pytestmark = pytest.mark.django_db
PLAIN = About("A job")
SECOND = timedelta(seconds=1)


def state_found(now: datetime) -> set[str]:
    filters = (JobState.PLANNED, JobState.LATE, JobState.PAUSED, JobState.BLOCKED, JobState.OFF)
    return {state.value for state in filters if Job.objects.filter(jobs_in(state, now)).exists()}


def test_a_job_whose_time_is_to_come_is_planned() -> None:
    job = put_job()
    assert standing_of(job, PLAIN, NINE).state == JobState.PLANNED
    assert state_found(NINE) == {"planned"}


def test_one_that_ran_while_the_clock_was_ahead_says_why_it_waits() -> None:
    job = put_job(now=NINE + timedelta(days=1000))
    Job.objects.filter(pk=job.pk).update(last_run_at=NINE + timedelta(days=1000))
    job.refresh_from_db()
    standing = standing_of(job, PLAIN, NINE)
    assert standing.state == JobState.PLANNED
    assert standing.words.startswith("The server's clock was ahead when its last run began (in ")
    assert standing_of(job, PLAIN, NINE + timedelta(days=1000)).words == ""


def test_a_time_that_has_just_passed_is_not_late_yet() -> None:
    job = put_job()
    now = NINE + MINUTE + GRACE
    assert standing_of(job, PLAIN, now).state == JobState.PLANNED
    assert state_found(now) == {"planned"}


def test_a_time_that_nobody_took_up_is_late() -> None:
    job = put_job()
    now = NINE + MINUTE + GRACE + SECOND
    standing = standing_of(job, PLAIN, now)
    assert (standing.state, standing.words) == (
        JobState.LATE,
        "It was due 11 s ago, and no clock has taken it up.",
    )
    assert state_found(now) == {"late"}


@pytest.mark.parametrize("held", Held)
def test_what_its_owner_holds_up_says_why(held: Held) -> None:
    standing = standing_of(put_job(), About("A job", held=held, held_words="The app is paused."), NINE)
    assert (standing.state.value, standing.words) == (held.value, "The app is paused.")


def test_a_job_that_is_on_without_a_next_time_is_blocked() -> None:
    job = put_job()
    Job.objects.update(next_run_at=None)
    job.refresh_from_db()
    standing = standing_of(job, PLAIN, NINE)
    assert (standing.state, standing.words) == (
        JobState.BLOCKED,
        "It is on and has no next time, so it never comes due.",
    )
    assert state_found(NINE) == {"blocked"}


def test_one_that_a_person_switched_off_says_who_and_is_quiet() -> None:
    job = put_job()
    job.disable("switched off by admin", NINE)
    standing = standing_of(job, PLAIN, NINE)
    assert (standing.state, standing.words, standing.tone) == (
        JobState.OFF,
        "switched off by admin.",
        "quiet",
    )
    assert state_found(NINE) == {"off"}


def test_one_that_errors_switched_off_is_red() -> None:
    job = put_job()
    Job.objects.update(consecutive_errors=5)
    job.disable("5 errors in a row. The last one: no page", NINE)
    standing = standing_of(job, PLAIN, NINE)
    assert (standing.text, standing.tone) == ("Off", "bad")


def test_one_that_the_clock_switched_off_because_of_its_rule_is_red() -> None:
    job = put_job()
    job.disable("The schedule cannot be read.", NINE)
    standing = standing_of(job, PLAIN, NINE)
    assert (standing.text, standing.tone, standing.words) == ("Off", "bad", "The schedule cannot be read.")


@pytest.mark.parametrize("reason", ["", "x", *(f"{each}ada" for each in DECIDED)])
def test_what_is_broken_is_the_same_for_the_page_and_the_database(reason: str) -> None:
    job = put_job()
    assert (is_broken(job), Job.objects.filter(broken_jobs()).exists()) == (False, False)
    job.disable(reason, NINE)
    assert is_broken(job) == (reason == "x")
    assert Job.objects.filter(broken_jobs()).exists() == (reason == "x")


@pytest.mark.parametrize("metadata", [None, "x", [], {"disabled_reason": None}])
def test_metadata_that_a_stranger_wrote_break_no_question(metadata: object) -> None:
    put_job(enabled=False)
    Job.objects.update(metadata=metadata)
    assert is_broken(Job.objects.get()) == Job.objects.filter(broken_jobs()).exists()


def test_one_that_errors_hold_back_says_how_many() -> None:
    job = put_job()
    Job.objects.update(consecutive_errors=2)
    job.refresh_from_db()
    assert standing_of(job, PLAIN, NINE).words == "2 of 5 errors in a row; it waits longer after each."


def test_a_one_time_schedule_that_has_been_is_over() -> None:
    job = put_scheduled(once(NINE + MINUTE))
    job.record_result("useful", NINE + MINUTE, NINE + MINUTE)
    standing = standing_of(job, PLAIN, NINE + 2 * MINUTE)
    assert (standing.state, standing.words) == (JobState.OVER, "Its schedule has no time left.")


def test_one_that_is_off_without_a_reason_admits_it() -> None:
    job = put_job(enabled=False)
    assert standing_of(job, PLAIN, NINE).words == "Nobody wrote down why."


def test_every_state_has_a_word_an_icon_and_with_its_tone_a_look_of_its_own() -> None:
    looks = {(state.label, state.icon, state.tone) for state in JobState}
    assert len({icon for _word, icon, _tone in looks}) == len(JobState)
    assert len({str(word) for word, _icon, _tone in looks}) == len(JobState)
