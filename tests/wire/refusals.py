"""What real providers refuse: conversations of a shape that their wire format does not take."""

import json
import re
from collections.abc import Iterator
from typing import Any

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
OPENAI_ID = re.compile(r".{1,40}", re.S)
ANTHROPIC_ID = re.compile(r"[A-Za-z0-9_-]+")


def refusal(body: dict[str, Any], *, is_anthropic: bool) -> str:
    """Why a provider would answer 400 to this request; empty where it would not."""
    problems = _of_anthropic(body) if is_anthropic else _of_openai(body)
    return next(problems, "")


def _of_openai(body: dict[str, Any]) -> Iterator[str]:
    messages, expected = body["messages"], list[str]()
    yield from _of_names(tool["function"]["name"] for tool in body.get("tools") or [])
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in expected:
                yield f"message {number}: a result without a call before it"
            else:
                expected.remove(message["tool_call_id"])
            continue
        if expected:
            yield f"message {number}: calls {expected} have no result"
        expected = [call["id"] for call in message.get("tool_calls") or []]
        if len(set(expected)) < len(expected) or not all(map(OPENAI_ID.fullmatch, expected)):
            yield f"message {number}: its calls have the ids {expected}"
        yield from _of_names(call["function"]["name"] for call in message.get("tool_calls") or [])
        for call in message.get("tool_calls") or []:
            if not isinstance(json.loads(call["function"]["arguments"]), dict):
                yield f"message {number}: arguments that are no object"
        if not message.get("content") and not expected:
            yield f"message {number}: nothing in it"
    if expected:
        yield f"the last calls {expected} have no result"
    if messages[-1]["role"] == "assistant":
        yield "the last word is the assistant's own"


def _of_anthropic(body: dict[str, Any]) -> Iterator[str]:
    messages, expected, known = body["messages"], list[str](), set[str]()
    yield from _of_names(tool["name"] for tool in body.get("tools") or [])
    if messages[0]["role"] != "user":
        yield "the first word is not the user's"
    for number, message in enumerate(messages):
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        yield from (f"message {number}: {problem}" for problem in _of_blocks(blocks))
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if sorted(results) != sorted(expected):
            yield f"message {number}: results of {results} for the calls {expected}"
        calls = [block for block in blocks if block["type"] == "tool_use"]
        expected = [block["id"] for block in calls]
        yield from _of_names(block["name"] for block in calls)
        if known & set(expected) or len(set(expected)) < len(expected):
            yield f"message {number}: the ids {expected} are not unique"
        if not all(map(ANTHROPIC_ID.fullmatch, expected)):
            yield f"message {number}: the ids {expected} are not plain"
        known |= set(expected)
    if messages[-1]["role"] != "user":
        yield "the last word is the assistant's own"


def _of_blocks(blocks: list[dict[str, Any]]) -> Iterator[str]:
    if not blocks:
        yield "nothing in it"
    kinds = [block["type"] for block in blocks]
    if "tool_result" in kinds[kinds.count("tool_result") :]:
        yield "a result after other blocks"
    for block in blocks:
        inner = block.get("content") if block["type"] == "tool_result" else [block]
        for part in inner if isinstance(inner, list) else []:
            if part["type"] == "text" and not part["text"].strip():
                yield "a text without a word"


def _of_names(names: Iterator[str]) -> Iterator[str]:
    yield from (f"the name {name!r} of a tool" for name in names if not NAME.fullmatch(name))
