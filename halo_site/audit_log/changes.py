"""Two JSON values of an audit line as the list of what differs between them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

LONGEST = 600  # characters of one value; the export has all of it
MOST = 60  # changes of one line
DEEPEST = 6  # objects within objects; what lies deeper is compared as text
NOTHING = object()


@dataclass(frozen=True)
class Change:
    """One thing that was, or is, different. None: it was not there before, or is not any more."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Changes:
    """All of a line: the first `MOST`, how many more, and how many values stayed as they were."""

    shown: tuple[Change, ...]
    more: int
    same: int

    @property
    def is_nothing(self) -> bool:
        return not self.shown


def changes(before: Any, after: Any) -> Changes:
    """What differs. A side that is None was not recorded: then all of the other one is told."""
    old, new = dict(_flat(before)), dict(_flat(after))
    paths = [path for path in {**old, **new} if old.get(path, NOTHING) != new.get(path, NOTHING)]
    shown = tuple(Change(path or _("all"), _words(old, path), _words(new, path)) for path in paths[:MOST])
    return Changes(shown, max(0, len(paths) - MOST), len({**old, **new}) - len(paths))


def _flat(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Each value of nested objects with the names that lead to it."""
    if isinstance(value, dict) and value and depth < DEEPEST:
        for key, item in value.items():
            yield from _flat(item, f"{path} / {key}" if path else str(key), depth + 1)
    elif value is not None or path:
        yield path, value


def _words(values: dict[str, Any], path: str) -> str | None:
    if path not in values:
        return None
    value = values[path]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ", ".join(value) or _("none")
    elif isinstance(value, str):
        text = value or _("empty")
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
