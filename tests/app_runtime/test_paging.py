import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from app_manager.models import App
from app_runtime.models import Run
from halo_site.paging import Page, page_of, parse_before
from halo_site.store.fields import to_ms
from tests.factories import MINUTE, NINE, make_run

pytestmark = pytest.mark.django_db


def page(url: str = "/runs/", size: int = 3) -> Page[Run]:
    return page_of(RequestFactory().get(url), Run.objects.all(), moment="started_at", size=size)


def walked(size: int) -> list[Run]:
    """All rows, page after page."""
    rows, url = [], "/runs/"
    while url:
        found = page(url, size)
        rows += found.rows
        url = found.next_url
    return rows


def test_pages_together_are_all_rows_newest_first_each_once(app: App) -> None:
    for number in range(8):
        make_run(app, at=NINE + (number // 3) * MINUTE)  # several share a moment
    assert walked(3) == list(Run.objects.newest_first())


def test_a_last_page_that_is_full_names_no_next_one(app: App) -> None:
    for number in range(3):
        make_run(app, at=NINE + number * MINUTE)
    assert page().next_url == ""


def test_a_row_that_comes_meanwhile_moves_nothing(app: App) -> None:
    for number in range(6):
        make_run(app, at=NINE + number * MINUTE)
    first = page()
    make_run(app, at=NINE + 10 * MINUTE)
    assert list(page(first.next_url).rows) == list(Run.objects.newest_first()[4:7])


def test_other_filters_stay_in_the_address(app: App) -> None:
    for _ in range(4):
        make_run(app)
    found = page("/runs/?status=ok&before=nonsense")
    assert found.next_url.startswith("/runs/?status=ok&before=")
    assert found.prev_url == ""


@pytest.mark.parametrize(
    "before", ["", "-", "1-", "x-1", "1-\0", "1-a b", "٣-a", "9" * 15 + "-a", "1-" + "a" * 65]
)
def test_a_before_that_we_never_wrote_is_none(before: str) -> None:
    assert parse_before(before) is None


@given(st.text(max_size=80))
def test_any_before_is_either_a_moment_and_an_id_or_none(before: str) -> None:
    parsed = parse_before(before)
    assert parsed is None or before == f"{before.partition('-')[0]}-{parsed[1]}"


@pytest.mark.sqlite_only
def test_a_page_deep_in_history_begins_in_the_index(app: App) -> None:
    make_run(app)
    request = RequestFactory().get("/runs/", {"before": f"{to_ms(NINE)}-x"})
    with CaptureQueriesContext(connection) as seen:
        page_of(request, Run.objects.for_app(app), moment="started_at", size=3)
    with connection.cursor() as cursor:
        plan = cursor.execute(f"EXPLAIN QUERY PLAN {seen[0]['sql']}").fetchall()
    assert [row[3] for row in plan] == [
        "SEARCH automation_runs USING INDEX idx_runs_app (app_id=? AND started_at<?)"
    ]
