"""A problem in a spec, with the place where its author finds it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]

SHOWN_CHARACTERS = 60  # of a value or key that a sentence quotes
_PLAIN_KEY = re.compile(r"[^\W\d][\w-]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` and `column` count from 1; `path` is "" for the whole document."""

    line: int
    column: int
    path: str
    sentence: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"line {self.line}, column {self.column}: {where}{self.sentence}"


class SpecError(ValueError):
    """The spec cannot be used. `problems` names everything that is wrong, in the order of the text."""

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem before it has a place: `on_key` points at the key rather than at its value."""

    path: Path
    sentence: str
    on_key: bool = False


def path_text(path: Path) -> str:
    """Write a path as people read it: `subscriptions[0].source`, `i18n["zh CN"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part) and len(part) <= SHOWN_CHARACTERS:
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(clipped(part), ensure_ascii=False)}]"
    return text


def clipped(text: str) -> str:
    """Shorten text that a sentence quotes, and take line breaks and other invisible characters out."""
    start = text[: SHOWN_CHARACTERS + 1]
    visible = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in start)
    return visible if len(visible) <= SHOWN_CHARACTERS else visible[: SHOWN_CHARACTERS - 1] + "…"
