"""kill -9 of a restore at every one of its steps: the old state, or one of the two as the person decides."""

from typing import Any

import pytest

from tests.archive.conftest import States
from tests.archive.sites import Site, note, state
from tests.processes import ROOT, run

CRASHING = ROOT / "tests" / "archive" / "crashing.py"
MOST_STEPS = 40  # more renames than a restore makes


def killed(site: Site, step: int, *arguments: str) -> bool:
    """Run a command that is killed at its Nth rename; False where it ended before."""
    result = run(CRASHING, str(step), *arguments, env=site.environment)
    assert result.returncode in {0, -9}, result.stderr
    return result.returncode == -9


def settled(site: Site, way: str, before: Any, after: Any) -> None:
    """Nothing works on a half state, and ``way`` leads to a whole one."""
    if (site.folder / "backups" / "restore.json").exists():
        assert "restore --resume" in site.refused("namespaces")
        assert "restore --resume" in site.refused("migrate")
        site.run("restore", way)
        assert state(site) == (after if way == "--resume" else before)
    else:
        assert state(site) in (before, after)
    assert not (site.folder / "backups" / "restore.json").exists()
    site.run("backup")
    assert not list((site.folder / "backups").glob(".halo-archive-*"))


def crash_while_restoring(states: States, step: int, way: str) -> bool:
    site, archive, first, second = states
    was_killed = killed(site, step, "restore", "--replace", str(archive))
    settled(site, way, second, first)
    return was_killed


def crash_while_undoing(states: States, step: int, way: str) -> bool:
    site, archive, first, second = states
    site.run("restore", "--replace", str(archive))
    was_killed = killed(site, step, "restore", "--undo")
    settled(site, way, first, second)
    return was_killed


@pytest.mark.parametrize(("step", "way"), [(4, "--undo"), (7, "--resume"), (9, "--undo")])
def test_a_killed_restore_is_finished_or_taken_back(
    two_states: States,
    step: int,
    way: str,
) -> None:
    assert crash_while_restoring(two_states, step, way)


@pytest.mark.parametrize(("step", "way"), [(3, "--resume"), (7, "--undo")])
def test_a_killed_undo_is_finished_or_taken_back(
    two_states: States,
    step: int,
    way: str,
) -> None:
    assert crash_while_undoing(two_states, step, way)


@pytest.mark.chaos
@pytest.mark.parametrize("way", ["--undo", "--resume"])
@pytest.mark.parametrize("step", range(1, MOST_STEPS))
def test_a_restore_killed_at_any_step(two_states: States, step: int, way: str) -> None:
    crash_while_restoring(two_states, step, way)


@pytest.mark.chaos
@pytest.mark.parametrize("way", ["--undo", "--resume"])
@pytest.mark.parametrize("step", range(1, MOST_STEPS))
def test_an_undo_killed_at_any_step(two_states: States, step: int, way: str) -> None:
    crash_while_undoing(two_states, step, way)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("--resume", "Finished: the undoing of the restore of"),
        ("--undo", "Undone: the undoing of the restore of"),
    ],
)
def test_an_interrupted_undo_is_told_as_one(two_states: States, way: str, words: str) -> None:
    site, archive, _first, _second = two_states
    site.run("restore", "--replace", str(archive))
    assert killed(site, 6, "restore", "--undo")
    assert words in site.run("restore", way)


def test_another_restore_is_refused_while_one_is_half_way(two_states: States) -> None:
    site, archive, _first, second = two_states
    assert killed(site, 6, "restore", "--replace", str(archive))
    assert "was interrupted" in site.refused("restore", "--replace", str(archive))
    site.run("restore", "--undo")
    assert state(site) == second
    note(site, "goes on")


@pytest.mark.parametrize("way", ["--undo", "--resume"])
def test_what_somebody_made_while_it_was_half_way_is_set_aside(two_states: States, way: str) -> None:
    site, archive, first, second = two_states
    assert killed(site, 9, "restore", "--replace", str(archive))
    (site.folder / "config.json").write_text("made meanwhile")
    (site.folder / "spaces").mkdir(exist_ok=True)
    (site.folder / "spaces" / "meanwhile").touch()
    site.run("restore", way)
    assert state(site) == (first if way == "--resume" else second)
    found = [path for path in (site.folder / "backups").glob("*.found-*") if path.is_file()]
    assert [path.read_text() for path in found] == ["made meanwhile"]
