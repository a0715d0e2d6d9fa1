"""A backup that is made counts, even where the disk has no room left to note it."""

import errno
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from halo_site.archive import records

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_backup_that_cannot_be_noted_is_reported_as_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(records, "note", full)
    out, err = StringIO(), StringIO()
    call_command("backup", str(tmp_path / "one.tar.gz"), stdout=out, stderr=err)
    assert (tmp_path / "one.tar.gz").is_file()
    assert "writers waited" in out.getvalue()
    assert err.getvalue().startswith(
        "The backup is made and whole, but could not be noted: The disk is full."
    )
