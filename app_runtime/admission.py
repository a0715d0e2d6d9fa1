"""Whether a run may be queued now, and in which words it is refused (BEHAVIOUR, Runs)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app_manager.models import App
from app_manager.states import RUNS_BY_CLICK, RUNS_BY_ITSELF, Status

MOST_KNOWN = 20_000_000  # characters of rows that are remembered
# The columns of an app that decide whether its state lets it run; its ids come first
JUDGED = ("id", "spec_id", "status", "spec", "user_config", "user_overrides", "permissions")


@dataclass(frozen=True)
class Refusal:
    """Why a run is not queued: the ledger's word and a sentence for people."""

    reason: str
    sentence: str


def refusal_of_state(app: App, *, automatic: bool) -> Refusal | None:
    """Whether the app's own state lets it run; None when it does. The columns `JUDGED` alone decide that."""
    if app.problem:
        return Refusal("paused", app.problem[:1].lower() + app.problem[1:])
    if app.parsed_spec.type != "automation":
        return Refusal(
            "paused", f"it is of the type {app.parsed_spec.type}, which other apps use; it has no runs"
        )
    missing = app.missing_configuration
    if missing:
        return Refusal("paused", f"it needs configuration: {', '.join(missing)}")
    if app.status in (RUNS_BY_ITSELF if automatic else RUNS_BY_CLICK):
        return None
    words: dict[str, str] = {
        Status.PAUSED: "it is paused",
        Status.ERROR: "it was stopped after errors",
        Status.NEEDS_LOGIN: "it needs a login first",
        Status.UNINSTALLED: "it is uninstalled",
    }
    return Refusal("paused", words.get(app.status, f"its status “{app.status}” is none that there is"))


class LetRun:
    """What the rows of apps said of `JUDGED`, of those whose state let them run by themselves.

    A row that says the same needs no second judgement, nor does that of another app: to read a spec takes
    longer than everything else that a due time costs.
    """

    def __init__(self) -> None:
        self._rows: set[tuple[Any, ...]] = set()
        self._length = 0

    def knows(self, row: Sequence[Any]) -> bool:
        return _judged(row) in self._rows

    def note(self, row: Sequence[Any]) -> None:
        if self.knows(row):
            return
        length = sum(len(value) for value in row if isinstance(value, str))
        if self._length + length > MOST_KNOWN:
            self._rows.clear()
            self._length = 0
        self._rows.add(_judged(row))
        self._length += length


def _judged(row: Sequence[Any]) -> tuple[Any, ...]:
    """All but the ids: they are in the words of a refusal at most."""
    return tuple(row[2:])
