import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.measuring import Sample, interleaved, ratio, rounds


def test_the_first_rounds_do_not_count():
    assert list(rounds(3, dropped=2)) == [False, False, True, True, True]


def test_subjects_take_turns():
    order = []
    subjects = {name: lambda name=name: float(order.append(name) is None) for name in ("small", "large")}
    interleaved(subjects, counted=2, dropped=1)
    assert order == ["small", "large"] * 3


def test_what_the_first_rounds_took_is_not_in_the_sample():
    times = iter([1_000.0, 1.0, 3.0])
    assert interleaved({"page": lambda: next(times)}, counted=2, dropped=1)["page"].values == [1.0, 3.0]


@pytest.mark.parametrize(("values", "median"), [([3, 1, 2], 2), ([4, 1, 2, 3], 2.5), ([7], 7)])
def test_the_median(values, median):
    assert Sample(values).median == median


@pytest.mark.parametrize(("count", "p95"), [(20, 19), (100, 95), (1, 1), (21, 20)])
def test_the_95th_percentile(count, p95):
    assert Sample(list(range(1, count + 1))).p95 == p95


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_figures_lie_among_the_values(values):
    sample = Sample(values)
    assert min(values) <= sample.median <= sample.p95 or len(values) < 3
    assert sample.p95 in values


def test_a_ratio_over_nothing_is_infinite():
    assert (ratio(3, 2), ratio(1, 0)) == (1.5, float("inf"))


def test_the_99th_percentile():
    assert Sample(list(range(1, 201))).p99 == 198
