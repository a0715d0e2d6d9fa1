"""Every model and its contract say the same: the same columns, the same words, null where null may be."""

from typing import Any, get_args

import pytest
from django.apps import apps
from django.db import models
from pydantic import BaseModel, TypeAdapter, ValidationError

import app_manager.contracts
import app_runtime.contracts
import scheduler.contracts
from app_manager import states
from app_manager.models import App
from app_runtime import statuses as run_statuses
from app_runtime.contracts import EntryFacts, EntryRecord, OddEntry
from app_runtime.models import Entry, Notification, Run
from app_runtime.tools.report import ReportArguments
from halo_site import contract
from halo_site.store import fields
from halo_site.store.namespaces import NAMESPACES
from halo_site.store.rows import outside_name
from scheduler import statuses as job_statuses
from scheduler.models import Job, Slot

CONTRACTS: dict[type[models.Model], type[BaseModel]] = {
    App: app_manager.contracts.AppRecord,
    Job: scheduler.contracts.JobRecord,
    Slot: scheduler.contracts.SlotRecord,
    Run: app_runtime.contracts.RunRecord,
    Entry: app_runtime.contracts.EscalationEntry,
    Notification: app_runtime.contracts.NotificationRecord,
}
# Columns that stay inside, each with its reason
INTERNAL: dict[type[models.Model], dict[str, str]] = {
    Run: {
        "worker": "which process has the run: nobody outside can do anything with it",
        "lease_until": "how long that process may be silent",
        "heartbeat_at": "when it last was not",
        "task_id": "the queue's own name of its work",
    },
    Entry: {
        "shown_digest": "what whoever decided was shown, to be compared with the question",
        "reminded_percent": "when people were reminded last",
    },
}
# Fields that are no column, each with where they come from
ADDED: dict[type[models.Model], dict[str, str]] = {
    Run: {"app_name": "the app's name", "entries": "rows of activity_entries"},
}
# Models that have no contract, each with its reason
INSIDE = {
    "AuditEntry": "read on pages only",
    "Price": "an administrator's own list, edited and read on pages only",
    "ReadMark": "how far somebody has read a thread: of no meaning elsewhere",
    "Reply": "what a person told an app; the transcript of the run that it went to has it",
    "RunMessage": "what a person told a run; its transcript has it",
    "ServerHealth": "how a server was found the last time: read on pages only",
    "UsageDay": "sums of what runs used; they leave as CSV",
    "IndexedDocument": "derived from the newest revision of each memory file",
    "Link": "derived as well: the wiki links of those files",
    "SpaceMember": "who may do what in which space: changed in the administration only",
    "Heartbeat": "which processes live: of no meaning elsewhere",
    "Revision": "memory files are the truth; a revision is compressed bytes",
    "SpecVersion": "a spec's text; its contract is that of the spec",
}


def columns(model: type[models.Model]) -> dict[str, Any]:
    return {outside_name(field): field for field in model._meta.concrete_fields}


def takes(record: type[BaseModel], name: str, value: Any) -> bool:
    """Whether the contract takes that value in that field."""
    info = record.model_fields[name]
    annotation = info.annotation
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("model", CONTRACTS, ids=lambda model: model.__name__)
def test_every_column_is_in_the_contract_or_internal_for_a_reason(model: type[models.Model]) -> None:
    inside, added = INTERNAL.get(model, {}), ADDED.get(model, {})
    assert columns(model).keys() - inside.keys() == CONTRACTS[model].model_fields.keys() - added.keys()
    assert inside.keys() <= columns(model).keys()


@pytest.mark.parametrize("model", CONTRACTS, ids=lambda model: model.__name__)
def test_null_is_taken_where_the_column_has_it(model: type[models.Model]) -> None:
    record, inside = CONTRACTS[model], INTERNAL.get(model, {})
    says = {name: takes(record, name, None) for name in columns(model) if name not in inside}
    has = {
        name: field.null or getattr(field, "zero_is_none", False)
        for name, field in columns(model).items()
        if name in says
    }
    assert says == has


@pytest.mark.parametrize("model", CONTRACTS, ids=lambda model: model.__name__)
def test_every_word_of_a_column_is_taken_and_no_other(model: type[models.Model]) -> None:
    record, inside = CONTRACTS[model], INTERNAL.get(model, {})
    worded = {name: field for name, field in columns(model).items() if field.choices and name not in inside}
    if model is Entry:
        worded.pop("type")  # each has a class of its own
    for name, field in worded.items():
        assert [word for word, _label in field.choices if not takes(record, name, word)] == []
        assert not takes(record, name, "a word of nobody's")


def test_every_model_has_a_contract_or_a_reason() -> None:
    ours = [model for label in NAMESPACES for model in apps.get_app_config(label).get_models()]
    assert {model.__name__ for model in ours if model not in CONTRACTS} == INSIDE.keys()


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (app_manager.contracts.AppStatus, states.Status),
        (app_manager.contracts.Outcome, run_statuses.Outcome),
        (app_runtime.contracts.Status, run_statuses.Status),
        (app_runtime.contracts.Outcome, run_statuses.Outcome),
        (app_runtime.contracts.Delivery, run_statuses.Delivery),
        (app_runtime.contracts.NotificationKind, run_statuses.NotificationKind),
        (app_runtime.contracts.NotificationState, run_statuses.NotificationState),
        (app_runtime.contracts.Trigger, run_statuses.Trigger),
        (app_runtime.contracts.EntryType, run_statuses.EntryType),
        (app_runtime.contracts.Via, run_statuses.Via),
        (scheduler.contracts.JobStatus, job_statuses.JobStatus),
        (scheduler.contracts.Verdict, job_statuses.Verdict),
        (scheduler.contracts.Outcome, job_statuses.Outcome),
    ],
)
def test_the_words_are_those_of_the_statuses(words: Any, choices: type[models.TextChoices]) -> None:
    assert list(get_args(words)) == choices.values


def test_a_reason_is_a_word_or_nothing() -> None:
    assert list(get_args(scheduler.contracts.SkipReason)) == ["", *job_statuses.SkipReason.values]


def entry_classes() -> list[type[BaseModel]]:
    union, _discriminator = get_args(EntryRecord)
    return list(get_args(union))


def test_every_type_of_entry_has_one_class() -> None:
    words = [get_args(kind.model_fields["type"].annotation)[0] for kind in entry_classes()]
    assert sorted(words) == sorted(run_statuses.EntryType.values)


def test_every_entry_has_the_same_columns() -> None:
    shared = EntryFacts.model_fields.keys() | {"type", "content"}
    assert {kind.__name__ for kind in entry_classes() if kind.model_fields.keys() != shared} == set()
    assert OddEntry.model_fields.keys() == shared | {"problem"}


def test_an_app_reports_every_type_but_errors() -> None:
    reported = get_args(ReportArguments.model_fields["type"].annotation)
    assert {*reported, "run_error"} == set(run_statuses.EntryType.values)


def test_moments_reach_as_far_as_in_the_tables() -> None:
    assert (contract.LOWEST_MS, contract.HIGHEST_MS) == (fields.LOWEST_MS, fields.HIGHEST_MS)
