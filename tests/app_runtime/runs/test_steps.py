import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_runtime.runs.steps import NOTES, STEPS, timeline

PROMPT = {"_ts": 1000, "type": "prompt", "instructions": "i", "message": "m"}
MODEL = {
    "_ts": 3000,
    "type": "model",
    "step": 1,
    "ms": 2000,
    "text": "I look.\nThen I see.",
    "tokensIn": 5,
    "tokensOut": 7,
}
TOOL = {
    "_ts": 5000,
    "type": "tool",
    "step": 2,
    "ms": 1000,
    "name": "memory_read",
    "arguments": {"scope": "app", "mode": "tail"},
    "result": "text",
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
known_keys = st.sampled_from([*MODEL, *TOOL])
foreign_lines = st.lists(
    st.dictionaries(known_keys, json_values, max_size=8).flatmap(
        lambda line: st.sampled_from(["model", "tool", "prompt", "continue", "end"]).map(
            lambda kind: {**line, "type": kind}
        )
    ),
    max_size=5,
)


def test_each_model_turn_and_each_call_is_a_step() -> None:
    steps = timeline([PROMPT, MODEL, TOOL, {"_ts": 6000, "type": "end"}]).steps
    assert [(step.number, step.kind, step.what, step.duration_ms) for step in steps] == [
        (1, "model", "I look.", 2000),
        (2, "tool", "memory_read(app, tail)", 1000),
    ]


def test_tokens_are_summed_and_unknown_ones_are_none() -> None:
    first, second = timeline([PROMPT, MODEL, {**MODEL, "tokensIn": None, "tokensOut": None}]).steps
    assert (first.tokens, second.tokens) == (12, None)


@pytest.mark.parametrize(
    ("picousd", "words"),
    [
        (400_000, "0.0000004 USD"),
        (999_999_600_000, "0.9999996 USD"),
        (1, "0.000000000001 USD"),
        (0, "0.00 USD"),
    ],
)
def test_the_money_of_a_turn_is_shown_to_the_last_digit(picousd: int, words: str) -> None:
    (step,) = timeline([{**MODEL, "model": "m-1", "costPicousd": picousd, "price": "own price"}]).steps
    assert step.facts == f"m-1 · 5 tokens in · 7 tokens out · {words} (own price)"


@pytest.mark.parametrize(("unknown", "words"), [(True, "what it used is unknown"), (False, ""), (None, "")])
def test_a_request_without_an_answer_says_that_its_cost_is_unknown(unknown: object, words: str) -> None:
    line = {**MODEL, "type": "provider_error", "error": "It broke off.", "costUnknown": unknown}
    assert timeline([line]).steps[0].facts == words


def test_bars_lie_where_their_time_was() -> None:
    first, second = timeline([PROMPT, MODEL, TOOL]).steps
    assert (first.left, first.width) == (0.0, 50.0)
    assert (second.left, second.width) == (75.0, 25.0)


def test_a_refused_call_has_a_bad_tone() -> None:
    assert timeline([{**TOOL, "refused": True}]).steps[0].tone == "bad"


def test_a_turn_without_a_word_says_so() -> None:
    assert timeline([{**MODEL, "text": " "}]).steps[0].what == "The model asks for tools without a word"


def test_a_report_shows_its_message() -> None:
    line = {**TOOL, "name": "report_to_user", "arguments": {"type": "run_complete", "message": "Done."}}
    assert timeline([line]).steps[0].what == "report_to_user(run_complete) “Done.”"


def test_the_last_prompt_counts() -> None:
    assert timeline([PROMPT, {**PROMPT, "message": "anew"}, MODEL]).prompt == {**PROMPT, "message": "anew"}


def test_continues_are_counted() -> None:
    assert timeline([PROMPT, {"type": "continue"}, {"type": "continue"}]).continues == 2


def test_an_empty_transcript_has_no_steps() -> None:
    assert timeline([]).steps == []


@given(foreign_lines)
def test_foreign_lines_never_break_the_page(lines: list[dict[str, Any]]) -> None:
    shown = timeline(lines)
    assert len(shown.steps) == sum(line["type"] in (*STEPS, *NOTES) for line in lines)
    for step in shown.steps:
        assert 0 <= step.left <= 100
        assert 1 <= step.width <= 100
        assert step.duration_ms >= 0


@given(json_values)
def test_what_is_stored_can_be_encoded_and_stored_again(value: Any) -> None:
    from app_runtime.texts import storable

    stored = storable(value)
    text = json.dumps(stored, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text
    assert json.dumps(storable(stored)) == json.dumps(stored)


@given(st.text())
def test_ordinary_text_is_stored_as_it_is(text: str) -> None:
    from app_runtime.texts import storable

    assert storable(text) == text.replace("\0", "�")
