"""A whole installation on a disk that is really full: what is said of a change is what became of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="Only root can mount a small file system.")
ROOT = Path(__file__).resolve().parents[2]
MEBIBYTES = 12


@pytest.fixture
def site(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an installation whose data directory has room for 12 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    options = f"size={MEBIBYTES}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("This machine lets nobody mount a small file system.")
    named = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment = named | {
        "HALO_DATA_DIR": str(folder / "data"),
        "DJANGO_SETTINGS_MODULE": "halo_site.settings",
    }
    try:
        run(environment, "manage.py", "migrate", "--no-input")
        yield environment
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_refused_on_a_full_disk_was_not_done(site: dict[str, str]) -> None:
    told = [json.loads(line) for line in run(site, "-m", "tests.disk.filled").splitlines()]
    verbs = {"append", "save", "create", "rename", "remove"}
    assert {each["verb"] for each in told if each["said"]} == verbs
    assert {each["verb"] for each in told if not each["said"]} == verbs
    assert [each for each in told if not each["is_true"]] == []
    assert [each for each in told if not each["is_recorded"]] == []
