"""Runs in trouble: a full disk, a full memory, a folder or an app that is gone."""

import errno
import os
import shutil
from collections.abc import Callable

import pytest

from app_manager.models import App
from app_manager.places import place_of
from app_runtime import worker
from app_runtime.engines.base import Turn
from app_runtime.models import Entry, Run
from app_runtime.transcript import Transcript
from halo_site.datadir import files
from memory import editing
from tests.app_runtime.engines import ScriptedEngine, report
from tests.factories import NINE, make_run, set_status

pytestmark = pytest.mark.django_db
RunOnce = Callable[..., Run]
Scripted = Callable[..., ScriptedEngine]


def lines(run: Run) -> list[dict]:
    return Transcript(run.app, run.run_id).lines()


def entries() -> list[tuple[str, str]]:
    return [(entry.type, entry.summary) for entry in Entry.objects.order_by("ts", "id")]


def test_a_full_disk_ends_the_run_as_an_error_and_keeps_its_report(
    run_once: RunOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def full_after_the_report(descriptor: int, data: bytes) -> int:
        if b'"type": "tool"' in data:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(files.os, "write", full_after_the_report)
    run = run_once(report())
    assert run.status == "error"
    assert run.error_message == "A file of this run could not be written or read: No space left on device"
    assert [kind for kind, _ in entries()] == ["run_complete", "run_error"]


def test_a_full_memory_does_not_stop_a_run_and_the_prompt_says_it(app: App, scripted: Scripted) -> None:
    app.folder.mkdir(parents=True, exist_ok=True)
    (app.folder / "memory.md").write_text("# now\n" + "x" * (1024 * 1024 - 20))
    engine = scripted(report())
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert run.status == "ok"
    assert "(The heading of this run could not be added: memory.md would have" in engine.briefings[0].message


def test_a_memory_that_cannot_be_read_does_not_stop_a_run(app: App, scripted: Scripted) -> None:
    app.folder.mkdir(parents=True, exist_ok=True)
    (app.folder / "memory.md").write_bytes(b"\xff\xfe")
    engine = scripted(report())
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert run.status == "ok"
    assert "(Your memory could not be read: This memory file is not UTF-8" in engine.briefings[0].message


def test_a_missing_space_folder_is_an_error_and_is_not_made_anew(app: App, scripted: Scripted) -> None:
    space = app.space
    assert space
    moved = space.path.with_name("away")
    space.path.rename(moved)
    scripted(report())
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert run.status == "error"
    assert "The folder of Kettle Watch or of its space is missing" in str(run.error_message)
    assert not space.path.exists()


def test_a_run_makes_nothing_in_a_folder_where_no_disk_is_mounted(app: App, scripted: Scripted) -> None:
    """Its own folder is the mount point; whatever a run made there would say that the memory is lost."""
    place = place_of(app)
    assert place
    editing.save(place, "", "# now\n", base="", by="operator", now=NINE)
    shutil.rmtree(app.folder)
    app.folder.mkdir()
    scripted(report())
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert run.status == "error"
    assert list(app.folder.iterdir()) == []


def test_a_space_that_is_not_in_the_index_is_an_error_and_no_endless_queue(
    app: App, scripted: Scripted
) -> None:
    App.objects.update(space_id="gone")
    scripted(report())
    run = worker.execute(make_run(app, "queued").pk)
    assert run
    assert Run.objects.get().status == "error"


def test_a_missing_app_folder_is_made_anew(app: App, run_once: RunOnce) -> None:
    (app.folder / "memory").rmdir()
    app.folder.rmdir()
    assert run_once(report()).status == "ok"


def test_a_run_whose_app_is_deleted_meanwhile_ends_without_a_trace(app: App, scripted: Scripted) -> None:
    def delete() -> Turn:
        App.objects.all().delete()
        return report()

    scripted(delete)
    worker.execute(make_run(app, "queued").pk)
    assert not Run.objects.exists()
    assert not Entry.objects.exists()


def test_an_app_that_is_uninstalled_meanwhile_keeps_its_status(app: App, scripted: Scripted) -> None:
    def uninstall() -> Turn:
        set_status(app, "uninstalled")
        return report("escalation", "Order?")

    scripted(uninstall)
    worker.execute(make_run(app, "queued").pk)
    assert App.objects.get().status == "uninstalled"
