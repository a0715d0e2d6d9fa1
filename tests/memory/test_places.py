"""Places: where each scope's files lie, and what names they take."""

from pathlib import Path

import pytest

from halo_site.datadir.files import PathRefused
from halo_site.datadir.paths import DataDir
from memory.places import Place, all_places, find_place, place_of_app
from tests.memory.conftest import Apps


def test_the_files_lie_where_the_design_says(
    data_directory: DataDir, apps: Apps, own_place: Place, shared_place: Place, place: Place
) -> None:
    space = apps.space.path
    assert own_place.base / own_place.below("") == data_directory.root / "user-memory.md"
    assert own_place.base / own_place.below("a.md") == data_directory.root / "user-memory" / "a.md"
    assert shared_place.base / shared_place.below("") == space / ".halo" / "memory.md"
    assert shared_place.base / shared_place.below("a.md") == space / ".halo" / "memory" / "a.md"
    assert place.base / place.below("") == space / "apps" / "kettle" / "memory.md"
    assert place.base / place.below("run/a.md") == space / "apps" / "kettle" / "memory" / "run" / "a.md"


def test_an_apps_folder_may_lie_elsewhere(tmp_path: Path) -> None:
    place = place_of_app("kettle", "Kettle", None, tmp_path / "data")
    assert (place.base, place.file, place.folder) == (tmp_path / "data", "memory.md", "memory")


def test_documents_have_the_same_path_wherever_their_place_lies(
    own_place: Place, shared_place: Place
) -> None:
    assert (own_place.path(""), own_place.path("a.md")) == ("user-memory.md", "user-memory/a.md")
    assert (shared_place.path(""), shared_place.path("run/a.md")) == ("memory.md", "memory/run/a.md")


def test_every_place_is_found_by_its_key(apps: Apps, place: Place) -> None:
    assert [place.scope for place in all_places()] == ["user", "space", "app"]
    assert [find_place(place.key) for place in all_places()] == all_places()


@pytest.mark.parametrize(
    "key", ["", "users", "user:", "user:x", "space", "space:", "space:none", "app:", "app:none", ":", "x:y"]
)
def test_an_unknown_key_is_no_place(apps: Apps, key: str) -> None:
    assert find_place(key) is None


@pytest.mark.parametrize(
    "name", ["a.txt", "a", "a.md/b", ".a.md", ".halo/a.md", "run/.a.md", "../a.md", "a.MD", ".md"]
)
def test_a_document_is_markdown_and_not_hidden(place: Place, name: str) -> None:
    with pytest.raises(PathRefused):
        place.below(name)
