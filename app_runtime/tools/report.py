"""report_to_user: the one way in which a run tells or asks a person (BEHAVIOUR, Runs)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_manager.states import may_become
from app_runtime.exceptions import LeaseLost
from app_runtime.models import Entry, Run
from app_runtime.notifications import events
from app_runtime.statuses import EntryType
from app_runtime.texts import storable
from app_runtime.tools.base import Tool
from halo_site import audit
from halo_site.masking import Masker
from halo_site.store.fields import to_ms

DESCRIPTION = (
    "Tell the user what came of this run, or ask them. The run is finished only when you have called this. "
    "type: run_complete, run_skipped, milestone, output or escalation."
)

MOST_QUESTIONS = 20  # that a person is asked at once


class Question(BaseModel):
    """One question of an escalation; free text is always possible."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=4000)
    choices: list[str] | None = None


class ReportArguments(BaseModel):
    """The arguments of report_to_user."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["run_complete", "run_skipped", "milestone", "output", "escalation"]
    message: str = Field(max_length=100_000)
    data: str | dict[str, Any] | list[Any] | None = None
    data_path: str | None = None
    choices: list[str] | None = None
    questions: list[Question] | None = Field(None, max_length=MOST_QUESTIONS)

    @property
    def asks(self) -> bool:
        return self.type == "escalation"

    @model_validator(mode="before")
    @classmethod
    def as_storable(cls, value: Any) -> Any:
        return storable(value)

    @field_validator("questions", mode="before")
    @classmethod
    def asks_few(cls, value: Any) -> Any:
        if isinstance(value, list) and len(value) > MOST_QUESTIONS:
            raise ValueError(
                f"there are {len(value)} questions, and a person is asked at most {MOST_QUESTIONS} at once; "
                "ask what matters most"
            )
        return value

    @field_validator("message")
    @classmethod
    def says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the message is empty; say what a person should know")
        return value


class Reports:
    """The reports of one run. Each is an entry in the app's thread before the model goes on."""

    def __init__(self, run: Run, clock: Callable[[], datetime], masker: Masker) -> None:
        self.run, self.clock, self.masker = run, clock, masker
        self.made: list[str] = []

    @property
    def asked(self) -> bool:
        return EntryType.ESCALATION in self.made

    @property
    def ended(self) -> bool:
        """Whether the run said that it is done, or waits for a person."""
        return bool({EntryType.RUN_COMPLETE, EntryType.RUN_SKIPPED, EntryType.ESCALATION} & set(self.made))

    def tool(self) -> Tool:
        return Tool("report_to_user", DESCRIPTION, "always on", ReportArguments, self.report)

    def report(self, arguments: ReportArguments) -> str:
        """Store the entry; a question also makes an active app wait, in the same transaction.

        Raises `LeaseLost`, and stores nothing, where the run was ended by somebody else meanwhile.
        """
        now = self.clock()
        with transaction.atomic():
            App.objects.hold(self.run.app_id)
            if not self.run.keep():
                raise LeaseLost("The run is no longer this worker's.")
            entry = Entry.objects.create(
                app=self.run.app,
                run_id=self.run.run_id,
                type=arguments.type,
                ts=now,
                session_key=self.run.session_key,
                content=self.masker.value(content_of(arguments, self.run, now)),
            )
            if arguments.asks:
                make_wait(self.run.app_id, entry, now)
            events.entry_made(entry, now)
        self.made.append(arguments.type)
        return "Stored. The user sees it now."


def content_of(arguments: ReportArguments, run: Run, now: datetime) -> dict[str, Any]:
    """The documented JSON shape of an entry (halo-facts §8, the later fields included)."""
    content: dict[str, Any] = {
        "summary": arguments.message,
        "source": {
            "kind": "automation",
            "appId": run.app_id,
            "runId": run.run_id,
            **({"step": run.step_count} if run.step_count else {}),
        },
    }
    status = {"run_complete": "ok", "run_skipped": "skipped"}.get(arguments.type)
    optional = {"status": status, "data": arguments.data, "dataPath": arguments.data_path}
    if arguments.asks:
        optional |= _question_fields(arguments, run, now)
    return content | {key: value for key, value in optional.items() if value is not None}


def make_wait(app_id: str, entry: Entry, now: datetime) -> None:
    """An active app waits from now on; in every other status the status stays.

    The oldest open question is kept as the pending one.
    """
    app = App.objects.select_for_update(no_key=True).get(pk=app_id)
    if app.pending_escalation_id is None:
        App.objects.filter(pk=app_id).update(pending_escalation_id=entry.pk)
    if app.status == AppStatus.ACTIVE and may_become(app.status, AppStatus.WAITING_USER):
        actor = audit.Actor("app", app.name)
        kept = app.pending_escalation_id or entry.pk
        app.change_status(AppStatus.WAITING_USER, actor=actor, now=now, pending_escalation_id=kept)


def _question_fields(arguments: ReportArguments, run: Run, now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if arguments.questions:
        fields["questions"] = [question.model_dump(exclude_none=True) for question in arguments.questions]
    else:
        fields |= {"question": arguments.message, "choices": arguments.choices}
    escalation = run.app.parsed_spec.escalation
    if escalation is not None and escalation.timeout_hours:
        fields["deadlineAt"] = to_ms(now + timedelta(hours=float(escalation.timeout_hours)))
    return fields
