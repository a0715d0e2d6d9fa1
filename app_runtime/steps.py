"""A transcript as the timeline that a page shows."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

ICONS = {"memory_read": "memory", "memory_list": "memory", "memory_write": "pen", "report_to_user": "star"}


@dataclass(frozen=True)
class Step:
    """One line of the timeline. ``left`` and ``width`` place its bar, in hundredths of the run so far."""

    number: int
    kind: str
    icon: str
    tone: str
    what: str
    duration_ms: int
    tokens: int | None
    left: float
    width: float
    said: str
    arguments: str
    result: str


@dataclass(frozen=True)
class Timeline:
    """The prompt as it was sent, the steps, and how often the engine was told to go on."""

    prompt: dict[str, Any] | None
    steps: list[Step]
    continues: int


def timeline(lines: Iterable[dict[str, Any]]) -> Timeline:
    """Read the lines of one transcript; those of unknown types are left out."""
    known = list(lines)
    prompt = next((line for line in known if line.get("type") == "prompt"), None)
    acted = [line for line in known if line.get("type") in {"model", "tool"}]
    origin = _began(prompt) if prompt else (_began(acted[0]) if acted else 0)
    total = max((int(line.get("_ts", origin)) for line in acted), default=origin) - origin
    steps = [_step(line, origin, max(total, 1)) for line in acted]
    return Timeline(prompt, steps, sum(line.get("type") == "continue" for line in known))


def _step(line: dict[str, Any], origin: int, total: int) -> Step:
    duration = int(line.get("ms") or 0)
    is_tool = line["type"] == "tool"
    tokens = [line.get(key) for key in ("tokensIn", "tokensOut") if isinstance(line.get(key), int)]
    return Step(
        number=int(line.get("step") or 0),
        kind=line["type"],
        icon=ICONS.get(str(line.get("name")), "gear") if is_tool else "spark",
        tone="bad" if line.get("refused") else "",
        what=_what(line),
        duration_ms=duration,
        tokens=sum(tokens) if tokens else None,
        left=round(100 * max(0, _began(line) - origin) / total, 2),
        width=round(max(1.0, 100 * duration / total), 2),
        said=str(line.get("text") or ""),
        arguments=json.dumps(line["arguments"], indent=2, ensure_ascii=False) if is_tool else "",
        result=str(line.get("result") or ""),
    )


def _began(line: dict[str, Any]) -> int:
    return int(line.get("_ts", 0)) - int(line.get("ms") or 0)


def _what(line: dict[str, Any]) -> str:
    """One line that says what the step did."""
    if line["type"] == "model":
        first = next(iter(str(line.get("text") or "").strip().splitlines()), "")
        return first or _("The model asks for tools without a word")
    arguments = line.get("arguments") or {}
    shown = ", ".join(str(arguments[key]) for key in ("type", "scope", "mode", "path") if arguments.get(key))
    message = str(arguments.get("message") or "")
    name = f"{line.get('name')}({shown})"
    return f"{name} “{message[:80]}”" if message else name
