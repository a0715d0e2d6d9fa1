"""Jobs in the order of need, page by page."""

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from halo_site.store.fields import from_ms, to_ms
from scheduler.models import Job
from scheduler.soonest import Place, parse_place, soonest_page
from tests.scheduler.factories import MINUTE, NINE, put_job

pytestmark = pytest.mark.django_db
REQUESTS = RequestFactory()


def walk(size: int) -> list[list[str]]:
    """The ids of every page, from the first to the last."""
    address, pages = "/schedule/?q=a", []
    while address:
        page = soonest_page(REQUESTS.get(address), Job.objects.all(), size)
        pages.append([job.pk for job in page.rows])
        address = page.next_url
    return pages


def test_the_soonest_come_first_and_those_without_a_time_last_the_last_changed_first() -> None:
    for number, every in enumerate(["3m", "1m", "2m"]):
        put_job(f"on-{number}", every)
    for number in range(3):
        put_job(f"off-{number}", now=NINE + number * MINUTE, enabled=False)
    assert walk(4) == [["on-1", "on-2", "on-0", "off-2"], ["off-1", "off-0"]]


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_what_is_off_and_nobody_wants_it_so_comes_first(size: int) -> None:
    put_job("on")
    put_job("off", enabled=False)
    for number in range(3):
        put_job(f"broken-{number}").disable("Its rule cannot be read.", NINE + number * MINUTE)
    found = [job_id for page in walk(size) for job_id in page]
    assert found == ["broken-2", "broken-1", "broken-0", "on", "off"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_every_job_is_on_exactly_one_page_with_equal_times_too(size: int) -> None:
    ids = {put_job(f"on:{number}/a b", "1m").pk for number in range(5)}
    ids |= {put_job(f"off:{number}", enabled=False).pk for number in range(5)}
    pages = walk(size)
    assert sorted(job_id for page in pages for job_id in page) == sorted(ids)
    assert {len(page) for page in pages[:-1]} <= {size}


def test_a_job_that_is_on_without_a_time_is_among_the_others() -> None:
    put_job("broken")
    Job.objects.update(next_run_at=None)
    put_job("planned")
    assert walk(1) == [["planned"], ["broken"]]


def test_a_page_keeps_its_filters_and_leads_back() -> None:
    for number in range(3):
        put_job(f"on-{number}")
    first = soonest_page(REQUESTS.get("/schedule/?q=a"), Job.objects.all(), 2)
    assert first.prev_url == ""
    assert "q=a" in first.next_url
    assert soonest_page(REQUESTS.get(first.next_url), Job.objects.all(), 2).prev_url == "/schedule/?q=a"


@given(part=st.sampled_from("no"), ms=st.integers(0, 10**14), job_id=st.text(min_size=1, max_size=40))
def test_a_place_is_read_as_it_was_written(part: str, ms: int, job_id: str) -> None:
    place = Place(part, from_ms(ms), job_id)
    assert parse_place(str(place)) == (None if "\0" in job_id else place)


@pytest.mark.parametrize(
    "text", ["", "n", "n5", "n-x", "x5-a", "n5-", "n" + "9" * 15 + "-a", "n5-a\0", "nx-a"]
)
def test_nonsense_shows_the_first_page(text: str) -> None:
    assert parse_place(text) is None


def test_a_place_that_a_job_had_before_still_leads_on() -> None:
    put_job("a", "1m")
    put_job("b", "5m")
    place = f"n{to_ms(NINE + 2 * MINUTE)}-zzz"
    page = soonest_page(REQUESTS.get("/schedule/", {"after": place}), Job.objects.all(), 5)
    assert [job.pk for job in page.rows] == ["b"]
