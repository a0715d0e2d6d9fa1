"""`spaces-index.json` version 3."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from halo_site.datadir.paths import DataDir, data_dir
from halo_site.datadir.space_meta import read_meta
from halo_site.datadir.spaces import TEMPORARY, all_spaces, default_space, ensure_default_space, get_space

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def write(directory: DataDir, **spaces: dict[str, object]) -> None:
    """An index with these spaces."""
    directory.spaces_index.write_text(json.dumps({"version": 3, "spaces": spaces}))


def entry(name: str, **more: object) -> dict[str, object]:
    return {"path": f"/srv/{name}", "name": name, "icon": "folder", **more}


def test_an_empty_installation_gets_the_space_default() -> None:
    assert [space.name for space in all_spaces()] == ["Default"]


def test_the_index_has_the_documented_shape(data_directory: DataDir) -> None:
    index = json.loads(data_directory.spaces_index.read_text())
    [(space_id, space)] = index["spaces"].items()
    assert index["version"] == 3
    assert space == {
        "path": str(data_directory.spaces / space_id),
        "name": "Default",
        "icon": "folder",
        "createdAt": "2026-11-23T09:00:00.000Z",
        "updatedAt": "2026-11-23T09:00:00.000Z",
        "sortOrder": 0,
    }


def test_the_folder_of_a_space_is_made() -> None:
    assert (all_spaces()[0].path / ".halo").is_dir()


def test_a_second_start_makes_no_second_space(data_directory: DataDir) -> None:
    before = data_directory.spaces_index.read_bytes()
    ensure_default_space(NOW)
    assert data_directory.spaces_index.read_bytes() == before


def test_spaces_are_in_the_order_that_a_person_gave(data_directory: DataDir) -> None:
    write(data_directory, a=entry("one", sortOrder=2), b=entry("two", sortOrder=1))
    assert [space.name for space in all_spaces()] == ["two", "one"]


def test_without_a_full_order_the_newest_comes_first(data_directory: DataDir) -> None:
    old, new = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    write(data_directory, a=entry("one", updatedAt=old, sortOrder=1), b=entry("two", updatedAt=new))
    assert [space.name for space in all_spaces()] == ["two", "one"]


def test_a_working_directory_is_another_place_than_the_records(data_directory: DataDir) -> None:
    write(data_directory, a=entry("one", workingDir="/home/me/project"))
    [space] = all_spaces()
    assert (space.path, space.working_dir) == (Path("/srv/one"), Path("/home/me/project"))


@pytest.mark.parametrize("broken", [{}, {"name": "x"}, {"path": 5, "name": "x"}, [], None])
def test_an_incomplete_entry_is_left_out(data_directory: DataDir, broken: object) -> None:
    write(data_directory, a=broken, b=entry("whole"))
    assert [space.name for space in all_spaces()] == ["whole"]


@pytest.mark.parametrize("index", [b"{", b'{"spaces": []}', b"{}"])
def test_of_a_broken_index_the_folders_are_shown(data_directory: DataDir, index: bytes) -> None:
    [before] = all_spaces()
    data_directory.spaces_index.write_bytes(index)
    assert [(space.id, space.path) for space in all_spaces()] == [(before.id, before.path)]
    assert data_directory.spaces_index.read_bytes() == index


def test_a_space_is_found_by_its_id() -> None:
    space = all_spaces()[0]
    assert get_space(space.id) == space


def test_an_unknown_id_is_no_space() -> None:
    assert get_space("nobody") is None


def test_the_reserved_space_is_never_in_the_index(data_directory: DataDir) -> None:
    reserved = get_space(TEMPORARY)
    assert reserved is not None
    assert reserved.id == TEMPORARY
    assert reserved.path == data_directory.temp
    assert TEMPORARY not in data_directory.spaces_index.read_text()


def test_a_space_whose_folder_is_gone_says_so() -> None:
    space = all_spaces()[0]
    shutil.rmtree(space.path)
    assert space.is_missing


def test_the_default_space_has_that_name(data_directory: DataDir) -> None:
    write(data_directory, a=entry("one", sortOrder=1), b=entry("Default", sortOrder=2))
    assert default_space().name == "Default"


def test_without_that_name_the_first_one_is_the_default(data_directory: DataDir) -> None:
    write(data_directory, a=entry("one", sortOrder=2), b=entry("two", sortOrder=1))
    assert default_space().name == "two"


def test_a_copied_data_directory_has_its_own_spaces(
    data_directory: DataDir, tmp_path: Path, settings: Settings
) -> None:
    shutil.copytree(data_directory.root, tmp_path / "copy")
    settings.HALO_DATA_DIR = tmp_path / "copy"
    [space] = all_spaces()
    assert space.path == tmp_path / "copy" / "spaces" / space.id


def test_a_lost_index_is_made_again_from_the_folders(data_directory: DataDir) -> None:
    [before] = all_spaces()
    data_directory.spaces_index.write_text("{bad")
    ensure_default_space(NOW)
    assert [(space.id, space.path, space.name) for space in all_spaces()] == [
        (before.id, before.path, "Default")
    ]
    assert list(data_directory.root.glob("spaces-index.json.corrupt-*"))


def test_without_the_folder_of_spaces_there_is_a_default_all_the_same(data_directory: DataDir) -> None:
    data_directory.spaces_index.unlink()
    shutil.rmtree(data_directory.spaces)
    ensure_default_space(NOW)
    assert [space.name for space in all_spaces()] == ["Default"]


def test_a_start_writes_again_what_a_space_says_of_itself() -> None:
    [space] = all_spaces()
    (space.path / ".halo" / "meta.json").write_text('{"id":')
    ensure_default_space(NOW)
    assert read_meta(space.path)["id"] == space.id


def test_a_start_writes_down_where_a_moved_data_directory_lies() -> None:
    [space] = all_spaces()
    path = data_dir().spaces_index
    path.write_text(path.read_text().replace(str(space.path), f"/elsewhere/spaces/{space.id}"))
    ensure_default_space(NOW)
    assert json.loads(path.read_text())["spaces"][space.id]["path"] == str(space.path)
