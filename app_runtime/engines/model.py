"""The engine of real models, on pydantic-ai: OpenAI, Anthropic, and any server that speaks as OpenAI does.

Imported by workers and by `check_source` only: it loads the model libraries (DESIGN §8).
"""

import json
import re
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from uuid import uuid4

from django.utils import timezone
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import AgentRunError, UserError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from app_runtime import prices, texts
from app_runtime.engines.base import Briefing, Message, ToolCall, Turn
from app_runtime.engines.ending import AnswerTooLong
from app_runtime.engines.provider_errors import PASSING, in_words
from app_runtime.engines.providers import Connection, connect
from app_runtime.exceptions import EngineError
from app_runtime.settings.source_check import Checked
from app_runtime.tools import Tool
from halo_site.datadir.ai_sources import ModelSource

UNREADABLE = "its arguments were no JSON object: {start}."
START_CHARACTERS = 200
MOST_TOKENS = 10**9  # of one turn: no model takes or makes a hundredth of it
# What every provider takes: one's ids and made-up names of tools are refused by another
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")
LONGEST_NAME = 64


class ModelEngine:
    """Makes turns with the first of ``sources``, and with the next when told to fall back."""

    name = "model"

    def __init__(self, sources: Sequence[ModelSource]) -> None:
        self.source: ModelSource = sources[0]
        self._following = list(sources[1:])
        self._connections: dict[str, Connection] = {}

    async def turn(self, briefing: Briefing, conversation: Sequence[Message]) -> Turn:
        """One request to the provider, streamed where the source streams. Raises `EngineError`."""
        source = self.source
        try:
            response = await _answer(self._connected(source), source, briefing, conversation)
        except (AgentRunError, UserError, AnswerTooLong, *PASSING) as error:
            raise in_words(error, source) from error
        return turn_of(response, source, {call.id for message in conversation for call in message.calls})

    def fall_back(self) -> bool:
        """Go over to the next source; False where there is none."""
        if not self._following:
            return False
        self.source = self._following.pop(0)
        return True

    async def close(self) -> None:
        """Close every connection."""
        for connection in self._connections.values():
            await connection.close()

    def _connected(self, source: ModelSource) -> Connection:
        """The connection of a source, made when first needed. Raises `EngineError` for a missing key."""
        if source.id not in self._connections:
            self._connections[source.id] = connect(source)
        return self._connections[source.id]


async def check(source: ModelSource) -> Checked:
    """Ask the source for one word, as a run would, and say what came of it."""
    engine = ModelEngine([source])
    briefing = Briefing("You are asked whether you can be reached. Answer with one word.", "")
    began = time.monotonic()
    try:
        turn = await engine.turn(briefing, (Message("user", "Say: ready"),))
    except EngineError as error:
        return Checked(False, str(error), ms=round((time.monotonic() - began) * 1000))
    finally:
        await engine.close()
    ms = round((time.monotonic() - began) * 1000)
    return Checked(True, "It answers.", turn.model, ms, turn.tokens_in, turn.tokens_out)


async def _answer(
    connection: Connection, source: ModelSource, briefing: Briefing, conversation: Sequence[Message]
) -> ModelResponse:
    """The whole answer. Raises `EngineError` for a stream that stopped before its end."""
    model, messages = connection.model, messages_for(briefing, conversation)
    offered = ModelRequestParameters(function_tools=[_definition(tool) for tool in briefing.tools])
    if not source.stream:
        return await model_request(model, messages, model_request_parameters=offered)
    async with model_request_stream(model, messages, model_request_parameters=offered) as stream:
        async for _event in stream:
            pass
        response = stream.get()
    # Its finish_reason as it came: pydantic-ai makes "stop" of one that did not.
    if not (connection.ending.is_marked or (response.provider_details or {}).get("finish_reason")):
        raise EngineError(f"{source.name} broke off its answer.", kind="network", permanent=False)
    return response


