import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_manager.spec import parse_duration
from tests.shared import shared_path


def test_it_agrees_with_the_vectors() -> None:
    vectors = json.loads(shared_path("reference/vectors.json").read_text("utf-8"))["parse_duration"]
    assert [_is_duration(case["input"]) for case in vectors] == [case["valid"] for case in vectors]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("45s", 45_000), ("30m", 1_800_000), ("2h", 7_200_000), ("7d", 604_800_000)],
)
def test_it_gives_milliseconds(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


def test_it_says_what_a_duration_looks_like() -> None:
    with pytest.raises(ValueError, match="digits and one of s, m, h, d, such as 30m; this one is `5x`"):
        parse_duration("5x")


@pytest.mark.parametrize("text", ["36501d", "9" * 5_000 + "s"])
def test_it_refuses_more_than_a_hundred_years(text: str) -> None:
    with pytest.raises(ValueError, match="at most 36500d"):
        parse_duration(text)


@given(st.text())
def test_any_text_is_a_duration_or_a_sentence(text: str) -> None:
    assert _is_duration(text) in (True, False)


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True
