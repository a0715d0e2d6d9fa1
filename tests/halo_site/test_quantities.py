from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site.quantities import duration, relative, size

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (0.9, "now"),
        (-0.9, "just now"),
        (-2, "2 s ago"),
        (-59, "59 s ago"),
        (-60, "1 min ago"),
        (-3 * 60, "3 min ago"),
        (-3600, "1 h ago"),
        (-7140, "1 h 59 min ago"),
        (13_200, "in 3 h 40 min"),
        (40, "in 40 s"),
        (171_960, "in 1 day 23 h"),
        (-90_000, "1 day 1 h ago"),
        (-86_400, "1 day ago"),
        (-3 * 86_400, "3 days ago"),
        (-31 * 86_400, "1 month ago"),
        (-364 * 86_400, "11 months ago"),
        (-800 * 86_400, "2 years ago"),
    ],
)
def test_a_moment_is_told_from_now(seconds, words):
    assert relative(NOW + timedelta(seconds=seconds), NOW) == words


@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=3000)))
def test_past_and_future_are_told_with_the_same_span(distance):
    assert relative(NOW - distance, NOW).removesuffix(" ago") == relative(NOW + distance, NOW).removeprefix(
        "in "
    )


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, "unknown"),
        (0, "0 ms"),
        (412, "412 ms"),
        (1_490, "1.4 s"),
        (9_990, "9.9 s"),
        (10_000, "10 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (72_300, "1 min 12 s"),
        (13_200_000, "3 h 40 min"),
        (172_800_000, "2 days"),
    ],
)
def test_a_length_of_time_is_cut_off_and_never_rounded_up(milliseconds, words):
    assert duration(milliseconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "unknown"),
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KB"),
        (3174, "3.1 KB"),
        (1_048_575, "1 MB"),
        (1_048_576, "1 MB"),
        (5 * 1024**4, "5 TB"),
    ],
)
def test_a_size_is_told_in_the_nearest_unit(count, words):
    assert size(count) == words