def messages_for(briefing: Briefing, conversation: Sequence[Message]) -> list[ModelMessage]:
    """The conversation in pydantic-ai's words; results and what follows them are one request."""
    names = {call.id: _plain_name(call.name) for message in conversation for call in message.calls}
    messages: list[ModelMessage] = []
    parts: list[ModelRequestPart] = []
    for message in conversation:
        if message.role == "assistant":
            if parts:
                messages.append(ModelRequest(parts=parts, instructions=briefing.instructions))
                parts = []
            messages.append(ModelResponse(parts=list(_response_parts(message))))
        elif message.role == "tool":
            parts.append(ToolReturnPart(names.get(message.call_id, "tool"), message.text, message.call_id))
        else:
            parts.append(UserPromptPart(message.text))
    messages.append(ModelRequest(parts=parts, instructions=briefing.instructions))
    return messages


def turn_of(response: ModelResponse, source: ModelSource, taken: Collection[str] = ()) -> Turn:
    """The response as a turn, with its size and its listed price as far as they are known.

    Ids of calls that no other provider would take, or that are ``taken``, are replaced.
    Raises `EngineError` where the provider says that it broke off.
    """
    if response.finish_reason in {"error", "content_filter"}:
        raise EngineError(
            f"{source.name} broke off its answer ({response.finish_reason}). Nothing of it was used.",
            kind="bad_answer",
            permanent=response.finish_reason == "content_filter",
        )
    usage, model = response.usage, texts.name(response.model_name or source.model)
    text = texts.storable("".join(part.content for part in response.parts if isinstance(part, TextPart)))
    calls = _with_ids([_call(part) for part in response.parts if isinstance(part, ToolCallPart)], taken)
    if not (usage.input_tokens or usage.output_tokens):
        return Turn(text, calls, model)  # a server that does not count
    if not _is_possible(usage):
        return Turn(text, calls, model)  # one that counts what cannot be: its size is not known
    tokens = prices.Tokens(
        usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens
    )
    cost, price = prices.listed_cost(tokens, source, model, timezone.now()) or (None, "")
    return Turn(text, calls, model, tokens.incoming, tokens.outgoing, tokens.cached, cost, price)


def _is_possible(usage: RequestUsage) -> bool:
    """Whether a turn can have this size: no negative price comes of it, and no number of no end."""
    known = (usage.input_tokens, usage.output_tokens, usage.cache_write_tokens)
    is_small = all(0 <= count <= MOST_TOKENS for count in known)
    return is_small and 0 <= usage.cache_read_tokens <= usage.input_tokens


def _call(part: ToolCallPart) -> ToolCall:
    called = texts.name(part.tool_name)
    try:
        arguments = json.loads(part.args) if isinstance(part.args, str) and part.args else part.args or {}
    except (ValueError, RecursionError):
        arguments = None
    if isinstance(arguments, dict):
        return ToolCall(part.tool_call_id, called, texts.storable(arguments))
    start = texts.storable(str(part.args)[:START_CHARACTERS])
    return ToolCall(part.tool_call_id, called, {}, UNREADABLE.format(start=json.dumps(start)))


def _with_ids(calls: Iterable[ToolCall], taken: Collection[str]) -> tuple[ToolCall, ...]:
    """The calls under ids that are plain and unique in their conversation, whoever it goes on with."""
    used, kept = set(taken), []
    for call in calls:
        plain = call.id if PLAIN_ID.fullmatch(call.id) and call.id not in used else f"call_{uuid4().hex}"
        used.add(plain)
        kept.append(replace(call, id=plain))
    return tuple(kept)


def _definition(tool: Tool) -> ToolDefinition:
    return ToolDefinition(
        name=tool.name, parameters_json_schema=tool.schema, description=tool.description, strict=False
    )


def _response_parts(message: Message) -> Iterable[ModelResponsePart]:
    if message.text.strip():
        yield TextPart(message.text)
    for call in message.calls:
        yield ToolCallPart(_plain_name(call.name), json.dumps(call.arguments, ensure_ascii=False), call.id)


def _plain_name(name: str) -> str:
    """The name as it may be told again: a model can call what there is not, by any name."""
    return NOT_PLAIN.sub("_", name)[:LONGEST_NAME] or "unnamed"
