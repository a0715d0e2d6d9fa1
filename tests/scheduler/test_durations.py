import json
from typing import Any

import pytest

from scheduler.durations import parse_duration
from tests.shared import shared_path


def test_it_agrees_with_every_vector() -> None:
    wrong: list[Any] = []
    for case in json.loads(shared_path("reference/vectors.json").read_text())["parse_duration"]:
        try:
            parse_duration(case["input"])
            accepted = True
        except ValueError:
            accepted = False
        if accepted != case["valid"]:
            wrong.append(case)
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [("0m", 0), ("10s", 10_000), ("90m", 5_400_000), ("2h", 7_200_000), ("7d", 604_800_000)],
)
def test_it_counts_in_milliseconds(text: str, expected_ms: int) -> None:
    assert parse_duration(text) == expected_ms


@pytest.mark.parametrize(
    "text",
    ["1.5h", "٣m", " 15m", "30m\n", "2H", "", "9" * 5_000 + "s", "1w", None, 30, ["30m"], {"every": "30m"}],
)
def test_it_refuses_anything_else_in_one_line(text: Any) -> None:
    with pytest.raises(ValueError, match=r"^The duration .* cannot be read; .*$") as refused:
        parse_duration(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 160
