"""Every writing command on a disk in trouble: one clear line, a non-zero end, the old state."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from app_manager.models import App
from halo_site.datadir.paths import data_dir
from tests.app_manager.factories import spec_text
from tests.disk.conftest import read_only_database
from tests.disk.simulation import FULL_OPEN, FULL_WRITE, READ_ONLY, Disk, trouble
from tests.disk.states import is_intact, state
from tests.factories import make_app

Held = AbstractContextManager[None]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def app(transactional_db: None) -> App:
    return make_app()


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "spec.yaml"
    path.write_text(spec_text(name="Teapot Watch"))
    return str(path)


def fails(*words: str, held: Held) -> str:
    """What the command says; the state is as it was."""
    before = state()
    with held, pytest.raises(CommandError) as error:
        call_command(*words)
    assert is_intact(before, state())
    [line] = str(error.value).splitlines()
    return line


VERBS = ("trigger_app", "pause_app", "uninstall_app")


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_on_a_read_only_database_is_one_line(app: App, verb: str) -> None:
    line = fails(verb, app.pk, held=read_only_database())
    assert line.startswith("The disk of the data directory can only be read. Nothing is left half done.")


def test_installing_on_a_read_only_database_is_one_line(spec: str) -> None:
    assert "can only be read" in fails("install_app", spec, held=read_only_database())


def test_installing_on_a_read_only_disk_is_one_line(spec: str) -> None:
    line = fails("install_app", spec, held=trouble(data_dir().root, READ_ONLY))
    assert "can only be read" in line


MEMORY = ("memory_write", "--as", "user", "--scope", "user", "--content", "kettle")


@pytest.mark.parametrize(
    ("disk", "words"),
    [(FULL_WRITE, "No space left on device"), (READ_ONLY, "Read-only file system")],
    ids=str,
)
def test_a_memory_that_cannot_be_written_is_one_line(disk: Disk, words: str) -> None:
    line = fails(*MEMORY, held=trouble(data_dir().root, disk))
    assert words in line
    assert "Nothing was changed." in line


def test_a_memory_whose_revision_cannot_be_stored_keeps_its_file() -> None:
    assert "can only be read" in fails(*MEMORY, held=read_only_database())


@pytest.mark.parametrize("verb", ["clock", "worker"])
def test_one_pass_of_a_loop_on_a_read_only_database_is_one_line(app: App, verb: str) -> None:
    call_command("trigger_app", app.pk)
    line = fails(f"run_{verb}", "--once", held=read_only_database())
    assert "can only be read" in line


def test_a_backup_to_a_full_disk_leaves_nothing_behind() -> None:
    line = fails("backup", held=trouble(data_dir().root, FULL_OPEN))
    assert line.startswith("The disk is full.")
    assert list(data_dir().backups.iterdir()) == []


def test_a_first_start_on_a_read_only_disk_is_one_line(tmp_path: Path, settings) -> None:  # type: ignore[no-untyped-def]
    settings.HALO_DATA_DIR = tmp_path / "new"
    with trouble(tmp_path, READ_ONLY), pytest.raises(CommandError) as error:
        call_command("migrate")
    assert "can only be read" in str(error.value)
    assert not (tmp_path / "new").exists()
