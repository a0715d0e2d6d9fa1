"""What proxies and supervisors are told."""

import json
import logging
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from halo_site import health, models
from halo_site.datadir.config import update_config
from halo_site.datadir.paths import DataDir
from halo_site.models import Heartbeat
from halo_site.probes import NoProbes
from halo_site.store.recorder import NamespaceVersion
from tests.disk.states import state

pytestmark = pytest.mark.django_db


@pytest.fixture
def living() -> None:
    """A clock and a worker that live."""
    now = timezone.now()
    for kind in ("clock", "worker"):
        Heartbeat.objects.create(name=kind, kind=kind, host="here", pid=1, started_at=now, beat_at=now)


def ready(client: Client) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    told = json.loads(answer.content)
    assert told["ready"] is (answer.status_code == 200)
    return answer.status_code, told["checks"]


def test_a_process_that_answers_is_healthy_without_asking_the_database(
    client: Client, django_assert_num_queries
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "no-store" in answer["Cache-Control"]


def test_a_site_that_can_work_is_ready(client: Client, living: None) -> None:
    assert ready(client) == (
        200,
        {
            "database": "ok",
            "data_directory": "ok",
            "settings": "ok",
            "migrations": "ok",
            "clock": "ok",
            "worker": "ok",
        },
    )


@pytest.mark.parametrize(
    ("content", "words"), [("{", "cannot be read"), ('{"runs": {"tokens": "x"}}', "no run can start")]
)
def test_settings_with_which_no_run_starts_make_it_not_ready(
    client: Client, living: None, data_directory: DataDir, content: str, words: str
) -> None:
    data_directory.config.write_text(content)
    status, checks = ready(client)
    assert (status, checks["settings"]) == (503, words)


@pytest.mark.parametrize("kind", ["clock", "worker"])
def test_without_a_living_process_it_is_not_ready(client: Client, living: None, kind: str) -> None:
    Heartbeat.objects.filter(kind=kind).update(beat_at=timezone.now() - timedelta(minutes=1))
    assert ready(client)[1][kind] == "stands still"
    Heartbeat.objects.filter(kind=kind).delete()
    status, checks = ready(client)
    assert (status, checks[kind]) == (503, "not running")


def test_pending_migrations_make_it_not_ready(client: Client, living: None) -> None:
    NamespaceVersion.objects.filter(namespace="memory").update(version=0)
    assert ready(client) == (503, {**ready(client)[1], "migrations": "pending"})


def test_a_database_that_does_not_answer_is_said_once(
    client: Client, living: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> str:
        raise OperationalError("database is locked")

    monkeypatch.setattr(health, "_database", locked)
    status, checks = ready(client)
    assert (status, checks["database"], checks["clock"]) == (503, "locked", "unknown")


def test_a_missing_data_directory_makes_it_not_ready(
    client: Client, living: None, data_directory: DataDir
) -> None:
    data_directory.root.rename(data_directory.root.with_name("away"))
    assert ready(client)[1]["data_directory"] == "missing"


def test_a_full_disk_makes_it_not_ready(
    client: Client, living: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LEAST_BYTES", 1 << 62)
    assert ready(client)[1]["data_directory"] == "full"


def test_nobody_learns_a_name_a_path_or_a_version(client: Client, data_directory: DataDir) -> None:
    text = client.get("/readyz").content.decode()
    name = str(connection.settings_dict["NAME"])
    assert str(data_directory.root) not in text
    assert name not in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_looking_is_possible(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
    assert client.head(path).status_code in (200, 503)
    assert "sessionid" not in client.get(path).cookies


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_another_host_name_is_refused(client: Client, path: str) -> None:
    assert client.get(path, headers={"host": "evil.example"}).status_code == 400


def test_questions_of_supervisors_are_kept_out_of_the_log(rf) -> None:
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "", (), None)
    assert NoProbes().filter(record)
    record.request = rf.get("/readyz")  # type: ignore[attr-defined]
    assert not NoProbes().filter(record)


def seconds_for(client: Client, path: str) -> float:
    client.get(path)  # the first one reads the migrations
    began = time.perf_counter()
    client.get(path)
    return time.perf_counter() - began


@pytest.mark.django_db(transaction=True)
@pytest.mark.sqlite_only
def test_a_database_that_somebody_keeps_locked_is_said_at_once(client: Client, living: None) -> None:
    ready(client)
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        seconds = seconds_for(client, "/readyz")
        status, checks = ready(client)
        other.execute("ROLLBACK")
    assert (status, checks["database"]) == (503, "locked")
    assert seconds < 1  # and not the 5 s for which a page waits
    assert ready(client)[0] == 200
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (5000,)


@pytest.mark.django_db(transaction=True)
def test_asking_changes_nothing(client: Client, living: None) -> None:
    before = state()
    assert ready(client)[0] == 200
    assert state() == before


@pytest.mark.sqlite_only
def test_a_database_that_is_gone_is_not_made_anew(client: Client, living: None, tmp_path: Path) -> None:
    gone = tmp_path / "gone.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections["default"], "settings_dict", {**connection.settings_dict, "NAME": gone})
        assert ready(client)[1]["database"] == "missing"
    assert not gone.exists()


def test_a_migration_of_a_library_that_is_pending_counts(client: Client, living: None) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="sessions").delete()
    assert ready(client)[1]["migrations"] == "pending"


def test_a_worker_in_a_long_turn_is_alive_as_long_as_its_lease_beats(client: Client, living: None) -> None:
    update_config("runs", {"heartbeat_seconds": 60})
    Heartbeat.objects.filter(kind="worker").update(beat_at=timezone.now() - timedelta(seconds=50))
    assert ready(client)[1]["worker"] == "ok"


def test_two_processes_of_the_same_host_and_number_have_two_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = Heartbeat.own_name("worker")
    monkeypatch.setattr(models, "MARK", "another")
    assert Heartbeat.own_name("worker") != mine
