"""Older and lost versions of `spaces-index.json`."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from halo_site.datadir import space_index
from halo_site.datadir.paths import DataDir
from halo_site.datadir.space_meta import read_meta, write_meta
from halo_site.datadir.spaces import all_spaces, ensure_default_space

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def write(directory: DataDir, content: object) -> None:
    directory.spaces_index.write_text(json.dumps(content))


def stored(directory: DataDir) -> dict[str, object]:
    content = json.loads(directory.spaces_index.read_text())
    assert isinstance(content, dict)
    return content


def folder(place: Path, space_id: str, name: str) -> Path:
    """A folder of records that says its name."""
    place.mkdir(parents=True, exist_ok=True)
    write_meta(place, space_id, {"name": name, "icon": "star", "createdAt": "2026-01-01T00:00:00Z"})
    return place


def names() -> set[str]:
    return {space.name for space in all_spaces()}


def test_version_2_takes_names_from_the_folders(data_directory: DataDir, tmp_path: Path) -> None:
    far = folder(tmp_path / "far", "a", "Far away")
    write(data_directory, {"version": 2, "spaces": {"a": {"path": str(far)}}})
    ensure_default_space(NOW)
    [space] = all_spaces()
    assert (space.name, space.icon, space.path, space.sort_order) == ("Far away", "star", far, 0)
    assert stored(data_directory)["version"] == 3


def test_version_1_takes_own_folders_and_custom_paths(data_directory: DataDir, tmp_path: Path) -> None:
    far = folder(tmp_path / "far", "far-id", "Far away")
    folder(data_directory.spaces / "near-id", "near-id", "Near by")
    write(data_directory, {"customPaths": [str(far), "relative", 5, str(tmp_path / "nothing")]})
    ensure_default_space(NOW)
    assert {"Far away", "Near by"} <= names()
    assert "customPaths" not in stored(data_directory)


@pytest.mark.parametrize("content", ["{bad", "[]", "", "\x00"])
def test_an_unreadable_index_is_set_aside_and_said(data_directory: DataDir, content: str) -> None:
    folder(data_directory.spaces / "near-id", "near-id", "Near by")
    data_directory.spaces_index.write_text(content)
    ensure_default_space(NOW)
    told = space_index.recovery()
    assert told is not None
    assert (told.found, told.reason, told.at) == (2, "unreadable", NOW)
    assert (data_directory.root / told.kept_as).read_text() == content
    assert "Near by" in names()


def test_a_missing_index_is_made_again_and_said(data_directory: DataDir) -> None:
    data_directory.spaces_index.unlink()
    ensure_default_space(NOW)
    told = space_index.recovery()
    assert told is not None
    assert (told.found, told.reason, told.kept_as) == (1, "missing", "")


def test_a_first_start_is_no_recovery() -> None:
    assert space_index.recovery() is None


def test_what_was_seen_is_told_no_more(data_directory: DataDir) -> None:
    data_directory.spaces_index.unlink()
    ensure_default_space(NOW)
    assert space_index.forget_recovery()
    assert space_index.recovery() is None
    assert not space_index.forget_recovery()


def test_reading_a_lost_index_writes_nothing(data_directory: DataDir) -> None:
    data_directory.spaces_index.write_text("{bad")
    before = sorted(data_directory.root.rglob("*"))
    assert names() == {"Default"}
    assert "cannot be read" in space_index.problem()
    assert sorted(data_directory.root.rglob("*")) == before


def test_a_change_of_a_lost_index_finds_it_again_first(data_directory: DataDir) -> None:
    data_directory.spaces_index.write_text("{bad")
    space_index.update(lambda content: {**content, "seen": True})
    assert names() == {"Default"}
    assert stored(data_directory)["seen"] is True


def test_missing_orders_are_filled_in_once(data_directory: DataDir) -> None:
    entry = {"path": "/srv/a", "icon": "folder"}
    old, new = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    spaces = {
        "a": {**entry, "name": "old", "updatedAt": old},
        "b": {**entry, "name": "new", "updatedAt": new},
    }
    write(data_directory, {"version": 3, "spaces": spaces})
    ensure_default_space(NOW)
    assert [(space.name, space.sort_order) for space in all_spaces()] == [("new", 0), ("old", 1)]
    assert space_index.recovery() is None


def test_a_folder_that_is_a_link_is_not_taken_for_a_space(data_directory: DataDir, tmp_path: Path) -> None:
    (data_directory.spaces / "linked").symlink_to(tmp_path)
    data_directory.spaces_index.unlink()
    ensure_default_space(NOW)
    assert "linked" not in {space.id for space in all_spaces()}


def test_nameless_folders_are_called_recovered(data_directory: DataDir) -> None:
    for name in ("bbb", "ccc"):
        (data_directory.spaces / name).mkdir()
    shutil.rmtree(all_spaces()[0].path)
    data_directory.spaces_index.unlink()
    ensure_default_space(NOW)
    assert names() == {"Default", "Recovered 2"}


def test_what_others_keep_in_the_meta_file_stays(tmp_path: Path) -> None:
    place = folder(tmp_path / "far", "a", "Far")
    content = json.loads((place / ".halo" / "meta.json").read_text())
    (place / ".halo" / "meta.json").write_text(json.dumps({**content, "preferences": {"layout": {}}}))
    write_meta(place, "a", {"name": "Farther"})
    assert read_meta(place) == {"id": "a", "name": "Farther", "preferences": {"layout": {}}}


@pytest.mark.parametrize(
    "content", [{"version": 3, "spaces": []}, {"version": 2, "spaces": {"a": {"path": 5}}}]
)
def test_an_older_index_is_kept_as_it_was(data_directory: DataDir, content: object) -> None:
    write(data_directory, content)
    ensure_default_space(NOW)
    told = space_index.recovery()
    assert told is not None
    assert told.reason == "older"
    assert json.loads((data_directory.root / told.kept_as).read_text()) == content


def test_an_index_that_cannot_be_opened_is_neither_replaced_nor_taken_for_empty(
    data_directory: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = data_directory.spaces_index.read_bytes()
    data_directory.spaces_index.touch()  # so that it is read again
    real = Path.read_bytes

    def refuses(path: Path) -> bytes:
        if path == data_directory.spaces_index:
            raise PermissionError(13, "Permission denied")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuses)
        assert names() == {"Default"}
        assert "cannot be read" in space_index.problem()
        with pytest.raises(PermissionError):
            ensure_default_space(NOW)
    assert data_directory.spaces_index.read_bytes() == before
    assert space_index.problem() == ""


def test_a_folder_in_place_of_the_index_is_set_aside(data_directory: DataDir) -> None:
    data_directory.spaces_index.unlink()
    data_directory.spaces_index.mkdir()
    ensure_default_space(NOW)
    assert names() == {"Default"}
    assert space_index.problem() == ""


def test_text_that_no_page_can_show_is_marked(data_directory: DataDir) -> None:
    odd = {"path": "/srv/a", "name": "a\ud800\u202eb", "icon": "\ud800", "workingDir": "/srv/\ud800"}
    write(data_directory, {"version": 3, "spaces": {"a": odd, "\ud800": {}, "b": {**odd, "name": " "}}})
    shown = {space.id: (space.name, space.icon, space.working_dir) for space in all_spaces()}
    assert shown == {"a": ("a\ufffd\ufffdb", "\ufffd", None), "b": ("b", "\ufffd", None)}
    assert space_index.ignored() == ["\ufffd"]


def test_half_a_surrogate_pair_is_no_obstacle_to_a_change(data_directory: DataDir) -> None:
    entry = {"path": "/srv/a", "name": "a\ud800", "icon": "folder", "sortOrder": 1}
    write(data_directory, {"version": 3, "spaces": {"a": entry}})
    space_index.update(lambda content: {**content, "seen": True})
    assert stored(data_directory)["spaces"] == {"a": entry}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", 5, [1]])
def test_a_time_that_cannot_be_told_is_unknown(moment: object) -> None:
    assert space_index.moment_of(moment) is None


def test_a_name_that_is_no_text_is_no_name(data_directory: DataDir) -> None:
    place = data_directory.spaces / "odd" / ".halo"
    place.mkdir(parents=True)
    (place / "meta.json").write_text(json.dumps({"name": ["a"], "icon": {}, "createdAt": 5}))
    data_directory.spaces_index.unlink()
    ensure_default_space(NOW)
    assert names() == {"Default", "Recovered 2"}


def test_the_folder_of_a_recovered_space_elsewhere_keeps_its_name_while_it_is_away(
    data_directory: DataDir, tmp_path: Path
) -> None:
    far = folder(tmp_path / "far", "a", "Far away")
    far.rename(tmp_path / "away")
    write(data_directory, {"version": 2, "spaces": {"a": {"path": str(far)}}})
    ensure_default_space(NOW)
    assert all_spaces()[0].is_missing
    (tmp_path / "away").rename(far)
    ensure_default_space(NOW)
    assert read_meta(far)["name"] == "Far away"
