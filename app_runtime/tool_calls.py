"""The tool calls of a run: each one a step, its result masked, a large one kept aside."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from app_runtime.bounds import SHOWN_CHARACTERS, shortened
from app_runtime.engines.base import Message, ToolCall
from app_runtime.exceptions import RunStopped, ToolRefused
from app_runtime.progress import Progress, elapsed_ms
from app_runtime.tools import Tool

NOTHING = "(The result is empty.)"  # some providers refuse a conversation with an empty text
UNKNOWN_END = "The call was cut off: {why} Whether it had an effect is unknown."


class ToolCalls:
    """Carries out the calls of one run with the tools that it was offered."""

    def __init__(self, tools: Mapping[str, Tool], progress: Progress) -> None:
        self.tools, self.progress = tools, progress

    def carry_out(self, call: ToolCall) -> Message:
        """The call's result for the conversation. A refusal is a result too; `RunStopped` ends the run."""
        began = self.progress.begin_step()
        try:
            result, is_refused = self._result_of(call)
        except RunStopped as stopped:
            self._write(call, UNKNOWN_END.format(why=stopped), elapsed_ms(began), is_refused=True)
            raise
        result = self.progress.masker.text(result) if result.strip() else NOTHING
        kept = self._kept_aside(result) if len(result) > SHOWN_CHARACTERS else {}
        shown = shortened(result)
        self._write(call, shown, elapsed_ms(began), is_refused=is_refused, **kept)
        return Message("tool", shown, call_id=call.id)

    def _result_of(self, call: ToolCall) -> tuple[str, bool]:
        tool = self.tools.get(call.name)
        if tool is None:
            return f"There is no tool {json.dumps(call.name)}. You have: {', '.join(self.tools)}.", True
        if call.problem:
            return f"{call.name} was not called: {call.problem} Call it again with these put right.", True
        try:
            answer = tool.call(call.arguments)
            return (self.progress.wait(_as_work(answer)) if inspect.isawaitable(answer) else answer), False
        except ToolRefused as error:
            return str(error), True

    def _kept_aside(self, result: str) -> dict[str, Any]:
        name = f"step-{self.progress.run.step_count}.txt"
        self.progress.transcript.keep(name, result)
        return {"resultFile": name, "resultCharacters": len(result)}

    def _write(self, call: ToolCall, result: str, ms: int, *, is_refused: bool, **facts: Any) -> None:
        self.progress.write(
            "tool",
            step=self.progress.run.step_count,
            ms=ms,
            id=call.id,
            name=call.name,
            arguments=call.as_told().arguments,
            result=result,
            refused=is_refused,
            **facts,
        )


async def _as_work(answer: Any) -> str:
    return str(await answer)
