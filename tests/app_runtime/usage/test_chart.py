"""The chart of usage as whole numbers: parts add up, whatever the values."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_runtime.usage.chart import (
    FULL,
    LABELS,
    LEAST,
    MOST_BARS,
    STEPS,
    Bar,
    Chart,
    chart_of,
    days_each,
    round_step,
    top_of,
)
from app_runtime.usage.drawing import Drawing, percent

DAY = date(2026, 11, 23)


def chart(*values: tuple[int, ...]) -> Chart:
    return Chart(
        [Bar(DAY + timedelta(days=n), DAY + timedelta(days=n), each, False) for n, each in enumerate(values)]
    )


def heights(drawn: Chart, number: int = 0) -> list[int]:
    return [piece.height for piece in drawn.pieces(number)]


def test_a_bar_is_as_high_as_its_share_of_the_scale():
    assert heights(chart((30, 20), (100, 0))) == [3_000, 2_000]


@given(st.lists(st.integers(0, 10**24), min_size=1, max_size=6), st.integers(0, 10**24))
def test_the_parts_of_a_bar_add_up_to_it(values, highest):
    drawn = chart(tuple(values), (highest,))
    whole = max(LEAST, sum(values) * FULL // drawn.top) if sum(values) else 0
    assert sum(heights(drawn)) == whole <= FULL


@given(st.lists(st.integers(0, 10**24), min_size=1, max_size=6))
def test_the_parts_of_a_bar_stand_on_each_other(values):
    pieces = chart(tuple(values)).pieces(0)
    edge = FULL
    for piece in pieces:
        assert piece.y + piece.height == edge
        edge = piece.y
    assert edge >= 0


@given(st.integers(1, 10**30))
def test_the_scale_is_round_and_just_high_enough(highest):
    step, top = round_step(highest), top_of(highest)
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert top - step < highest <= top <= STEPS * step


def test_a_bar_without_a_value_has_no_parts():
    assert heights(chart((0, 0), (5, 5))) == []


def test_a_value_that_is_too_small_to_be_seen_is_seen():
    assert heights(chart((1,), (10**18,))) == [LEAST]


def test_one_day_is_one_bar_in_the_whole_width():
    drawn = chart_of(DAY, DAY, {DAY: (7,)}, set())
    assert (drawn.slot(0).x, drawn.slot(0).width, len(drawn.bars)) == (0, FULL, 1)


@pytest.mark.parametrize("count", [1, 2, 7, 30, 92])
def test_the_places_of_the_bars_fill_the_width(count):
    drawn = chart(*[(1,)] * count)
    slots = [drawn.slot(number) for number in range(count)]
    assert sum(slot.width for slot in slots) == FULL
    assert all(one.x + one.width == other.x for one, other in pairwise(slots))


@pytest.mark.parametrize("count", [1, 2, 7, 30, 92])
def test_few_days_are_written_below_and_none_at_an_edge(count):
    labels = chart(*[(1,)] * count).labels
    assert 1 <= len(labels) <= LABELS
    assert all(0 < label.x < FULL for label in labels)


def test_days_without_use_are_gaps():
    drawn = chart_of(DAY, DAY + timedelta(days=2), {DAY: (1,), DAY + timedelta(days=2): (1,)}, set())
    assert [bool(drawn.pieces(number)) for number in range(3)] == [True, False, True]


@pytest.mark.parametrize(("days", "each"), [(1, 1), (92, 1), (93, 7), (365, 7), (1_096, 28)])
def test_a_long_period_has_bars_of_weeks(days, each):
    drawn = chart_of(DAY - timedelta(days=days - 1), DAY, {}, set())
    assert (days_each(days), drawn.days_each) == (each, each)
    assert len(drawn.bars) <= MOST_BARS
    assert (drawn.bars[0].first, drawn.bars[-1].last) == (DAY - timedelta(days=days - 1), DAY)


def test_a_bar_of_a_week_has_all_its_days():
    first = DAY - timedelta(days=364)
    values = {first + timedelta(days=place): (1, 2) for place in range(365)}
    bars = chart_of(first, DAY, values, set()).bars
    assert (bars[-1].values, sum(bar.total for bar in bars)) == ((7, 14), 3 * 365)


def test_a_bar_of_which_a_day_is_partly_unknown_is_marked():
    first = DAY - timedelta(days=364)
    bars = chart_of(first, DAY, {}, {DAY - timedelta(days=3)}).bars
    assert [bar.is_low for bar in bars] == [False] * 52 + [True]


def test_bars_of_nothing_are_a_flat_drawing():
    assert Drawing(chart_of(DAY, DAY, {}, set()), [], 0, "money").is_flat


@pytest.mark.parametrize(
    ("show", "highest", "words"),
    [
        ("tokens", 3_000_000, ["0", "1 M", "2 M", "3 M"]),
        ("tokens", 5_000, ["0", "2 k", "4 k", "6 k"]),
        ("money", 1_800_000_000_000, ["0", "0.5", "1", "1.5", "2"]),
        ("money", 20_000_000_000_000, ["0", "5", "10", "15", "20"]),
        ("money", 3, ["0", "0.000000000001", "0.000000000002", "0.000000000003"]),
    ],
)
def test_the_scale_says_what_its_lines_are(show, highest, words):
    assert [line for line, _y in Drawing(chart((highest,)), ["A"], 0, show).lines] == words


def test_a_bar_says_its_day_its_sum_and_its_parts():
    drawing = Drawing(chart((2 * 10**12, 5 * 10**11, 0)), ["A", "B"], 3, "money")
    assert drawing.columns[0].words == "23 Nov 2026: 2.50 USD\nA: 2.00 USD\nB: 0.50 USD"


def test_a_bar_that_is_too_low_says_so():
    bars = [Bar(DAY, DAY, (10,), True), Bar(DAY, DAY, (0,), True)]
    words = [column.words for column in Drawing(Chart(bars), ["A"], 0, "tokens").columns]
    assert words == ["23 Nov 2026: at least 10 tokens\nA: 10 tokens", "23 Nov 2026: unknown"]


def test_the_legend_has_the_sums_of_those_that_are_drawn():
    drawing = Drawing(chart((1, 0, 4), (2, 0, 5)), ["A", "B"], 7, "tokens")
    assert [(key.paint, key.name, key.amount) for key in drawing.keys] == [
        ("1", "A", "3 tokens"),
        ("others", "7 other apps", "9 tokens"),
    ]


def test_places_are_written_without_loss():
    assert [percent(place) for place in (0, 5, 1_234, FULL)] == ["0.00%", "0.05%", "12.34%", "100.00%"]
