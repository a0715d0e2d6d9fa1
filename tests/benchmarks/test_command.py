import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, environment


def benchmark(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.benchmarks", "pages", "--runs=50", "--rounds=1", *more]
    return subprocess.run(
        [*command, f"--folder={folder}", f"--json={folder / 'figures.json'}", "--only=/runs/?status=ok"],
        env=environment(folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.sqlite_only
def test_it_measures_pages_from_end_to_end(tmp_path: Path):
    result = benchmark(tmp_path)
    assert result.returncode == 0, result.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    pages = {page["page"]: page for page in figures["pages"]}
    assert {"/runs/?status=ok", "/runs/?status=ok&(deep)"} <= pages.keys()
    assert all(page["small"] and page["large"] and page["raw"] and page["empty"] for page in pages.values())
    assert "of limit" in result.stdout


@pytest.mark.sqlite_only
def test_it_measures_memory_from_end_to_end(tmp_path: Path):
    result = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "memory", "--rounds=1", "--files=200"],
        env=environment(tmp_path),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert {"save, CRLF", "open its page", "ours"} <= {
        line.partition("  ")[0] for line in result.stdout.splitlines()
    }
