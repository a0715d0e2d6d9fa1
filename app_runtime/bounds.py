"""How much of what is said in a run is carried: written into its transcript, and sent to the model again."""

import json
from collections.abc import Iterable
from dataclasses import replace

from app_runtime.engines.base import Message, ToolCall, Turn
from app_runtime.exceptions import CapReached
from halo_site.masking import Masker

# All in characters, of arguments as they are in JSON
SHOWN_CHARACTERS = 65_536  # of one text, result or call; what is longer is kept aside
MOST_KEPT_OF_A_TURN = 1024 * 1024
LONGEST_ARGUMENTS = 1024 * 1024
LONGEST_CONVERSATION = 8 * 1024 * 1024
CUT = "_cut"  # the one key of arguments of which the beginning alone is carried

TOO_LONG = "its arguments have {count:,} characters; at most {most:,} are taken. Nothing of them was kept."
ENDLESS = (
    "The conversation has grown to {count:,} characters; at most {most:,} are sent to a model. "
    "Start a new run: this one cannot go on."
)


def shortened(text: str) -> str:
    """The beginning of a long text, and a note that it is that; a short one as it is."""
    if len(text) <= SHOWN_CHARACTERS:
        return text
    note = f"\n\n(Cut here: these are the first {SHOWN_CHARACTERS:,} of {len(text):,} characters.)"
    return text[:SHOWN_CHARACTERS] + note


def bounded(turn: Turn, masker: Masker) -> tuple[Turn, str]:
    """The turn with what of it is carried, and, where that is not all, the whole of it to keep aside.

    Calls keep their arguments for their tools, and have what is carried beside them. Those that are longer
    than any tool takes are refused and dropped. What is cut is masked before: a secret may lie on the cut.
    """
    calls, aside = [], []
    text = turn.text
    if len(text) > SHOWN_CHARACTERS:
        masked = masker.text(text)
        text = shortened(masked)
        aside.append(masked[:MOST_KEPT_OF_A_TURN])
    for call in turn.calls:
        carried, whole = _bounded_call(call, masker)
        calls.append(carried)
        aside += [whole] if whole else []
    return replace(turn, text=text, calls=tuple(calls)), "\n\n".join(aside)


def _bounded_call(call: ToolCall, masker: Masker) -> tuple[ToolCall, str]:
    written = _as_json(call)
    if len(written) <= SHOWN_CHARACTERS:
        return call, ""
    if len(written) > LONGEST_ARGUMENTS:
        problem = TOO_LONG.format(count=len(written), most=LONGEST_ARGUMENTS)
        return replace(call, arguments={}, problem=problem), ""
    masked = json.dumps(masker.value(call.arguments), ensure_ascii=False)
    return replace(call, carried={CUT: shortened(masked)}), f"{call.name}: {masked}"


def check(conversation: Iterable[Message]) -> None:
    """Raise `CapReached` where the conversation is longer than what is sent to a model."""
    count = sum(
        len(message.text) + sum(len(_as_json(call)) for call in message.calls) for message in conversation
    )
    if count > LONGEST_CONVERSATION:
        raise CapReached(ENDLESS.format(count=count, most=LONGEST_CONVERSATION))


def _as_json(call: ToolCall) -> str:
    return json.dumps(call.arguments, ensure_ascii=False)
