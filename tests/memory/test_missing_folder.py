"""A folder that is gone or where no disk is mounted: writes are refused, nothing is said to be removed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from halo_site.datadir.space_index import follow_directory
from halo_site.doctor.findings import Finding
from memory import checkups, documents, editing
from memory.compaction import compact
from memory.exceptions import MemoryRefused
from memory.models import Revision, digest
from memory.outside import Watch
from memory.permissions import Caller
from memory.places import Place
from memory.tools import memory_list, memory_read, memory_write
from tests.conftest import BEGINNING
from tests.memory.conftest import put
from tests.memory.test_editor_pages import save, url

pytestmark = pytest.mark.django_db
TEXT = "# now\n"
Act = Callable[[Place, Caller], object]


@pytest.fixture(params=["away", "not mounted"])
def gone(request: pytest.FixtureRequest, place: Place) -> Path:
    """The folder of the app, which had a main file and another one, was recorded, and is gone.

    Where a disk was mounted on it, it is the mount point, which is there and empty.
    """
    for name in ("", "notes.md"):
        editing.save(place, name, TEXT, base="", by="operator", now=BEGINNING)
    folder = (place.base / place.file).parent
    shutil.move(folder, place.base / "away")
    if request.param == "not mounted":
        folder.mkdir()
    return folder


def lies_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def first(place: Place) -> Revision:
    return Revision.objects.for_document(place.key, place.path("")).earliest("id")


PERSON = {"by": "operator", "now": BEGINNING}
ACTS: dict[str, Act] = {
    "save": lambda place, _app: editing.save(place, "", "x", base=digest(TEXT.encode()), **PERSON),  # type: ignore[arg-type]
    "create": lambda place, _app: editing.create(place, "new.md", "x", **PERSON),  # type: ignore[arg-type]
    "rename": lambda place, _app: editing.rename(place, "notes.md", "new.md", **PERSON),  # type: ignore[arg-type]
    "remove": lambda place, _app: editing.remove(place, "", base=digest(TEXT.encode()), **PERSON),  # type: ignore[arg-type]
    "restore": lambda place, _app: editing.restore(place, "", first(place), base="", **PERSON),  # type: ignore[arg-type]
    "tool append": lambda _place, app: memory_write(app, "app", "x", "append", now=BEGINNING),
    "tool replace": lambda _place, app: memory_write(app, "app", "x", "replace", now=BEGINNING),
    "tool read": lambda _place, app: memory_read(app, "app", now=BEGINNING),
    "tool list": lambda _place, app: memory_list(app, "app"),
    "heading": lambda place, _app: documents.insert_history_heading(place, BEGINNING, "8f3c12aa"),
    "record": lambda place, _app: documents.write_run_record(place, BEGINNING, "8f3c12aa", "x", "x"),
    "shortening": lambda place, _app: compact(place, BEGINNING),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_missing_folder_refuses_and_records_nothing(
    place: Place, app: Caller, gone: Path, act: Act
) -> None:
    count = Revision.objects.count()
    with pytest.raises(MemoryRefused, match="The folder of this memory is missing"):
        act(place, app)
    assert (Revision.objects.count(), lies_in(gone)) == (count, [])


def test_a_sweep_records_nothing_of_it_and_finds_it_whole_when_it_is_back(place: Place, gone: Path) -> None:
    watch = Watch()
    watch.sweep(BEGINNING)
    if gone.exists():
        gone.rmdir()
    shutil.move(place.base / "away", gone)
    watch.sweep(BEGINNING)
    assert Revision.objects.count() == 2


def test_the_doctor_names_it_and_calls_nothing_removed(gone: Path) -> None:
    [found] = [each for each in checkups.documents(BEGINNING) if isinstance(each, Finding)]
    assert found.what == f"{gone} is missing or empty, though something is remembered in it"
    assert f"mkdir -m 700 -p {gone / 'memory'}" in found.advice


def test_who_makes_it_again_begins_anew(place: Place, app: Caller, gone: Path) -> None:
    (gone / "memory").mkdir(parents=True)
    memory_write(app, "app", "x", "append", now=BEGINNING)
    Watch().sweep(BEGINNING)
    main = Revision.objects.for_document(place.key, place.path(""))
    assert list(main.order_by("id").values_list("operation", flat=True)) == ["saved", "removed", "append"]


def test_a_save_into_a_missing_folder_gives_the_text_back(
    operator_client: Client, place: Place, gone: Path
) -> None:
    answer = save(operator_client, place, "kept words", base=digest(TEXT.encode()))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "kept words" in page
    assert "Nothing can be saved until it is back" in page


def test_a_space_makes_its_folder_with_its_first_note(operator_client: Client, shared_place: Place) -> None:
    assert save(operator_client, shared_place, TEXT, base="").status_code == 302
    assert put(shared_place, TEXT).exists()
    assert operator_client.get(url(shared_place, "edit")).status_code == 200


def test_a_space_whose_disk_is_not_mounted_keeps_what_it_had(shared_place: Place, user: Caller) -> None:
    """Its folder is the mount point, which is there and empty then."""
    editing.save(shared_place, "", TEXT, base="", by="operator", now=BEGINNING)
    away = shared_place.base.with_name("away")
    shutil.move(shared_place.base, away)
    shared_place.base.mkdir()
    Watch().sweep(BEGINNING)
    follow_directory()
    with pytest.raises(MemoryRefused, match="The folder of this memory is missing"):
        memory_write(user, "space", "x", "append", now=BEGINNING)
    assert list(shared_place.base.iterdir()) == []
    assert Revision.objects.count() == 1
    shared_place.base.rmdir()
    shutil.move(away, shared_place.base)
    assert memory_read(user, "space", now=BEGINNING) == TEXT


def test_an_empty_folder_of_a_space_of_which_nothing_is_known_takes_a_first_note(
    shared_place: Place, user: Caller
) -> None:
    shutil.rmtree(shared_place.base)
    shared_place.base.mkdir()
    memory_write(user, "space", "x", "append", now=BEGINNING)
    assert shared_place.lock.exists()
