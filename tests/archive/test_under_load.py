"""Backups while everything writes, restored elsewhere: files and rows are those of one moment."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from halo_site.archive.container import Reader
from tests.archive import agreement
from tests.archive.conftest import Maker
from tests.archive.sites import Site
from tests.factories import SPEC
from tests.processes import ROOT, eventually


@contextmanager
def writers(site: Site, scratch: Path) -> Iterator[None]:
    """Three processes that write until the block ends."""
    spec, stop = scratch / "spec.yaml", scratch / "stop"
    spec.write_text(yaml.safe_dump({**SPEC, "subscriptions": []}))
    app_id = site.run("install_app", str(spec)).split()[-1]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.archive.writer", kind, str(stop), app_id],
            cwd=ROOT,
            env=site.environment,
            umask=0o077,
        )
        for kind in ("memory", "settings", "runs")
    ]
    try:
        eventually(lambda: len(site.ask("SELECT 1 FROM automation_runs WHERE status = 'ok'")) > 1)
        yield
    finally:
        stop.touch()
        codes = [process.wait(timeout=60) for process in processes]
    assert codes == [0, 0, 0]


def backups_under_load(site: Site, empty_site: Maker, scratch: Path, count: int) -> None:
    with writers(site, scratch):
        for _number in range(count):
            began = datetime.now(UTC)
            archive = site.backup("--with-secrets")
            with archive.open("rb") as file:
                manifest = Reader(file).manifest()
            assert began <= datetime.fromisoformat(manifest.moment).astimezone(UTC) <= datetime.now(UTC)
    for archive in site.backups:
        restored = empty_site()
        restored.run("restore", str(archive))
        found = agreement.check(restored, site)
        assert min(found.values()) > 1


def test_backups_under_load_are_of_one_moment(site: Site, empty_site: Maker, tmp_path: Path) -> None:
    backups_under_load(site, empty_site, tmp_path, 3)


@pytest.mark.chaos
def test_many_backups_under_load_are_of_one_moment(site: Site, empty_site: Maker, tmp_path: Path) -> None:
    backups_under_load(site, empty_site, tmp_path, 50)
