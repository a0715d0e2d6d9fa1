"""The data directory: made, closed to others, or refused (DESIGN §2, abuse case S18)."""

import os
import stat
from pathlib import Path

import pytest

from halo_site.datadir.paths import DataDir, DataDirRefused
from tests.processes import everything, manage


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_makes_the_directory_and_its_folders(tmp_path: Path) -> None:
    directory = DataDir(tmp_path / "deep" / "data")
    directory.prepare()
    assert all(folder.is_dir() for folder in directory.folders)


def test_directories_are_closed_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        directory = DataDir(tmp_path / "data")
        directory.prepare()
    finally:
        os.umask(before)
    assert {mode(path) for path in (directory.root, *directory.folders)} == {0o700}


def test_it_takes_from_others_what_a_copy_gave_them(tmp_path: Path) -> None:
    directory = DataDir(tmp_path / "data")
    directory.prepare()
    for path in (directory.secret_key, directory.database):
        path.touch()
        path.chmod(0o644)
    directory.root.chmod(0o755)
    directory.prepare()
    assert (mode(directory.root), mode(directory.secret_key), mode(directory.database)) == (
        0o700,
        0o600,
        0o600,
    )


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    directory = DataDir(tmp_path / "data")
    directory.prepare()
    before = everything(directory.root)
    directory.prepare()
    assert everything(directory.root) == before


def test_it_refuses_a_directory_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(DataDirRefused, match="holds files that are not Halo Site's"):
        DataDir(tmp_path).prepare()
    assert not (tmp_path / "backups").exists()


def test_it_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirRefused, match="not a directory"):
        DataDir(tmp_path / "file").prepare()


def test_it_refuses_a_path_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirRefused, match="Not a directory"):
        DataDir(tmp_path / "file" / "data").prepare()


def test_it_refuses_a_path_where_nothing_can_be_written() -> None:
    with pytest.raises(DataDirRefused, match="HALO_DATA_DIR"):
        DataDir(Path("/proc/halo")).prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can give a directory away.")
def test_it_refuses_a_directory_of_another_user(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(DataDirRefused, match="belongs to another user"):
        DataDir(folder).prepare()


@pytest.mark.parametrize("left", [".halo-0123456789abcdef.tmp", "temp", "lost+found"])
def test_what_a_killed_first_start_left_is_no_obstacle(tmp_path: Path, left: str) -> None:
    folder = tmp_path / "started"
    (folder / left).mkdir(parents=True)
    DataDir(folder).prepare()
    assert (folder / "spaces").is_dir()


@pytest.mark.parametrize("known", ["halo.db", "config.json", "secret_key", "spaces-index.json"])
def test_a_directory_with_one_of_our_files_is_ours(tmp_path: Path, known: str) -> None:
    folder = tmp_path / "restored"
    folder.mkdir()
    (folder / known).touch()
    (folder / "notes.txt").touch()
    DataDir(folder).prepare()
    assert (folder / "spaces").is_dir()


def test_everything_that_a_start_makes_is_closed(migrated: Path) -> None:
    assert manage(migrated, "check").returncode == 0
    modes = {path: mode(path) for path in migrated.rglob("*")}
    assert mode(migrated) == 0o700
    assert {path for path, bits in modes.items() if bits != (0o700 if path.is_dir() else 0o600)} == set()
