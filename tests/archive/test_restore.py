"""`manage.py restore`: to another place, over what is there, and back again."""

import fcntl
import json
import resource
import sqlite3
import stat
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from halo_site.store.fields import to_ms
from tests.archive.conftest import Maker, States
from tests.archive.sites import Site, note, state
from tests.factories import SPEC
from tests.processes import command, eventually, everything

USER = """
from django.contrib.auth.models import User
User.objects.create_superuser("keeper", password="correct horse battery")
"""
SIGN_IN = """
from django.contrib.auth import authenticate
print(authenticate(username="keeper", password="correct horse battery"))
"""


def shell(site: Site, words: str) -> str:
    return site.run("shell", "-v", "0", "-c", words).strip()


def test_an_empty_directory_becomes_the_site_and_people_sign_in(site: Site, empty_site: Maker) -> None:
    shell(site, USER)
    note(site, "here")
    archive = site.backup()
    fresh = empty_site()
    fresh.run("restore", str(archive))
    assert state(fresh) == state(site)
    fresh.run("migrate")
    assert shell(fresh, SIGN_IN) == "keeper"
    assert (fresh.folder / "secret_key").read_text() != (site.folder / "secret_key").read_text()


def test_what_is_restored_is_for_nobody_else(two_states: States, empty_site: Maker) -> None:
    _site, archive, _first, _second = two_states
    fresh = empty_site()
    fresh.run("restore", str(archive))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in fresh.folder.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in fresh.folder.rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_numbers_of_rows_go_on(two_states: States, empty_site: Maker) -> None:
    _site, archive, _first, _second = two_states
    fresh = empty_site()
    fresh.run("restore", str(archive))
    note(fresh, "next")
    ids = [row[0] for row in fresh.ask("SELECT id FROM halo_audit_log ORDER BY id")]
    assert len(set(ids)) == len(ids)


def test_a_directory_in_use_is_refused_without_replace(two_states: States) -> None:
    site, archive, _first, second = two_states
    before = everything(site.folder)
    assert "in use already" in site.refused("restore", str(archive))
    assert state(site) == second
    assert everything(site.folder) == before


def test_replace_puts_the_backup_in_place_and_undo_takes_it_back(two_states: States) -> None:
    site, archive, first, second = two_states
    secrets = (site.folder / "secret_key").read_text()
    site.run("restore", "--replace", str(archive))
    assert state(site) == first
    site.run("restore", "--undo")
    assert state(site) == second
    assert (site.folder / "secret_key").read_text() == secrets
    assert "No restore can be undone" in site.refused("restore", "--undo")
    verbs = site.ask("SELECT verb FROM halo_audit_log WHERE object_type = 'backup' ORDER BY id")
    assert [verb for (verb,) in verbs] == ["backup", "undo_restore"]


def test_undo_goes_back_one_restore_after_the_other(two_states: States) -> None:
    site, archive, first, second = two_states
    site.run("restore", "--replace", str(archive))
    note(site, "third")
    third = state(site)
    site.run("restore", "--replace", str(archive))
    assert state(site) == first
    site.run("restore", "--undo")
    assert state(site) == third
    site.run("restore", "--undo")
    assert state(site) == second


def test_secrets_of_the_place_stay_unless_the_backup_has_some(two_states: States) -> None:
    site, archive, _first, _second = two_states
    (site.folder / "secrets.json").write_text('{"token": "mine"}')
    said = site.run("restore", "--replace", str(archive))
    assert "holds no secrets" in said
    assert json.loads((site.folder / "secrets.json").read_text()) == {"token": "mine"}
    full = site.backup("--with-secrets")
    (site.folder / "secrets.json").write_text('{"token": "other"}')
    site.run("restore", "--replace", str(full))
    assert json.loads((site.folder / "secrets.json").read_text()) == {"token": "mine"}
    site.run("restore", "--undo")
    assert json.loads((site.folder / "secrets.json").read_text()) == {"token": "other"}


def test_pinned_paths_follow_to_the_new_place(site: Site, empty_site: Maker, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump(SPEC))
    app_id = site.run("install_app", str(spec)).split()[-1]
    space = next((site.folder / "spaces").iterdir()).name
    site.execute(f"UPDATE installed_apps SET data_path = '{site.folder}/spaces/{space}/apps/{app_id}'")
    fresh = empty_site()
    fresh.run("restore", str(site.backup()))
    assert fresh.ask("SELECT data_path FROM installed_apps") == [
        (f"{fresh.folder}/spaces/{space}/apps/{app_id}",)
    ]


def test_check_changes_nothing_but_its_note(two_states: States) -> None:
    site, archive, _first, second = two_states
    before = everything(site.folder)
    assert "is whole" in site.run("restore", "--check", str(archive))
    changed = {name for name, data in everything(site.folder).items() if before.get(name) != data}
    assert {name for name in changed if not name.startswith("temp/")} == {"backups/record.json"}
    assert "verified" in json.loads((site.folder / "backups/record.json").read_text())
    assert state(site) == second


def test_it_is_refused_while_the_site_runs(two_states: States) -> None:
    site, archive, _first, second = two_states
    process = subprocess.Popen(
        command("run_clock"), env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: site.ask("SELECT 1 FROM halo_heartbeats"))
        assert "gave a sign of life" in site.refused("restore", "--replace", str(archive))
        assert "gave a sign of life" in site.refused("restore", "--undo")
    finally:
        process.terminate()
        process.wait()
    assert state(site) == second


