"""What a run's engine is told: instructions and first message, stored and shown as sent (BEHAVIOUR, Runs)."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

from app_runtime.engines.base import Briefing
from app_runtime.models import Run
from app_runtime.statuses import Trigger

if TYPE_CHECKING:
    from app_runtime.tools import Tool

RULE = "\n\n---\n\n"

ROLE = """You are “{name}”, an automation that works on its own on its user's server.
Nobody watches while you work. Do what your instructions say, with the tools that you have, and nothing
beyond them."""

MEMORY_RULES = """Your memory is a set of markdown files. `memory.md` has two parts:
`# now` (what holds today, with `## State` first) and `# History` (newest first; your run's heading is there
already, add a short summary to it).
Read it with memory_read, change it with memory_write. Keep it short and true.
You may {space}."""

REPORTING_RULES = """Your run is finished only when you call report_to_user:
- run_complete when the work is done, run_skipped when there was nothing to do;
- milestone for news worth telling on the way, output for a result that lies in a file;
- escalation when only a person can decide. The run then ends, and goes on when they have answered.
Say what you saw and did. What you do not know, call unknown."""


def briefing(
    run: Run, *, memory: str, tools: "tuple[Tool, ...]", now: datetime, is_continued: bool = False
) -> Briefing:
    """Instructions and first message of a run at ``now`` (aware, in the server's zone).

    A continued run has its earlier conversation before that message, which is then what a person said.
    """
    app = run.app
    space = (
        "read and append to the memory of your space"
        if app.access.allows("memory.space")
        else ("not touch the memory of your space")
    )
    parts = (
        ROLE.format(name=app.name),
        app.parsed_spec.system_prompt or "",
        MEMORY_RULES.format(space=space),
        REPORTING_RULES,
    )
    message = _continued(run, now) if is_continued else _first_message(run, memory, now)
    return Briefing(RULE.join(part for part in parts if part), message, tools)


def _continued(run: Run, now: datetime) -> str:
    when = now.isoformat(timespec="seconds")
    answered = _answer(run)
    if answered:
        return f"It is {when}. The user answered your question:\n\n{answered}"
    told = (run.trigger_data or {}).get("continue") or {}
    return f"It is {when}. The user continues this conversation:\n\n{told.get('userMessage', '')}"


def _answer(run: Run) -> str:
    """Each question with its answer, as the user gave it; empty for a run that has none."""
    told = (run.trigger_data or {}).get("escalation")
    if not isinstance(told, dict):
        return ""
    response = told.get("userResponse") or {}
    replies = response.get("answers") or [response]
    pairs = zip(told.get("questions") or [{"question": told.get("originalQuestion")}], replies, strict=False)
    return "\n\n".join(f"Question: {asked.get('question')}\n{_reply(reply)}" for asked, reply in pairs)


def _reply(reply: dict[str, str]) -> str:
    lines = (("Chosen", reply.get("choice")), ("In their own words", reply.get("text")))
    return "\n".join(f"{label}: {value}" for label, value in lines if value)


def _first_message(run: Run, memory: str, now: datetime) -> str:
    sections = {
        "Trigger": _trigger(run, now),
        "Memory": memory or "Your memory is empty.",
        "User configuration": json.dumps(run.app.configuration, indent=2, ensure_ascii=False),
        "Instructions": _instructions(run),
    }
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())


def _trigger(run: Run, now: datetime) -> str:
    label = {
        Trigger.SCHEDULE: "Its schedule started this run",
        Trigger.MANUAL: "A person started this run by hand",
        Trigger.ESCALATION_FOLLOWUP: "A person answered a question of an earlier run, of which nothing "
        "can be read any more",
        Trigger.CONTINUE_FOLLOWUP: "A person continued an earlier run, of which nothing can be read any more",
    }.get(Trigger(run.trigger_type), f"This run was started by: {run.trigger_type}")
    if (run.trigger_data or {}).get("once"):
        label = "A person asked for this run at this time, once"
    return f"{label} of {run.app.name}. It is {now.isoformat(timespec='seconds')}."


def _instructions(run: Run) -> str:
    """The task of this trigger if its subscription has one, else the common task."""
    wanted = (run.trigger_data or {}).get("subscriptionId")
    for subscription in run.app.parsed_spec.subscriptions or []:
        if subscription.id == wanted and subscription.prompt:
            return str(subscription.prompt)
    answered = _answer(run)
    if answered:
        return f"Go on with this answer of the user:\n\n{answered}"
    told = (run.trigger_data or {}).get("continue") or {}
    return str(told.get("userMessage") or "Carry out your instructions once, then report.")
