"""The JSON Schemas of everything that has a contract, as files (DESIGN §6, `export_contracts`)."""

from typing import Any

from app_manager.contracts import AppRecord, SpaceRecord
from app_manager.spec.schema import app_spec_schema
from app_runtime.contracts import AnswerRecord, EntryRecord, NotificationRecord, RunRecord
from halo_site.contract import json_schema, schema_text
from scheduler.contracts import JobRecord, SlotRecord

APP_SPEC = "app-spec.json"
RECORDS: dict[str, Any] = {
    "app.json": AppRecord,
    "space.json": SpaceRecord,
    "job.json": JobRecord,
    "slot.json": SlotRecord,
    "run.json": RunRecord,
    "entry.json": EntryRecord,
    "answer.json": AnswerRecord,
    "notification.json": NotificationRecord,
}


def schema_files() -> dict[str, str]:
    """File name → text; the same bytes as long as no contract changes."""
    records = {
        name: schema_text(json_schema(contract, f"Halo {name.removesuffix('.json')}"))
        for name, contract in RECORDS.items()
    }
    return {APP_SPEC: schema_text(app_spec_schema()), **records}