def test_it_is_refused_while_up_holds_the_directory(two_states: States) -> None:
    site, archive, _first, second = two_states
    with (site.folder / "temp" / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "already runs" in site.refused("restore", "--replace", str(archive))
    assert state(site) == second


@pytest.mark.sqlite_only
def test_it_is_refused_while_another_process_has_the_database_open(two_states: States) -> None:
    site, archive, _first, second = two_states
    with closing(sqlite3.connect(site.folder / "halo.db")) as other:
        other.execute("SELECT count(*) FROM auth_user").fetchone()
        assert "open" in site.refused("restore", "--replace", str(archive))
    assert state(site) == second


def test_an_old_heartbeat_is_no_obstacle(two_states: States) -> None:
    site, archive, first, _second = two_states
    at = to_ms(datetime.now(UTC)) - 11_000
    site.execute(
        "INSERT INTO halo_heartbeats (name, kind, host, pid, started_at, beat_at, detail_json)"
        f" VALUES ('clock', 'clock', 'h', 1, {at}, {at}, '{{}}')"
    )
    site.run("restore", "--replace", str(archive))
    assert state(site) == first


@pytest.mark.sqlite_only
def test_a_damaged_or_newer_database_can_be_replaced(two_states: States) -> None:
    site, archive, first, _second = two_states
    (site.folder / "halo.db").write_bytes(b"\0" * 5000)
    site.run("restore", "--replace", str(archive))
    assert state(site) == first
    site.execute("UPDATE _migrations SET version = 99 WHERE namespace = 'memory'")
    site.refused("namespaces")
    site.run("restore", "--replace", str(archive))
    assert state(site) == first


@pytest.mark.sqlite_only
def test_a_database_of_another_program_is_left_alone(two_states: States, empty_site: Maker) -> None:
    _site, archive, _first, _second = two_states
    other = empty_site()
    other.folder.mkdir()
    other.execute("CREATE TABLE theirs (x)")
    before = everything(other.folder)
    assert "not a database of Halo Site" in other.refused("restore", "--replace", str(archive))
    assert everything(other.folder) == before


def test_a_backup_of_an_older_version_is_restored_and_migrated(site: Site, empty_site: Maker) -> None:
    site.run("migrate", "app_manager", "0001")
    note(site, "old")
    fresh = empty_site()
    said = fresh.run("restore", str(site.backup()))
    assert "older version" in said
    assert dict(fresh.ask("SELECT namespace, version FROM _migrations"))["app_manager"] == 1
    fresh.run("migrate")
    assert dict(fresh.ask("SELECT namespace, version FROM _migrations"))["app_manager"] > 1
    restored = state(fresh)
    index = restored["spaces-index.json"]
    restored["spaces-index.json"] = index.replace(bytes(fresh.folder), bytes(site.folder))
    assert restored == state(site)


def test_where_nothing_was_nothing_is_kept_and_nothing_can_be_undone(site: Site, empty_site: Maker) -> None:
    fresh = empty_site()
    said = fresh.run("restore", str(site.backup()))
    assert "What was there before" not in said
    assert not list((fresh.folder / "backups").glob("before-restore-*"))
    assert "No restore can be undone" in fresh.refused("restore", "--undo")
    assert fresh.ask("SELECT count(*) FROM _migrations") != [(0,)]


def test_undo_after_restoring_an_older_version_brings_the_newer_one_back(site: Site) -> None:
    note(site, "new")
    newest = site.ask("SELECT namespace, version FROM _migrations ORDER BY namespace")
    site.run("migrate", "app_manager", "0001")
    archive = site.backup()
    site.run("migrate")
    site.run("restore", "--replace", str(archive))
    site.run("restore", "--undo")
    assert site.ask("SELECT namespace, version FROM _migrations ORDER BY namespace") == newest


@pytest.mark.sqlite_only
def test_a_database_outside_of_the_directory_is_exchanged_too(tmp_path: Path, two_states: States) -> None:
    _site, archive, first, _second = two_states
    far = tmp_path / "far" / "db.sqlite3"
    far.parent.mkdir()
    other = Site(tmp_path / "other", f"sqlite:///{far}")
    other.run("migrate")
    other.run("restore", "--replace", str(archive))
    other.run("migrate", "--check")
    with closing(sqlite3.connect(far)) as database:
        assert database.execute("SELECT object_id FROM halo_audit_log WHERE verb='note'").fetchall() == [
            ("first",)
        ]
    other.run("restore", "--undo")
    with closing(sqlite3.connect(far)) as database:
        assert database.execute("SELECT object_id FROM halo_audit_log WHERE verb='note'").fetchall() == []
    assert len([path for path in far.parent.iterdir() if path.name.startswith("db.sqlite3.")]) == 1
    assert first


@pytest.mark.sqlite_only
def test_a_full_disk_is_one_line_and_the_old_state_is_in_place(two_states: States) -> None:
    site, archive, _first, second = two_states
    limit = 100_000  # bytes that the kernel lets this process write to any one file; the database is larger
    result = subprocess.run(
        command("restore", "--replace", str(archive)),
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "Not restored" in result.stderr
    assert state(site) == second
    assert not list((site.folder / "backups").glob("before-restore-*"))


def test_one_thing_at_a_time(site: Site) -> None:
    for arguments in ([], ["x", "--undo"], ["--undo", "--resume"]):
        assert "Name one backup" in site.refused("restore", *arguments)
    assert "nothing to resume" in site.refused("restore", "--resume")
