"""What killed writers left behind."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from halo_site.datadir.files import staged_below
from halo_site.datadir.leftovers import remove_leftovers
from halo_site.datadir.paths import DataDir
from halo_site.datadir.spaces import all_spaces

TWO_DAYS = timedelta(days=2)
NAME = ".halo-0123456789abcdef.tmp"


def left(folder: Path, name: str = NAME) -> Path:
    """A file that was written just now."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"half a")
    return path


def removed_after(passed: timedelta = TWO_DAYS) -> int:
    """How many are removed when so much time has passed since now: nobody can set when a file was changed."""
    return remove_leftovers(datetime.now(UTC) + passed)


def put_elsewhere(directory: DataDir, folder: Path) -> None:
    """Have the records of the only space lie in that folder."""
    index = json.loads(directory.spaces_index.read_text())
    index["spaces"][all_spaces()[0].id]["path"] = str(folder)
    directory.spaces_index.write_text(json.dumps(index))


@pytest.mark.parametrize(
    "where", [".", "temp", "user-memory", "spaces/a/.halo", "spaces/a/apps/b/memory/run"]
)
def test_it_goes_after_a_day(data_directory: DataDir, where: str) -> None:
    path = left(data_directory.root / where)
    assert removed_after() == 1
    assert not path.exists()


def test_a_younger_one_stays(data_directory: DataDir) -> None:
    path = left(data_directory.root)
    assert removed_after(timedelta(hours=23)) == 0
    assert path.exists()


def test_a_young_one_with_an_old_time_stays(data_directory: DataDir) -> None:
    """As of a copy that keeps the times, or of a writer that sets them before it is done."""
    path = left(data_directory.root)
    os.utime(path, (0, 0))
    assert removed_after(timedelta(0)) == 0
    assert path.exists()


@pytest.mark.parametrize(
    "name", ["notes.tmp", ".halo-mine.tmp", ".halo-0123456789abcdef.tmp.md", "config.json"]
)
def test_other_files_stay(data_directory: DataDir, name: str) -> None:
    assert left(data_directory.root / "user-memory", name=name).exists()
    assert removed_after() == 0


@pytest.mark.parametrize("where", ["backups", "trash/a"])
def test_what_was_put_away_stays_as_it_is(data_directory: DataDir, where: str) -> None:
    path = left(data_directory.root / where)
    assert removed_after() == 0
    assert path.exists()


def test_it_goes_from_the_records_of_a_space_elsewhere(data_directory: DataDir, tmp_path: Path) -> None:
    put_elsewhere(data_directory, tmp_path / "far")
    left(tmp_path / "far" / ".halo" / "memory")
    left(tmp_path / "far" / "apps" / "a")
    assert removed_after() == 2


def test_the_other_files_of_a_folder_elsewhere_are_not_ours(data_directory: DataDir, tmp_path: Path) -> None:
    put_elsewhere(data_directory, tmp_path / "far")
    path = left(tmp_path / "far" / "project")
    assert removed_after() == 0
    assert path.exists()


def test_links_are_not_followed(data_directory: DataDir, tmp_path: Path) -> None:
    path = left(tmp_path / "outside")
    (data_directory.spaces / "link").symlink_to(path.parent)
    (data_directory.root / NAME.replace("0", "f")).symlink_to(path)
    removed_after()
    assert path.exists()


def test_a_space_whose_folder_is_gone_is_no_obstacle(data_directory: DataDir, tmp_path: Path) -> None:
    put_elsewhere(data_directory, tmp_path / "nothing")
    left(data_directory.root)
    assert removed_after() == 1


def test_it_knows_the_names_that_writers_give(data_directory: DataDir) -> None:
    with staged_below(data_directory.root, "file.md", b"new") as put_in_place:
        [name] = [path.name for path in data_directory.root.glob(".halo-*")]
        put_in_place()
    assert left(data_directory.root, name=name).exists()
    assert removed_after() == 1
