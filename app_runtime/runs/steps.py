"""A transcript as the timeline that a page shows. Lines may be foreign: nothing in them is relied on."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from halo_site import quantities

SHOWN = 300  # steps on a page, the newest
CLIPPED = 20_000  # characters of one text on a page; the transcript has it whole
ICONS = {
    "memory_read": "memory",
    "memory_list": "memory",
    "memory_write": "pen",
    "notify": "out",
    "report_to_user": "star",
    "web_fetch": "external",
}
STEPS = ("model", "tool", "provider_error")
NOTES = ("message", "continue")  # what happened between steps
HIGHEST = 2**63  # no figure of ours is larger


@dataclass(frozen=True)
class Step:
    """One line of the timeline; ``number`` is 0 for what happened between two steps.

    ``left`` and ``width`` place its bar, in hundredths of the run so far; ``kept`` names a result that is
    kept whole beside the transcript.
    """

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
    offset_ms: int = 0
    kept: str = ""
    facts: str = ""


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
    acted = [line for line in known if line.get("type") in (*STEPS, *NOTES)]
    origin = _began(prompt) if prompt else (_began(acted[0]) if acted else 0)
    total = max((_number(line.get("_ts")) for line in acted), default=origin) - origin
    steps = [_step(line, origin, max(total, 1)) for line in acted[-SHOWN:]]
    kinds = Counter(line.get("type") for line in known)
    return Timeline(prompt, steps, kinds["continue"], kinds["model"], len(acted) - len(steps))


def _step(line: dict[str, Any], origin: int, total: int) -> Step:
    kind, duration = line["type"], _number(line.get("ms"))
    is_tool = kind == "tool"
    offset = max(0, _began(line) - origin)
    return Step(
        number=0 if kind in NOTES else _number(line.get("step")),
        kind=kind,
        icon=_icon(line),
        tone="bad" if line.get("refused") or kind == "provider_error" else "",
        what=_what(line),
        duration_ms=duration,
        tokens=_tokens(line),
        left=round(min(100.0, 100 * offset / total), 2),
        width=round(max(1.0, min(100.0, 100 * duration / total)), 2),
        said=str(line.get("text") or line.get("error") or "")[:CLIPPED],
        arguments=_pretty(line.get("arguments"))[:CLIPPED] if is_tool else "",
        result=str(line.get("result") or "")[:CLIPPED],
        offset_ms=offset,
        kept=str(line.get("resultFile") or "") if kind in STEPS else "",
        facts=_facts(line),
    )


def _icon(line: dict[str, Any]) -> str:
    if line["type"] == "tool":
        return ICONS.get(str(line.get("name")), "tool")
    return {"model": "spark", "provider_error": "warn", "message": "user"}.get(line["type"], "retry")


def _tokens(line: dict[str, Any]) -> int | None:
    counted = [_number(line[key]) for key in ("tokensIn", "tokensOut") if isinstance(line.get(key), int)]
    return sum(counted) if counted else None


def _facts(line: dict[str, Any]) -> str:
    """Model, tokens and money of a turn in one line; of one without an answer, that nobody knows them."""
    if line["type"] == "provider_error" and line.get("costUnknown") is True:
        return _("what it used is unknown")
    if line["type"] != "model" or not line.get("model"):
        return ""
    words = [str(line["model"])]
    for key, text in (("tokensIn", _("%s tokens in")), ("tokensCached", _("%s of them from a cache"))):
        if _number(line.get(key)):
            words.append(text % f"{_number(line[key]):,}")
    if _number(line.get("tokensOut")):
        words.append(_("%s tokens out") % f"{_number(line['tokensOut']):,}")
    cost = line.get("costPicousd")
    if type(cost) is int and 0 <= cost < HIGHEST:
        dollars = quantities.dollars(Decimal(cost).scaleb(-12))
        words.append(_("%(cost)s (%(price)s)") % {"cost": dollars, "price": line.get("price") or "?"})
    else:
        words.append(_("price unknown"))
    return " · ".join(words)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _number(value: Any) -> int:
    """A whole number that is not negative; 0 for anything else."""
    return value if type(value) is int and 0 <= value < HIGHEST else 0


def _began(line: dict[str, Any]) -> int:
    return _number(line.get("_ts")) - _number(line.get("ms"))


def _what(line: dict[str, Any]) -> str:
    """One line that says what the step did."""
    first = next(iter(str(line.get("text") or line.get("error") or "").strip().splitlines()), "")
    if line["type"] == "model":
        return first or _("The model asks for tools without a word")
    if line["type"] == "provider_error":
        return _error(line, first)
    if line["type"] == "message":
        return _("%(who)s: %(text)s") % {"who": str(line.get("by") or "?"), "text": first[:200]}
    if line["type"] == "continue":
        return _("It was told to go on until it reports")
    return _call(line)


def _error(line: dict[str, Any], sentence: str) -> str:
    if isinstance(line.get("next"), str):
        return _("%(error)s The next model takes over.") % {"error": sentence}
    if type(line.get("retryInMs")) is int:
        pause = quantities.duration(_number(line["retryInMs"]))
        return _("%(error)s Tried again after %(pause)s.") % {"error": sentence, "pause": pause}
    return sentence or _("The model could not be asked")


def _call(line: dict[str, Any]) -> str:
    written = line.get("arguments")
    arguments = written if isinstance(written, dict) else {}
    shown = [str(arguments[key]) for key in ("type", "scope", "mode", "path", "url") if arguments.get(key)]
    message = str(arguments.get("message") or "")
    name = f"{line.get('name')}({', '.join(shown)[:200]})"
    return f"{name} “{message[:80]}”" if message else name
