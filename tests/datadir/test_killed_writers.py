"""config.json, secrets.json and spaces-index.json under two writers and kill -9: never torn, never lost."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from halo_site.datadir.leftovers import remove_leftovers
from halo_site.datadir.paths import DataDir
from tests.processes import ROOT, environment


def killed_writers(directory: DataDir, seconds: float) -> dict[str, int]:
    """What `tests.datadir.writers` counts; it fails as soon as a file is torn or a write is lost."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.datadir.writers", str(seconds)],
        env=environment(directory.root, DJANGO_SETTINGS_MODULE="halo_site.settings"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    counted: dict[str, int] = json.loads(result.stdout)
    return counted


def test_nothing_is_torn_or_lost_by_kills(data_directory: DataDir) -> None:
    counted = killed_writers(data_directory, 3)
    assert counted["kills"] >= 5
    assert counted["writes"] >= 10


@pytest.mark.chaos
def test_nothing_is_torn_or_lost_by_kills_for_twenty_seconds(data_directory: DataDir) -> None:
    counted = killed_writers(data_directory, 20)
    assert counted["kills"] >= 50


def test_what_killed_writers_left_is_swept_away(data_directory: DataDir) -> None:
    killed_writers(data_directory, 1)
    remove_leftovers(datetime.now(UTC) + timedelta(days=2))
    assert not list(data_directory.root.rglob(".halo-*.tmp"))
