"""Every write of a file, on disks that refuse it: one clear line, and the old state intact."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.utils import timezone

from app_manager import spaces
from app_manager.models import App
from app_runtime.transcript import Transcript
from halo_site.datadir import space_index
from halo_site.datadir.config import update_config
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import delete_secret, set_secret
from halo_site.datadir.spaces import all_spaces
from halo_site.disk_trouble import trouble_of
from memory import documents, editing
from memory.compaction import compact
from memory.models import Revision, digest
from memory.permissions import Caller
from memory.places import Place, app_place
from memory.tools import memory_write
from tests.disk.simulation import (
    DISKS,
    FULL_FOLDER,
    FULL_OPEN,
    FULL_RENAME,
    QUOTA,
    READ_ONLY,
    Disk,
    trouble,
)
from tests.disk.states import is_intact, state
from tests.factories import TESTER, make_app
from tests.memory.test_compaction import LONG

pytestmark = pytest.mark.django_db


def app() -> App:
    return App.objects.get(spec_id="Kettle Watch")


def caller() -> Caller:
    return Caller("app", app().pk, app().space_id)


def place() -> Place:
    found = app_place(app().pk)
    assert found is not None
    return found


def second_space() -> str:
    return next(space.id for space in all_spaces() if space.name == "Second")


def set_config() -> object:
    return update_config("runs", {"model_turns": 7})


def store_secret() -> object:
    return set_secret("KETTLE_KEY", "another value")


def take_secret() -> object:
    return delete_secret("KETTLE_KEY")


def write_index() -> object:
    return space_index.update(lambda content: {**content, "note": "kettle"})


def create_space() -> object:
    return spaces.create_space("Third", actor=TESTER, now=timezone.now())


def rename_space() -> object:
    facts = {"icon": "star", "working_dir": "", "actor": TESTER, "now": timezone.now()}
    return spaces.change_space(second_space(), name="Renamed", **facts)


def reorder() -> object:
    ids = [space.id for space in all_spaces()][::-1]
    return spaces.reorder_spaces(ids, actor=TESTER, now=timezone.now())


def delete_space() -> object:
    return spaces.delete_space(second_space(), actor=TESTER, now=timezone.now())


def append() -> object:
    return memory_write(caller(), "app", "It costs 21.", "append", now=timezone.now())


def replace() -> object:
    return memory_write(caller(), "app", "# now\n", "replace", now=timezone.now())


def first_space_memory() -> object:
    user = Caller("user", space_id=all_spaces()[0].id)
    return memory_write(user, "space", "A first line.", "append", now=timezone.now())


def heading() -> object:
    return documents.insert_history_heading(place(), timezone.now(), "0123456789")


def run_record() -> object:
    return documents.write_run_record(place(), timezone.now(), "0123456789", "run", "It ran.")


def base_of(name: str) -> str:
    return digest(documents.on_disk(place(), name))


def edit() -> object:
    return editing.save(place(), "", "It costs 22.\n", base=base_of(""), by="mara", now=timezone.now())


def create() -> object:
    return editing.create(place(), "new.md", "It costs 21.\n", by="mara", now=timezone.now())


def rename() -> object:
    return editing.rename(place(), "topics/notes.md", "topics/n.md", by="mara", now=timezone.now())


def remove() -> object:
    return editing.remove(
        place(), "topics/notes.md", base=base_of("topics/notes.md"), by="mara", now=timezone.now()
    )


def restore() -> object:
    another = Revision.objects.order_by("-id")[0]
    return editing.restore(
        place(), "topics/notes.md", another, base=base_of("topics/notes.md"), by="mara", now=timezone.now()
    )


def shorten() -> object:
    return compact(place(), timezone.now())


def transcribe() -> object:
    return Transcript(app(), "known").append("model", timezone.now(), text="It costs 21.")


def begin_transcript() -> object:
    return Transcript(app(), "new").append("prompt", timezone.now(), text="Look.")


def install() -> object:
    return make_app("Teapot Watch")


@dataclass(frozen=True)
class Write:
    """One write, and the disks that cannot stop it: it does not make the call that they refuse."""

    act: Callable[[], object]
    passes: tuple[Disk, ...] = ()

    def __str__(self) -> str:
        return self.act.__name__


NO_FOLDER = (FULL_FOLDER,)
WRITES = (
    Write(set_config, NO_FOLDER),
    Write(store_secret, NO_FOLDER),
    Write(take_secret, NO_FOLDER),
    Write(write_index, NO_FOLDER),
    Write(create_space),
    Write(rename_space, NO_FOLDER),
    Write(reorder, NO_FOLDER),
    Write(delete_space, NO_FOLDER),
    Write(append, NO_FOLDER),
    Write(replace, NO_FOLDER),
    Write(first_space_memory, NO_FOLDER),
    Write(heading, NO_FOLDER),
    Write(run_record),
    Write(edit, NO_FOLDER),
    Write(create, NO_FOLDER),
    Write(rename, tuple(disk for disk in DISKS if disk not in (FULL_RENAME, READ_ONLY))),
    Write(remove, tuple(disk for disk in DISKS if disk not in (FULL_RENAME, READ_ONLY))),
    Write(restore, NO_FOLDER),
    Write(shorten),
    Write(transcribe, (FULL_FOLDER, FULL_RENAME, FULL_OPEN)),
    Write(begin_transcript, (FULL_FOLDER, FULL_RENAME)),
    Write(install, tuple(disk for disk in DISKS if disk not in (FULL_FOLDER, QUOTA, READ_ONLY))),
)


@pytest.fixture(autouse=True)
def site() -> None:
    """An installation in which every write has something to lose."""
    kettle = make_app()
    spaces.create_space("Second", actor=TESTER, now=timezone.now())
    set_config()
    set_secret("KETTLE_KEY", "value")
    editing.create(place(), "topics/notes.md", "Two shops.\n", by="mara", now=timezone.now())
    documents.replace(Caller("app", kettle.pk, kettle.space_id), place(), LONG, now=timezone.now())
    Transcript(kettle, "known").append("prompt", timezone.now(), text="Look.")


@pytest.mark.parametrize("disk", DISKS, ids=str)
@pytest.mark.parametrize("write", WRITES, ids=str)
def test_a_disk_in_trouble_costs_one_line_and_nothing_else(write: Write, disk: Disk) -> None:
    before = state()
    failure: Exception | None = None
    with trouble(data_dir().root, disk):
        try:
            write.act()
        except Exception as error:
            failure = error
    assert (failure is None) == (disk in write.passes)
    if failure is not None:
        assert is_intact(before, state())
        assert_is_one_clear_line(failure)
        write.act()  # the disk is well again: nothing was left in the way


def assert_is_one_clear_line(failure: Exception) -> None:
    """What a page or a command says of it: in one line, that the disk did it, and what became of the rest."""
    found = trouble_of(failure)
    assert found is not None, repr(failure)
    for text in (str(found), str(failure)):
        assert len(text.splitlines()) == 1
    assert "Nothing is left half done." in str(found)
