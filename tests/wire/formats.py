"""Answers as OpenAI's chat completions and as Anthropic's messages, whole and as events of a stream."""

import json
from collections.abc import Iterator
from typing import Any

from tests.wire.answers import Says, Status

PIECE, MOST_PIECES = 7, 1_000  # characters of one event, and events of one text: to read one takes a while


def pieces(text: str) -> list[str]:
    length = max(PIECE, len(text) // MOST_PIECES)
    return [text[start : start + length] for start in range(0, len(text), length)]


class OpenAi:
    """``POST …/chat/completions``."""

    done = b"data: [DONE]\n\n"

    def usage(self, says: Says) -> dict[str, Any] | None:
        if says.tokens_in is None or says.tokens_out is None:
            return None
        return {
            "prompt_tokens": says.tokens_in,
            "completion_tokens": says.tokens_out,
            "total_tokens": says.tokens_in + says.tokens_out,
            "prompt_tokens_details": {"cached_tokens": says.cached},
        }

    def calls(self, says: Says, number: int) -> list[dict[str, Any]]:
        return [
            {
                "id": says.ids[index] if says.ids else f"call_{number}_{index}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for index, (name, arguments) in enumerate(says.raw_calls)
        ]

    def body(self, says: Says, model: str, number: int) -> dict[str, Any]:
        message = {"role": "assistant", "content": says.text or None}
        calls = self.calls(says, number)
        if calls:
            message["tool_calls"] = calls  # type: ignore[assignment]
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
        facts = {
            "id": f"chat-{number}",
            "object": "chat.completion",
            "created": 1,
            "model": says.model or model,
        }
        usage = self.usage(says)
        return {**facts, "choices": [choice], **({"usage": usage} if usage else {})}

    def events(self, says: Says, model: str, number: int) -> Iterator[bytes]:
        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return self._event({**facts, "choices": [choice]})

        facts = {
            "id": f"chat-{number}",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": says.model or model,
        }
        yield chunk({"role": "assistant", "content": ""})
        for piece in pieces(says.text):
            yield chunk({"content": piece})
        for index, call in enumerate(self.calls(says, number)):
            head = {**call, "index": index, "function": {**call["function"], "arguments": ""}}
            yield chunk({"tool_calls": [head]})
            for piece in pieces(call["function"]["arguments"]):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield chunk({}, "tool_calls" if says.raw_calls else "stop")
        usage = self.usage(says)
        if usage:
            yield self._event({**facts, "choices": [], "usage": usage})
        yield self.done

    def error(self, status: Status) -> dict[str, Any]:
        return {"error": {"message": status.message, "type": status.kind, "param": None, "code": status.kind}}

    def _event(self, data: dict[str, Any]) -> bytes:
        return f"data: {json.dumps(data)}\n\n".encode()


class Anthropic:
    """``POST …/messages``."""

    def usage(self, says: Says) -> dict[str, int]:
        """Anthropic counts what came out of a cache beside the tokens in."""
        return {
            "input_tokens": (says.tokens_in or 0) - says.cached,
            "output_tokens": says.tokens_out or 0,
            "cache_read_input_tokens": says.cached,
            "cache_creation_input_tokens": 0,
        }

    def body(self, says: Says, model: str, number: int) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": says.text}] if says.text else []
        for index, (name, arguments) in enumerate(says.raw_calls):
            content.append(
                {
                    "type": "tool_use",
                    "id": says.ids[index] if says.ids else f"toolu_{number}_{index}",
                    "name": name,
                    "input": json.loads(arguments),
                }
            )
        return {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": says.model or model,
            "content": content,
            "stop_reason": "tool_use" if says.raw_calls else "end_turn",
            "stop_sequence": None,
            "usage": self.usage(says),
        }

    def events(self, says: Says, model: str, number: int) -> Iterator[bytes]:
        usage = self.usage(says)
        empty = {
            **self.body(Says(tokens_in=0, tokens_out=0), says.model or model, number),
            "stop_reason": None,
        }
        yield self._event("message_start", message={**empty, "usage": {**usage, "output_tokens": 1}})
        index = 0
        if says.text:
            yield self._event("content_block_start", index=index, content_block={"type": "text", "text": ""})
            for piece in pieces(says.text):
                yield self._event(
                    "content_block_delta", index=index, delta={"type": "text_delta", "text": piece}
                )
            yield self._event("content_block_stop", index=index)
            index += 1
        for call, (name, arguments) in enumerate(says.raw_calls):
            known = says.ids[call] if says.ids else f"toolu_{number}_{call}"
            block = {"type": "tool_use", "id": known, "name": name, "input": {}}
            yield self._event("content_block_start", index=index, content_block=block)
            for piece in pieces(arguments):
                delta = {"type": "input_json_delta", "partial_json": piece}
                yield self._event("content_block_delta", index=index, delta=delta)
            yield self._event("content_block_stop", index=index)
            index += 1
        delta = {"stop_reason": "tool_use" if says.raw_calls else "end_turn", "stop_sequence": None}
        yield self._event("message_delta", delta=delta, usage=usage)
        yield self._event("message_stop")

    def error(self, status: Status) -> dict[str, Any]:
        return {"type": "error", "error": {"type": status.kind, "message": status.message}}

    def _event(self, kind: str, **facts: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **facts})}\n\n".encode()


Format = OpenAi | Anthropic
