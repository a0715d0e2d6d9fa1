"""The conversation of an earlier run, read out of its transcript, for a run that continues it."""

from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from app_runtime.engines.base import Message, ToolCall
from app_runtime.models import Run
from app_runtime.transcript import Transcript

LOST_RESULT = "The run was cut off before this call had a result. Whether it had an effect is unknown."
Line = dict[str, Any]


def before(run: Run) -> list[Message]:
    """What was said in the run that this one continues, and before that; empty where it continues none.

    The transcript may end anywhere. Every call has a result in what is returned: providers refuse others.
    """
    earlier = _continued(run)
    if earlier is None:
        return []
    try:
        return complete(messages_of(Transcript(earlier.app, earlier.run_id).lines()))
    except (LookupError, OSError, ValueError):
        return []


def told_of(run: Run) -> Line:
    """What a run that goes on was told: of a message (`continue`) or of an answer (`escalation`); else {}."""
    data = run.trigger_data if isinstance(run.trigger_data, dict) else {}
    told = data.get("continue") or data.get("escalation")
    return told if isinstance(told, dict) else {}


def _continued(run: Run) -> Run | None:
    """The run whose conversation goes on. Of one that is run again that is not its parent."""
    told = told_of(run)
    if not told:
        return None
    named = Run.objects.select_related("app").filter(pk=str(told.get("runId") or ""), app_id=run.app_id)
    return named.first() or run.parent_run


def messages_of(lines: Iterable[Line]) -> list[Message]:
    """The messages of a transcript in their order. Lines of other kinds, or of odd shapes, say nothing."""
    earlier: list[Message] = []
    found: list[Message] = []
    for line in lines:
        kind = line.get("type")
        if kind == "history":
            earlier = [_message(item) for item in _objects(line.get("messages"))]
            found = list(earlier)
        elif kind == "prompt":
            found = list(earlier)  # the second one of a run that was given back before its first step
            found.append(Message("user", _text(line, "message")))
        elif kind in {"continue", "message"}:
            found.append(Message("user", _text(line, "text")))
        elif kind == "model" and (_text(line, "text").strip() or _calls(line)):
            found.append(Message("assistant", _text(line, "text"), _calls(line)))
        elif kind == "tool":
            found.append(Message("tool", _text(line, "result"), call_id=_text(line, "id")))
    return found


def complete(messages: list[Message]) -> list[Message]:
    """The same with a result for every call, right after its turn, and none without a call."""
    kept: list[Message] = []
    for position, message in enumerate(messages):
        if message.role == "tool":
            continue
        kept.append(message)
        # Its own alone: some servers count their calls from the start again in each turn.
        following = takewhile(lambda later: later.role != "assistant", messages[position + 1 :])
        results = {later.call_id: later for later in following if later.role == "tool"}
        for call in message.calls:
            kept.append(results.get(call.id) or Message("tool", LOST_RESULT, call_id=call.id))
    return kept


def as_json(messages: Iterable[Message]) -> list[Line]:
    """Messages as a transcript keeps them."""
    return [
        {
            "role": message.role,
            "text": message.text,
            "calls": calls_as_json(message.calls),
            "callId": message.call_id,
        }
        for message in messages
    ]


def calls_as_json(calls: Iterable[ToolCall]) -> list[Line]:
    """Calls as a transcript keeps them."""
    return [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls]


def _message(item: Line) -> Message:
    role = item.get("role")
    known = role if role in {"user", "assistant", "tool"} else "user"
    return Message(known, _text(item, "text"), _calls(item), _text(item, "callId"))


def _calls(line: Line) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(_text(call, "id"), _text(call, "name"), _arguments(call))
        for call in _objects(line.get("calls"))
    )


def _arguments(call: Line) -> Line:
    arguments = call.get("arguments")
    return arguments if isinstance(arguments, dict) else {}


def _objects(value: Any) -> list[Line]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(line: Line, key: str) -> str:
    return str(line.get(key) or "")
