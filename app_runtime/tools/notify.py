"""notify: a short message to targets of the site, for runs of apps that were granted `notification.send`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app_runtime.exceptions import TargetUnknown, ToolRefused
from app_runtime.models import Notification, Run
from app_runtime.notifications import delivering
from app_runtime.notifications.delivering import Wait
from app_runtime.notifications.models import PAUSES
from app_runtime.notifications.sending import SECONDS
from app_runtime.notifications.targets import NONE_SET_UP, all_targets, chosen_targets, in_words
from app_runtime.statuses import NotificationState
from app_runtime.texts import storable
from app_runtime.tools.base import Tool
from halo_site import quantities
from halo_site.masking import Masker

PERMISSION = "notification.send"
DESCRIPTION = (
    "Send the user a short notification in plain text, outside of this site: for what cannot wait until they "
    "look here. It does not replace report_to_user. Without a target it goes to all of them."
)
ADVICE = "Nothing was sent. Use report_to_user: the user sees it on this site."


class NotifyArguments(BaseModel):
    """The arguments of notify."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200)
    message: str = Field(min_length=1, max_length=4000)
    target: str | None = Field(None, max_length=64, description="the id of one target; null: all of them")

    @model_validator(mode="before")
    @classmethod
    def as_storable(cls, value: Any) -> Any:
        return storable(value)

    @field_validator("title", "message")
    @classmethod
    def says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("it is empty; say what the user should know")
        return value


class Notifier:
    """The notifications of one run; ``wait`` carries out work in the run's event loop."""

    def __init__(self, run: Run, clock: Callable[[], datetime], masker: Masker, wait: Wait) -> None:
        self.run, self.clock, self.masker, self.wait = run, clock, masker, wait

    def tool(self) -> Tool:
        known = all_targets()
        targets = f"Targets: {in_words(known)}." if known else NONE_SET_UP
        description = f"{DESCRIPTION} {targets}"
        return Tool("notify", description, f"granted: {PERMISSION}", NotifyArguments, self.notify)

    def notify(self, arguments: NotifyArguments) -> str:
        """Store a row for each target, try to send them at once, and say what came of it.

        Raises `ToolRefused` where nothing was sent, `LeaseLost` where the run is no longer this worker's.
        """
        if self.run.is_rehearsal:
            raise ToolRefused("A rehearsal sends nothing.")
        try:
            targets = chosen_targets(arguments.target)
        except TargetUnknown as error:
            raise ToolRefused(f"{error} {ADVICE}") from error
        title = self.masker.text(" ".join(arguments.title.split()))
        rows = delivering.store(self.run, targets, title, self.masker.text(arguments.message), self.clock())
        delivering.attempt(rows, self.clock, self.wait, SECONDS)
        return " ".join(_outcome(row) for row in rows)


def _outcome(row: Notification) -> str:
    if row.state == NotificationState.SENT:
        return f"Sent to {row.target_name}."
    if row.state == NotificationState.FAILED:
        return f"Not sent to {row.target_name}: {row.last_error}"
    if row.state == NotificationState.HELD:
        return f"Not sent to {row.target_name} yet. {row.reason}"
    again = quantities.span(int(PAUSES[0].total_seconds()))
    reason = f" ({row.last_error})" if row.last_error else ""
    return f"Not sent to {row.target_name} yet{reason}: it is tried again in {again}."
