"""Rows and files as the product writes them are what the contracts and their schemas say."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from app_manager.contracts import AppRecord, SpaceRecord
from app_manager.models import App
from app_runtime.contracts import AnswerRecord, EntryRecord, NotificationRecord
from app_runtime.models import Entry
from app_runtime.wire import entry_record, run_record
from halo_site.datadir.paths import data_dir
from halo_site.store.fields import to_ms
from halo_site.store.rows import row_values
from scheduler.clock import run_once
from scheduler.contracts import JobRecord, SlotRecord
from scheduler.models import Job, Slot
from tests.app_runtime.notifying import make_notification
from tests.contracts.snapshots import SNAPSHOTS
from tests.factories import MINUTE, NINE, make_app, make_entry, make_question, make_run

SOURCE = {"kind": "automation", "appId": "a", "runId": "r"}
DOCUMENTED: list[tuple[str, dict[str, Any]]] = [
    ("run_complete", {"summary": "Two shops looked at, 17.20", "status": "ok"}),
    ("run_skipped", {"summary": "Closed on Sundays", "status": "skipped"}),
    ("run_error", {"summary": "It failed", "status": "error", "durationMs": 4210, "error": "timed out"}),
    ("run_error", {"summary": "x", "missingConnections": [{"id": "a", "name": "A", "state": "off"}]}),
    ("milestone", {"summary": "The lowest price this year", "data": {"price": 17.2}}),
    ("milestone", {"summary": "Updated", "upgrade": {"kept": ["name"]}, "source": {"kind": "upgrade"}}),
    ("output", {"summary": "The table is ready", "dataPath": "out/week-3.md", "source": SOURCE}),
    ("escalation", {"summary": "Order?", "question": "Order?", "choices": ["Yes"], "deadlineAt": 1}),
    ("escalation", {"summary": "Two", "questions": [{"question": "a", "choices": ["1"]}, {"question": "b"}]}),
    ("escalation", {"summary": "Order?", "resolution": {"reason": "expired", "at": 1}}),
    ("output", {"summary": "x", "tokenUsage": {"inputTokens": 1, "outputTokens": 2}, "ofLater": {"a": [1]}}),
]
ANSWERS: list[dict[str, Any]] = [
    {"ts": 1, "choice": "Wait", "text": "until Friday"},
    {"ts": 1, "text": "blue"},
    {"ts": 1, "answers": [{"choice": "Yes"}, {"text": "blue"}]},
    {"ts": 1, "choice": "Yes", "by": "ada"},
]


def check(name: str, record: Any) -> dict[str, Any]:
    """The record as JSON, which its committed schema accepts."""
    written = json.loads(record.model_dump_json())
    Draft202012Validator(json.loads((SNAPSHOTS / name).read_text())).validate(written)
    return written


@pytest.mark.django_db
def test_an_installed_app_is_one() -> None:
    app = App.objects.get(pk=make_app(granted=("memory.space",)).pk)
    written = check("app.json", AppRecord(**row_values(app)))
    assert (written["installed_at"], written["status"]) == (1795424400000, "active")
    assert written["permissions"] == {"granted": ["memory.space"], "denied": []}


@pytest.mark.django_db
def test_jobs_and_slots_are_ones() -> None:
    make_app()
    run_once(NINE + MINUTE)
    [job], slots = Job.objects.all(), list(Slot.objects.all())
    written = check("job.json", JobRecord(**row_values(job)))
    assert written["schedule"] == {"kind": "every", "every": "10s"}
    assert [check("slot.json", SlotRecord(**row_values(slot)))["job_id"] for slot in slots] == [job.pk] * len(
        slots
    )
    assert slots


@pytest.mark.django_db
def test_a_run_with_entries_is_one() -> None:
    app = make_app()
    run = make_run(app, "waiting_user")
    make_question(app, run=run, deadline=NINE + timedelta(hours=24))
    make_entry(app, "output", run=run, at=NINE - MINUTE)
    written = check("run.json", run_record(run))
    assert [entry["type"] for entry in written["entries"]] == ["output", "escalation"]
    assert written["app_name"] == "Kettle Watch"


@pytest.mark.django_db
def test_a_notification_is_one_at_each_point_of_its_way() -> None:
    app = make_app()
    row = make_notification(app, make_run(app))
    written = [check("notification.json", NotificationRecord(**row_values(row)))]
    row.claim(NINE)
    written.append(check("notification.json", NotificationRecord(**row_values(row))))
    row.note("It was down.", NINE)
    written.append(check("notification.json", NotificationRecord(**row_values(row))))
    assert [facts["next_try_at"] and facts["next_try_at"] - to_ms(NINE) for facts in written] == [
        0,
        None,
        30_000,
    ]
    assert (written[2]["state"], written[2]["attempts"]) == ("pending", 1)


def test_every_space_of_the_index_is_one() -> None:
    spaces = json.loads(data_dir().spaces_index.read_text())["spaces"]
    for space_id, entry in spaces.items():
        written = check("space.json", SpaceRecord.model_validate({"id": space_id, **entry}))
        assert written == {"id": space_id, **entry}
    assert spaces


@pytest.mark.parametrize(("kind", "content"), DOCUMENTED)
@pytest.mark.django_db
def test_a_documented_entry_is_written_as_it_is_stored(kind: str, content: dict[str, Any]) -> None:
    app = make_app()
    row = Entry.objects.create(app=app, run_id="chat", type=kind, ts=NINE, content=content)
    written = check("entry.json", entry_record(Entry.objects.get(pk=row.pk)))
    assert (written["content"], written["type"]) == (content, kind)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_documented_answer_is_written_as_it_is_stored(answer: dict[str, Any]) -> None:
    assert check("answer.json", AnswerRecord.model_validate(answer)) == answer


@pytest.mark.parametrize(
    "answer", [{"ts": 1}, {"choice": "Yes"}, {"ts": "1", "text": "x"}, {"ts": 1, "answers": [1]}]
)
def test_what_is_no_answer_is_refused_by_contract_and_schema(answer: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AnswerRecord.model_validate(answer)
    schema = json.loads((SNAPSHOTS / "answer.json").read_text())
    assert not Draft202012Validator(schema).is_valid(answer)


# 1.0 is an integer for a schema, and none for Python: it stays out
fractions = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | fractions | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ENTRY: TypeAdapter[Any] = TypeAdapter(EntryRecord)
FACTS = {"id": "e", "app_id": "a", "run_id": "r", "ts": 1, "session_key": None, "closed_at": None}
FACTS |= dict.fromkeys(("decided_at", "decided_by", "decided_via", "followup_run_id"))


@given(
    st.sampled_from(DOCUMENTED),
    st.dictionaries(
        st.text(max_size=5)
        | st.sampled_from(["choices", "source", "data", "status", "deadlineAt", "data_path"]),
        json_values,
    ),
    st.none() | st.sampled_from(ANSWERS) | json_values,
)
def test_contract_and_schema_agree_on_any_entry(
    documented: tuple[str, dict[str, Any]], more: dict[str, Any], answer: Any
) -> None:
    kind, content = documented
    values = {**FACTS, "type": kind, "content": {**content, **more}, "user_response": answer}
    schema = Draft202012Validator(json.loads((SNAPSHOTS / "entry.json").read_text()))
    try:
        record = ENTRY.validate_python(values)
    except ValidationError:
        assert not schema.is_valid(values)
        return
    assert schema.is_valid(values)
    assert json.loads(record.model_dump_json()) == values
