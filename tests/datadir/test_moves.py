"""Renaming and removing below a base: in one step, never out of it, never over something."""

import errno
import os
from pathlib import Path

import pytest

from halo_site.datadir.files import PathRefused, names_below, remove_below, rename_below
from tests.datadir.test_files import SENTINEL, tree


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base with a file and a folder; beside it, what nobody may touch."""
    for root, data in ((tmp_path / "base", b"inside"), (tmp_path / "outside", SENTINEL)):
        (root / "a").mkdir(parents=True)
        (root / "a" / "file.md").write_bytes(data)
    return tmp_path / "base"


def test_a_file_is_renamed_into_a_new_folder(base: Path) -> None:
    rename_below(base, "a/file.md", "b/c/new.md")
    assert tree(base) == {"b/c/new.md": b"inside"}
    assert (base / "b").stat().st_mode & 0o777 == 0o700


def test_a_rename_never_replaces_anything(base: Path) -> None:
    (base / "there.md").write_bytes(b"there")
    (base / "link.md").symlink_to(base.parent / "nowhere")
    for name in ("there.md", "link.md", "a"):
        with pytest.raises(FileExistsError):
            rename_below(base, "a/file.md", name)
    assert (base / "there.md").read_bytes() == b"there"


def test_what_is_not_there_is_neither_renamed_nor_removed(base: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rename_below(base, "none.md", "new.md")
    with pytest.raises(FileNotFoundError):
        remove_below(base, "none.md")


@pytest.mark.parametrize("name", ["../outside/a/file.md", "/etc/passwd", "elsewhere/file.md", "link.md", "a"])
def test_nothing_outside_and_nothing_but_plain_files_is_moved(base: Path, name: str) -> None:
    outside = base.parent / "outside"
    (base / "elsewhere").symlink_to(outside / "a")
    (base / "link.md").symlink_to(outside / "a" / "file.md")
    before = tree(outside)
    for attempt in (
        lambda: rename_below(base, name, "new.md"),
        lambda: remove_below(base, name),
        lambda: rename_below(base, "a/file.md", f"{name}/new.md"),
    ):
        with pytest.raises((PathRefused, FileExistsError)):
            attempt() if name != "a" else rename_below(base, "a", "new.md")
    assert tree(outside) == before
    assert (base / "a" / "file.md").read_bytes() == b"inside"


def test_a_removed_file_leaves_nothing_behind(base: Path) -> None:
    remove_below(base, "a/file.md")
    assert tree(base) == {}


@pytest.mark.parametrize(
    "move",
    [lambda base: rename_below(base, "a/file.md", "a/new.md"), lambda base: remove_below(base, "a/file.md")],
    ids=["rename", "remove"],
)
def test_where_the_disk_does_not_keep_a_move_it_is_undone(
    base: Path, monkeypatch: pytest.MonkeyPatch, move: object
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        move(base)  # type: ignore[operator]
    assert tree(base) == {"a/file.md": b"inside"}


def test_names_are_all_that_is_in_a_folder(base: Path) -> None:
    (base / "a" / ".hidden").touch()
    (base / "a" / "link").symlink_to("nowhere")
    assert sorted(names_below(base, "a")) == [".hidden", "file.md", "link"]
    assert names_below(base, "none") == []
