"""Whether files and rows of a restored site are of one moment."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.archive.sites import Site

UNFINISHED = ("queued", "running")


def check(restored: Site, live: Site) -> dict[str, int]:
    """Assert that everything agrees, and that transcripts are beginnings of those that went on.

    Returns how much there was of each, for tests that want to know that there was anything.
    """
    return {
        "memory": check_memory(restored),
        "settings": check_settings(restored),
        "runs": check_transcripts(restored, live),
    }


def check_memory(site: Site) -> int:
    """The newest revision of each document is its file, and every memory file has a revision."""
    rows = site.ask("SELECT place, path, sha256 FROM memory_revisions ORDER BY id")
    newest = {(place, path): digest for place, path, digest in rows}
    found = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in memory_files(site.folder)}
    wanted = {memory_file(site.folder, *key): digest for key, digest in newest.items() if digest}
    assert found == wanted
    lines = site.ask("SELECT id FROM memory_revisions WHERE place = 'user'")
    text = (site.folder / "user-memory.md").read_text() if lines else ""
    assert [line for line in text.splitlines() if line.startswith("line ")] == [
        f"line {number + 1}" for number in range(len(lines))
    ]
    return len(newest)


def memory_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.md") if not {"backups", "trash"} & set(path.parts)]


def memory_file(folder: Path, place: str, path: str) -> Path:
    if place == "user":
        return folder / path
    kind, _, owner = place.partition(":")
    (base,) = folder.glob(f"spaces/*/apps/{owner}" if kind == "app" else f"spaces/{owner}/.halo")
    return base / path


def check_settings(site: Site) -> int:
    """The number in the three JSON files is the one in the newest row."""
    rows = site.ask("SELECT object_id FROM halo_audit_log WHERE verb = 'count' ORDER BY id")
    numbers = [int(row[0]) for row in rows]
    assert numbers == list(range(1, len(numbers) + 1))
    if numbers:
        assert parsed(site.folder / "config.json")["test"]["number"] == numbers[-1]
        assert parsed(site.folder / "spaces-index.json")["number"] == numbers[-1]
        assert parsed(site.folder / "secrets.json")["number"] == str(numbers[-1])
    return len(numbers)


def check_transcripts(site: Site, live: Site) -> int:
    """Each transcript holds every step that its row counts, but for the one that may be under way."""
    rows = {
        run_id: (status, steps)
        for run_id, status, steps in site.ask("SELECT run_id, status, step_count FROM automation_runs")
    }
    files = {path.stem: path for path in site.folder.glob("spaces/*/apps/*/runs/*.jsonl")}
    assert set(files) <= set(rows)
    for run_id, (status, steps) in rows.items():
        if run_id not in files:
            assert steps == 0 and status in UNFINISHED  # noqa: PT018
            continue
        data = files[run_id].read_bytes()
        assert (live.folder / files[run_id].relative_to(site.folder)).read_bytes().startswith(data)
        assert data.endswith(b"\n")
        lines = [json.loads(line) for line in data.decode().split("\n") if line]
        written = [line["step"] for line in lines if line["type"] in {"model", "tool"}]
        assert written in (list(range(1, steps + 1)), list(range(1, steps)))
        if status not in UNFINISHED:
            assert len(written) == steps
        if lines[-1]["type"] == "end":
            assert status not in UNFINISHED
    return len(rows)


def parsed(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_bytes())
    assert isinstance(content, dict)
    return content
