"""The arithmetic of the budget (DESIGN §8), and that every page is measured or left out for a reason."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from app_manager.models import App
from tests.benchmarks.addresses import (
    FILTERS,
    LEFT_OUT,
    has_pager,
    is_measurable,
    page_addresses,
    plain_addresses,
    views,
)
from tests.benchmarks.pages import Row
from tests.benchmarks.samples import samples
from tests.factories import make_app, make_run


def row(**changes: Any) -> Row:
    facts = {"small": 20.0, "large": 22.0, "large_p95": 30.0, "queries_small": 9, "queries_large": 9}
    facts |= {"bytes_small": 10_000, "bytes_large": 10_100, "raw": 1.0, "empty": 12.0}
    return Row(**{"page": "/", **facts, **changes})


def test_a_page_within_the_budget_breaks_nothing():
    assert row().breaks == []


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"large": 31.0, "raw": 9.0}, ["> 1.5 x 1k"]),
        ({"small": 40.0, "large": 41.0, "raw": 0.1}, ["> 3 x limit"]),
        ({"queries_large": 10}, ["more queries"]),
        ({"problem": "answers 200 and 500"}, ["answers 200 and 500"]),
    ],
)
def test_what_breaks_the_budget_is_named(change, broken):
    assert row(**change).breaks == broken


def test_a_fuller_page_may_take_so_much_more():
    fuller = row(large=38.0, raw=9.0, bytes_large=15_000, queries_large=10)
    assert (fuller.fullness, fuller.breaks) == (1.5, [])


def test_a_fuller_page_may_not_take_more_than_that():
    assert row(large=46.0, raw=9.0, bytes_large=15_000, queries_large=11).breaks == [
        "> 1.5 x 1k",
        "more queries",
    ]


@pytest.fixture
def app(db: None) -> App:
    app = make_app()
    make_run(app)
    return app


def test_every_page_is_measured_or_left_out_for_a_reason(operator_client: Client, app: App):
    """Where this fails: name the parameter in `addresses.PARAMETERS`, or the view in `addresses.LEFT_OUT`."""
    unknown = {name: given for name, given in views().items() if not is_measurable(name, given)}
    pages = [name for name, given in unknown.items() if name not in LEFT_OUT]
    assert [name for name in pages if not is_post_only(operator_client, name, unknown[name])] == []


def is_post_only(client: Client, name: str, parameters: tuple[str, ...]) -> bool:
    return client.get(reverse(name, kwargs=dict.fromkeys(parameters, "1"))).status_code == 405


def test_every_list_has_its_filters_named(operator_client: Client, app: App):
    """Where this fails: name the list in `addresses.FILTERS`, with the query strings of its filters."""
    known = samples(operator_client)
    measured = {name: given for name, given in views().items() if is_measurable(name, given)}
    lists = {
        name
        for name, given in measured.items()
        for address in plain_addresses(name, given)
        if has_pager(operator_client.get(address.on(known)))
    }
    assert lists - FILTERS.keys() == set()


@pytest.mark.parametrize("name", sorted({*FILTERS, *LEFT_OUT}))
def test_nothing_is_named_that_is_not_there(name: str):
    assert name in views()


def test_a_page_is_measured_with_each_filter_and_deep_where_it_has_a_pager(operator_client: Client, app: App):
    labels = {address.label for address in page_addresses(operator_client, samples(operator_client))}
    assert {"/runs/", "/runs/?(deep)", "/runs/?status=ok", "/runs/?status=ok&(deep)"} <= labels
    assert {"/usage/", "/usage/?period=365"} <= labels
    assert "/usage/?period=365&(deep)" not in labels
