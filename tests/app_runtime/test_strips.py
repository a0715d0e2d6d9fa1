"""The bars of a strip say what the slower ways of Django would say."""

from datetime import UTC, datetime

import pytest
from django.utils import translation
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import strategies as st

from app_manager.models import App
from app_runtime.strips import BarMaker, bars_of
from tests.factories import make_run


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_a_moment_is_written_as_django_writes_it(language: str, moment: datetime) -> None:
    with translation.override(language):
        assert BarMaker().day_and_minute(moment) == date_format(moment, "j M Y, H:i")


@pytest.mark.django_db
def test_a_status_of_a_later_version_is_shown_as_it_is(app: App) -> None:
    run = make_run(app, engine="model")
    run.status = "dreaming"
    assert bars_of([run])[0].title.endswith(": dreaming")


@pytest.mark.django_db
def test_an_id_that_is_none_of_ours_breaks_no_address(app: App) -> None:
    assert bars_of([make_run(app, run_id="a/b c?d", engine="model")])[0].href == "/runs/a%2Fb%20c%3Fd/"
