import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_manager.states import Status
from app_runtime.history.outline import DAY_MS, DoesNotFit, Outline, Wanted, outlines
from halo_site.store.fields import to_ms
from scheduler.durations import parse_duration
from tests.factories import NINE


def parts(apps: int = 50, runs: int = 10_000, entries: int = 30_000, days: int = 365) -> list[Outline]:
    return outlines(Wanted(apps, runs, entries, days, seed=1), 1, NINE)


@given(st.integers(1, 300), st.integers(0, 5_000), st.integers(0, 20_000))
def test_the_parts_add_up_to_what_was_wanted(apps, runs, entries):
    listed = parts(apps, runs, entries if runs else 0)
    assert len(listed) == apps
    assert sum(part.runs for part in listed) == runs
    assert sum(part.entries for part in listed) == (entries if runs else 0)


def test_one_app_has_a_fifth_of_all_runs():
    assert parts()[0].runs == 2_000


def test_some_apps_hardly_ever_run():
    assert max(part.runs for part in parts(runs=1_000_000)[-5:]) <= 10


@given(st.integers(1, 60), st.integers(0, 3_000), st.integers(1, 400))
def test_everything_lies_between_the_beginning_and_now(apps, runs, days):
    for part in parts(apps, runs, runs, days):
        assert to_ms(NINE) - days * DAY_MS - part.interval_ms <= part.anchor_ms
        assert part.due_ms(part.due_times) < to_ms(NINE) <= part.next_due_ms


@given(st.integers(1, 60), st.integers(0, 100_000))
def test_an_interval_is_what_its_spec_says(apps, runs):
    for part in parts(apps, runs, 0):
        assert parse_duration(part.every) == part.interval_ms >= 10_000


def test_too_many_runs_for_so_few_days_are_refused():
    with pytest.raises(DoesNotFit, match=r"at least --days 26"):
        parts(apps=50, runs=1_000_000, days=1)


def test_what_it_says_is_the_least_number_of_days_suffices():
    assert parts(apps=50, runs=1_000_000, days=26)


def test_no_app_asks_without_an_entry_to_ask_with():
    assert {part.status for part in parts(entries=0)} & {Status.WAITING_USER} == set()


def test_a_few_apps_ask():
    assert 1 < sum(part.status == Status.WAITING_USER for part in parts()) < 10
