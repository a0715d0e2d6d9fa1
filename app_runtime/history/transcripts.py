"""Small transcripts of the newest synthetic runs, so that their pages look as real ones do."""

from collections.abc import Iterable, Iterator
from typing import Any

from app_runtime.history.happenings import encode
from app_runtime.models import Run
from app_runtime.prompt import briefing
from app_runtime.transcript import transcript_of
from halo_site.datadir.files import write_below
from halo_site.store.fields import to_ms

Line = dict[str, Any]
TOOLS = ("memory_read", "memory_write", "memory_list", "report_to_user")
SAID = "I look at the page, compare it with my notes and report what is new."
TOKENS = {"tokensIn": 1_200, "tokensOut": 90}
CALLS = (
    ("memory_read", {"scope": "app", "mode": "headers"}, "L1: # now\nL2: ## State\nL5: # History"),
    ("memory_write", {"scope": "app", "content": "- the page was looked at", "mode": "append"}, "Written."),
    (
        "report_to_user",
        {"type": "run_complete", "message": "Nothing of note."},
        "Stored. The user sees it now.",
    ),
)


def write_transcripts(runs: Iterable[Run]) -> None:
    """The files of finished runs: model turns and tool calls in turn, as many as their rows say from now on.

    The row of a run without a transcript says that no step began: so nobody misses its file.
    """
    worked_on = [run for run in runs if run.session_id]
    for run in worked_on:
        run.step_count = 2 * turns_of(run.run_id)
        transcript = transcript_of(run)
        text = "".join(encode(line) + "\n" for line in (_prompt(run), *_steps(run)))
        write_below(transcript.base, transcript.name, text.encode())
    Run.objects.bulk_update(worked_on, ["step_count"])


def turns_of(run_id: str) -> int:
    """How many model turns a synthetic run had, each with one tool call."""
    return 2 + int(run_id[0], 16) // 2


def _prompt(run: Run) -> Line:
    told = briefing(run, memory="", tools=(), now=run.started_at)
    tools = [{"name": name, "why": "always on"} for name in TOOLS]
    sent = {"instructions": told.instructions, "message": told.message, "tools": tools}
    return {"_ts": to_ms(run.started_at), "type": "prompt", "engine": run.engine, **sent}


def _steps(run: Run) -> Iterator[Line]:
    began, each = to_ms(run.started_at), (run.duration_ms or 0) // run.step_count
    for number in range(1, run.step_count + 1):
        # The last step reports; the ones before read and write in turn
        name, arguments, result = CALLS[-1 if number + 2 > run.step_count else (number - 1) // 2 % 2]
        call = {"id": f"{run.short_id}-{(number + 1) // 2}", "name": name, "arguments": arguments}
        line = {"_ts": began + number * each, "step": number, "ms": each}
        if number % 2:
            yield {**line, "type": "model", "text": SAID, "model": run.model, "calls": [call], **TOKENS}
        else:
            yield {**line, "type": "tool", **call, "result": result, "refused": False}
