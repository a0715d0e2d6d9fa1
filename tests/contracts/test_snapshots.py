"""The committed JSON Schemas are those of the contracts, and the command writes the same."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command
from django.test import Client
from jsonschema import Draft202012Validator

from app_runtime.schemas import APP_SPEC, RECORDS, schema_files
from halo_site.datadir import files
from tests.contracts.snapshots import REFRESH, ROOT, SERVED, SNAPSHOTS, refresh, stale
from tests.processes import everything, manage

CONTRACTS = ("halo_site.contract", "scheduler.contracts", "app_manager.contracts", "app_runtime.contracts")


def test_the_committed_schemas_are_current() -> None:
    assert stale() == [], f"Contracts and schemas differ; look at the change, then: {REFRESH}"


@pytest.mark.parametrize("name", [APP_SPEC, *RECORDS])
def test_a_schema_is_a_legal_one(name: str) -> None:
    schema = json.loads((SNAPSHOTS / name).read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("module", CONTRACTS)
def test_a_contract_knows_no_django(module: str) -> None:
    code = f"import {module}, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_column_says_what_it_is() -> None:
    parts = {name: json.loads(text) for name, text in schema_files().items() if name != APP_SPEC}
    undescribed = [
        f"{name}: {key}"
        for name, schema in parts.items()
        for key, value in schema.get("properties", {}).items()
        if not value.get("description")
    ]
    assert undescribed == []


def test_stale_schemas_are_refreshed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.contracts import snapshots

    (tmp_path / "snapshots").mkdir()
    (tmp_path / "served").mkdir()
    monkeypatch.setattr(snapshots, "ROOT", tmp_path)
    monkeypatch.setattr(snapshots, "SNAPSHOTS", tmp_path / "snapshots")
    monkeypatch.setattr(snapshots, "SERVED", tmp_path / "served" / APP_SPEC)
    (tmp_path / "snapshots" / "of-yesterday.json").touch()
    assert len(refresh()) == len(RECORDS) + 3
    assert (stale(), refresh()) == ([], [])


def test_the_command_writes_what_is_committed(tmp_path: Path) -> None:
    call_command("export_contracts", tmp_path / "made" / "here")
    written = {path.name: path.read_text() for path in (tmp_path / "made" / "here").iterdir()}
    assert written == {path.name: path.read_text() for path in SNAPSHOTS.iterdir()}


def test_the_command_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{}")
    (tmp_path / "run.json").write_text("of yesterday")
    call_command("export_contracts", tmp_path)
    assert (tmp_path / "mine.json").read_text() == "{}"
    assert (tmp_path / "run.json").read_text() == schema_files()["run.json"]


def test_it_needs_neither_data_directory_nor_database(tmp_path: Path) -> None:
    result = manage(tmp_path / "absent", "export_contracts", str(tmp_path / "out"))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"Wrote {len(schema_files())} schemas into {tmp_path / 'out'}.\n"
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_place_of_the_folder_is_one_clear_line(tmp_path: Path, below: str) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(CommandError, match=r"taken.* is no folder\. Name one to write into\.$"):
        call_command("export_contracts", tmp_path / "taken" / below)
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_disk_that_refuses_is_one_clear_line_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    call_command("export_contracts", folder)
    before = everything(folder)

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(CommandError, match=r"No space left on device"):
        call_command("export_contracts", folder)
    assert everything(folder) == before


def test_a_written_file_is_private(tmp_path: Path) -> None:
    call_command("export_contracts", tmp_path)
    assert stat.S_IMODE((tmp_path / "run.json").stat().st_mode) == 0o600


def test_the_schema_for_editors_is_served_to_anybody(client: Client) -> None:
    response = client.get("/static/schemas/app-spec.json")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert b"".join(response) == SERVED.read_bytes()
    assert finders.find("schemas/app-spec.json") == str(SERVED)
