"""Writes that fail half-way take what they began with them."""

import os
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from halo_site.datadir.files import append_line
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secret_key import store_secret_key
from halo_site.store import snapshots
from tests.disk.simulation import FULL_RENAME, FULL_SYNC, Disk, trouble
from tests.disk.states import is_intact, state

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("disk", [FULL_SYNC, FULL_RENAME], ids=str)
def test_a_secret_key_that_cannot_be_stored_leaves_no_file(settings: Settings, disk: Disk) -> None:
    settings.HALO_SECRET_KEY_GIVEN = False
    with trouble(data_dir().root, disk), pytest.raises(OSError, match="No space left"):
        store_secret_key()
    assert list(data_dir().root.glob("**/secret_key*")) == []


def test_half_a_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_line(tmp_path, "run.jsonl", b"{}")
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:3]))
    with pytest.raises(OSError, match="The disk is full"):
        append_line(tmp_path, "run.jsonl", b'{"text": "kettle"}')
    assert (tmp_path / "run.jsonl").read_bytes() == b"{}\n"


@pytest.mark.sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_snapshot_that_cannot_be_finished_leaves_no_part() -> None:
    before = state()
    with trouble(data_dir().root, FULL_RENAME), pytest.raises(OSError, match="No space left"):
        snapshots.take_snapshot(connection, timezone.now())
    assert is_intact(before, state())
    assert list(data_dir().backups.iterdir()) == []
