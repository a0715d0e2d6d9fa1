"""Migrations that have landed never change."""

import re
from pathlib import Path

import pytest

from halo_site.store import namespaces
from tests.contracts.checksums import (
    ADD,
    LISTED,
    NAMESPACES,
    ROOT,
    MigrationChanged,
    add,
    changed,
    found,
    missing,
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one migration, which is listed."""
    (tmp_path / LISTED).parent.mkdir(parents=True)
    write(tmp_path, "scheduler", "0001_initial.py")
    add(tmp_path)
    return tmp_path


def write(root: Path, namespace: str, name: str, text: str = "") -> Path:
    path = root / namespace / "migrations" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or f"# {namespace} {name}\n")
    return path


def test_no_migration_that_has_landed_was_changed() -> None:
    assert changed(ROOT) == []


def test_every_migration_is_listed() -> None:
    assert missing(ROOT) == [], f"New migrations are listed by: {ADD}"


def test_every_namespace_is_looked_at() -> None:
    assert NAMESPACES == namespaces.NAMESPACES
    files = {path for name in NAMESPACES for path in (ROOT / name / "migrations").glob("*.py")}
    assert {ROOT / path for path in found(ROOT)} == {path for path in files if path.name != "__init__.py"}


def test_the_file_is_one_for_sha256sum() -> None:
    lines = (ROOT / LISTED).read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[0-9a-f]{64}  \w+/migrations/\w+\.py", line)] == []


def test_a_new_migration_is_added_after_those_of_its_namespace(tree: Path) -> None:
    write(tree, "memory", "0001_initial.py")
    write(tree, "scheduler", "0002_more.py")
    new = ["scheduler/migrations/0002_more.py", "memory/migrations/0001_initial.py"]
    first = (tree / LISTED).read_text()
    assert (missing(tree), add(tree)) == (new, new)
    assert (tree / LISTED).read_text().startswith(first)
    assert (missing(tree), changed(tree)) == ([], [])


def test_adding_nothing_leaves_the_file_alone(tree: Path) -> None:
    before = (tree / LISTED).stat().st_mtime_ns
    assert add(tree) == []
    assert (tree / LISTED).stat().st_mtime_ns == before


def test_a_changed_migration_is_seen_and_its_line_stays(tree: Path) -> None:
    before = (tree / LISTED).read_text()
    write(tree, "scheduler", "0001_initial.py", "# something else\n")
    write(tree, "scheduler", "0002_more.py")
    assert changed(tree) == ["scheduler/migrations/0001_initial.py"]
    with pytest.raises(MigrationChanged, match=r"scheduler/migrations/0001_initial\.py"):
        add(tree)
    assert (tree / LISTED).read_text() == before


def test_a_removed_migration_is_seen_and_its_line_stays(tree: Path) -> None:
    before = (tree / LISTED).read_text()
    (tree / "scheduler/migrations/0001_initial.py").unlink()
    with pytest.raises(MigrationChanged):
        add(tree)
    assert (tree / LISTED).read_text() == before
