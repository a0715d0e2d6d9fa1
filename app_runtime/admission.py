"""Whether a run may be queued now, and in which words it is refused (BEHAVIOUR, Runs)."""

from dataclasses import dataclass

from app_manager.models import App
from app_manager.states import RUNS_BY_CLICK, RUNS_BY_ITSELF, Status


@dataclass(frozen=True)
class Refusal:
    """Why a run is not queued: the ledger's word and a sentence for people."""

    reason: str
    sentence: str


def refusal_of_state(app: App, *, automatic: bool) -> Refusal | None:
    """Whether the app's own state lets it run; None when it does."""
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
