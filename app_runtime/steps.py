"""A transcript as the timeline that a page shows. Lines may be foreign: nothing in them is relied on."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

SHOWN = 300  # steps on a page, the newest
CLIPPED = 20_000  # characters of one text on a page; the transcript has it whole
ICONS = {"memory_read": "memory", "memory_list": "memory", "memory_write": "pen", "report_to_user": "star"}
HIGHEST = 2**63  # no figure of ours is larger


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
    turns: int = 0  # model turns, shown or not
    hidden: int = 0  # earlier steps, which only the transcript has


def timeline(lines: Iterable[dict[str, Any]]) -> Timeline:
    """Read the lines of one transcript; those of unknown types are left out."""
    known = list(lines)
    # A run that was given back before its first step was sent anew: the last prompt is the one that counts.
    prompt = next((line for line in reversed(known) if line.get("type") == "prompt"), None)
    acted = [line for line in known if line.get("type") in ("model", "tool")]
    origin = _began(prompt) if prompt else (_began(acted[0]) if acted else 0)
    total = max((_number(line.get("_ts")) for line in acted), default=origin) - origin
    steps = [_step(line, origin, max(total, 1)) for line in acted[-SHOWN:]]
    kinds = Counter(line.get("type") for line in known)
    return Timeline(prompt, steps, kinds["continue"], kinds["model"], len(acted) - len(steps))


def _step(line: dict[str, Any], origin: int, total: int) -> Step:
    duration = _number(line.get("ms"))
    is_tool = line["type"] == "tool"
    tokens = [_number(line[key]) for key in ("tokensIn", "tokensOut") if isinstance(line.get(key), int)]
    left = min(100.0, 100 * max(0, _began(line) - origin) / total)
    return Step(
        number=_number(line.get("step")),
        kind=line["type"],
        icon=ICONS.get(str(line.get("name")), "gear") if is_tool else "spark",
        tone="bad" if line.get("refused") else "",
        what=_what(line),
        duration_ms=duration,
        tokens=sum(tokens) if tokens else None,
        left=round(left, 2),
        width=round(max(1.0, min(100.0, 100 * duration / total)), 2),
        said=str(line.get("text") or "")[:CLIPPED],
        arguments=_pretty(line.get("arguments"))[:CLIPPED] if is_tool else "",
        result=str(line.get("result") or "")[:CLIPPED],
    )


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _number(value: Any) -> int:
    """A whole number that is not negative; 0 for anything else."""
    return value if type(value) is int and 0 <= value < HIGHEST else 0


def _began(line: dict[str, Any]) -> int:
    return _number(line.get("_ts")) - _number(line.get("ms"))


def _what(line: dict[str, Any]) -> str:
    """One line that says what the step did."""
    if line["type"] == "model":
        first = next(iter(str(line.get("text") or "").strip().splitlines()), "")
        return first or _("The model asks for tools without a word")
    written = line.get("arguments")
    arguments = written if isinstance(written, dict) else {}
    shown = ", ".join(str(arguments[key]) for key in ("type", "scope", "mode", "path") if arguments.get(key))
    message = str(arguments.get("message") or "")
    name = f"{line.get('name')}({shown})"
    return f"{name} “{message[:80]}”" if message else name
