"""What differs between the two sides of an audit line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site.audit_log.changes import LONGEST, MOST, Change, changes

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 2}, Change("a", "1", "2")),
        (None, {"a": "x"}, Change("a", None, "x")),
        ({"a": "x"}, None, Change("a", "x", None)),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 1}}, Change("a / b", "1", "2")),
        ({"a": ["x", "y"]}, {"a": []}, Change("a", "x, y", "none")),
        ({"a": ""}, {"a": None}, Change("a", "empty", "null")),
        ({"a": True}, {"a": [1]}, Change("a", "true", "[1]")),
    ],
)
def test_what_differs_is_told_by_its_path(before, after, expected):
    assert changes(before, after).shown == (expected,)


def test_what_stayed_is_counted():
    assert changes({"a": 1, "b": 2}, {"a": 1, "b": 3}).same == 1


def test_long_values_and_many_of_them_are_cut():
    found = changes(None, {str(number): "x" * 2 * LONGEST for number in range(MOST + 5)})
    assert (len(found.shown), found.more) == (MOST, 5)
    assert len(found.shown[0].after) == LONGEST + 1


@given(VALUES, VALUES)
def test_any_two_values_can_be_compared(before, after):
    assert changes(before, before).is_nothing
    assert changes(before, after).is_nothing == changes(after, before).is_nothing
