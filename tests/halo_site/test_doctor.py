"""Planted damage, as it happens in the world, and what the doctor says of it."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from app_manager.models import App, new_id
from app_runtime.models import Run
from app_runtime.statuses import Status
from app_runtime.transcript import Transcript
from halo_site.archive import records
from halo_site.datadir.files import write_below
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import all_spaces
from halo_site.doctor.examination import examination
from halo_site.doctor.findings import Finding
from halo_site.models import Heartbeat
from memory import documents
from memory.permissions import Caller
from memory.places import app_place
from scheduler.models import Job
from tests.factories import make_app, make_question, make_run, set_status, tree

pytestmark = pytest.mark.django_db
# The command closes the connection and reads with one that cannot write.
closing = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def site() -> App:
    """A healthy installation: an app that ran and remembers, a clock, a worker, a backup."""
    app = make_app(now=NOW - timedelta(hours=1))
    run = make_run(app, at=NOW - timedelta(minutes=30))
    Transcript(app, run.run_id).append("prompt", NOW, engine="rehearsal")
    place = app_place(app.pk)
    assert place is not None
    documents.append(Caller("app", app.pk, app.space_id), place, "The kettle costs 20.", now=NOW)
    Heartbeat.beat("clock", NOW)
    Heartbeat.beat("worker", NOW)
    at = (NOW - timedelta(days=1)).isoformat()
    records.file().update(lambda _content: {"version": 1, "backup": {"at": at}, "verified": {"at": at}})
    return app


def findings() -> list[Finding]:
    return [finding for report in examination(NOW).reports for finding in report.findings]


def app() -> App:
    return App.objects.get()


def folder() -> Path:
    return app().folder


def test_a_healthy_installation_has_no_finding() -> None:
    assert findings() == []


def tear_config() -> None:
    data_dir().config.write_text('{"runs": ')


def wrong_config() -> None:
    data_dir().config.write_text('{"runs": {"model_turns": -5}}')
    data_dir().config.chmod(0o600)


def tear_secrets() -> None:
    data_dir().secrets.write_bytes(b"\x00\x00")


def tear_index() -> None:
    data_dir().spaces_index.write_text("{bad")


def set_aside() -> None:
    (data_dir().root / "config.json.corrupt-20261101T000000000000Z").write_text("{")


def change_index(**changes: object) -> None:
    content = json.loads(data_dir().spaces_index.read_text())
    content["spaces"].update(changes)
    data_dir().spaces_index.write_text(json.dumps(content))


def lose_space_folder() -> None:
    shutil.rmtree(all_spaces()[0].path)


def lose_working_dir() -> None:
    [space] = all_spaces()
    content = json.loads(data_dir().spaces_index.read_text())
    change_index(**{space.id: {**content["spaces"][space.id], "workingDir": "/nowhere/project"}})


def tear_space_meta() -> None:
    [space] = all_spaces()
    (space.path / ".halo" / "meta.json").write_text('{"id":')


def orphan_space_folder() -> None:
    (data_dir().spaces / new_id()).mkdir()


def lose_space() -> None:
    App.objects.update(space_id=new_id())


def lose_app_folder() -> None:
    shutil.rmtree(folder())


def lose_memory_folder() -> None:
    shutil.rmtree(folder() / "memory")


def orphan_app_folder() -> None:
    (folder().parent / new_id()).mkdir()


def unsafe_path() -> None:
    App.objects.update(data_path="../../etc/passwd")


def open_mode() -> None:
    (folder() / "memory.md").chmod(0o644)


def plant_link() -> None:
    (folder() / "memory" / "link.md").symlink_to("/etc/hosts")


def plant_pipe() -> None:
    os.mkfifo(folder() / "memory" / "pipe.md", 0o600)


def plant_hard_link() -> None:
    (folder() / "memory" / "twin.md").hardlink_to(folder() / "memory.md")


def leave_temporary() -> None:
    path = folder() / ".halo-0123456789abcdef.tmp"
    path.touch(0o600)
    os.utime(path, (NOW.timestamp() - 7200,) * 2)


def strand_run() -> None:
    make_run(app(), Status.RUNNING, at=NOW - timedelta(hours=2))


def strand_queued() -> None:
    make_run(app(), Status.QUEUED, at=NOW - timedelta(hours=2))


def job_without_app() -> None:
    Job.objects.update(metadata={"appId": new_id()})


def job_without_time() -> None:
    Job.objects.update(next_run_at=None)


def job_off() -> None:
    Job.objects.get().disable("5 errors in a row", NOW)
    Job.objects.update(consecutive_errors=5)


def lose_job() -> None:
    Job.objects.all().delete()


def odd_schedule() -> None:
    Job.objects.update(schedule={"kind": "every", "every": "often"})


def wrong_question() -> None:
    make_question(app())


def wait_for_nothing() -> None:
    set_status(app(), "waiting_user")


def lose_transcript() -> None:
    shutil.rmtree(folder() / "runs")


def tear_transcript() -> None:
    with next((folder() / "runs").iterdir()).open("ab") as file:
        file.write(b'{"_ts": 17')


def orphan_transcript() -> None:
    write_below(folder(), f"runs/{new_id()}.jsonl", b"{}\n")


def grow_memory() -> None:
    write_below(folder(), "memory/huge.md", b"x" * (1 << 20) + b"x")


def spoil_memory() -> None:
    write_below(folder(), "memory.md", b"\xff\xfe")


def edit_memory() -> None:
    write_below(folder(), "memory.md", b"# now\nedited with vi\n")


def odd_spec() -> None:
    App.objects.update(spec={"name": 3})


def silence_clock() -> None:
    Heartbeat.objects.filter(kind="clock").update(beat_at=NOW - timedelta(minutes=5))


def silence_worker() -> None:
    Heartbeat.objects.filter(kind="worker").delete()


def old_backup() -> None:
    at = (NOW - timedelta(days=30)).isoformat()
    records.file().update(lambda _content: {"version": 1, "backup": {"at": at}})


DAMAGE: list[tuple[Callable[[], None], str, bool]] = [
    (tear_config, "config.json is not a JSON object", True),
    (wrong_config, "runs.model_turns: ", True),
    (tear_secrets, "secrets.json is not a JSON object", True),
    (tear_index, "spaces-index.json cannot be read", True),
    (set_aside, "was set aside", False),
    (lose_space_folder, "the folder of its records is missing", True),
    (lose_working_dir, "its working directory is missing", True),
    (tear_space_meta, "a lost index is found again by it", False),
    (orphan_space_folder, "no space of the index has its records here", True),
    (lose_space, "is not in spaces-index.json", True),
    (lose_memory_folder, "the folder of its memory is missing", True),
    (lose_app_folder, "its folder, and so the folder of its memory, is missing", True),
    (orphan_app_folder, "it belongs to no app", True),
    (unsafe_path, "its stored path is not used", True),
    (open_mode, "other users of this machine can reach it (mode 0644)", True),
    (plant_link, "it is a link", True),
    (plant_pipe, "it is neither a file nor a folder", True),
    (plant_hard_link, "a hard link", True),
    (leave_temporary, "a write that was broken off", True),
    (strand_run, "its worker was last heard of", True),
    (strand_queued, "it is queued, and no worker will be told", True),
    (job_without_app, "its app is not there any more", True),
    (job_without_time, "it is on and has no next time", True),
    (job_off, "it is off: 5 errors in a row", False),
    (lose_job, "has no job", True),
    (odd_schedule, "its schedule cannot be used", True),
    (wrong_question, "its oldest open question is", True),
    (wait_for_nothing, "no question of it is open", True),
    (lose_transcript, "its transcript is missing", True),
    (tear_transcript, "of the lines of its transcript is torn", False),
    (orphan_transcript, "it is the transcript of no run", True),
    (grow_memory, "huge.md", True),
    (spoil_memory, "it is not UTF-8 text", True),
    (edit_memory, "it was changed outside Halo Site", False),
    (odd_spec, "The stored spec cannot be read", True),
    (silence_clock, "no clock has given a sign of life", True),
    (silence_worker, "no worker has given a sign of life", True),
    (old_backup, "the newest backup is 30 days old", False),
]


@pytest.mark.parametrize(("plant", "words", "is_problem"), DAMAGE, ids=[each[0].__name__ for each in DAMAGE])
def test_it_finds(plant: Callable[[], None], words: str, is_problem: bool) -> None:
    plant()
    found = [finding for finding in findings() if words in f"{finding.subject} {finding.what}"]
    # that a link is no memory is said as well, beside what is wrong with it
    found = [finding for finding in found if finding.is_problem] or found
    assert found
    assert {finding.is_problem for finding in found} == {is_problem}
    assert all(finding.advice for finding in found)


def test_looking_changes_nothing() -> None:
    before = tree(data_dir().root)
    for plant in (tear_config, set_aside, lose_transcript, open_mode, orphan_app_folder, strand_run):
        plant()
    planted, runs = tree(data_dir().root), list(Run.objects.values())
    examination(NOW)
    assert tree(data_dir().root) == planted
    assert planted != before
    assert list(Run.objects.values()) == runs


def test_the_first_sweep_mends_what_apps_wait_for() -> None:
    from app_runtime.escalations.expiry import mend_waiting

    wait_for_nothing()
    assert mend_waiting(NOW) == 1
    assert findings() == []


def test_a_question_that_nobody_noted_is_noted() -> None:
    from app_runtime.escalations.expiry import mend_waiting

    wrong_question()
    assert mend_waiting(NOW) == 1
    assert findings() == []


def test_a_check_that_fails_disturbs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(now: datetime) -> list[Finding]:
        raise RuntimeError("kettle")

    from halo_site.doctor import findings as registry

    monkeypatch.setitem(registry._checks, "files", registry.Check("files", fails, False))
    lose_job()
    words = " ".join(finding.what for finding in findings())
    assert "could not be looked at: RuntimeError: kettle" in words
    assert "has no job" in words


@closing
def test_many_findings_of_a_kind_are_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    for _number in range(30):
        (folder().parent / new_id()).mkdir()
    with pytest.raises(SystemExit):
        call_command("doctor")
    assert "folders of apps: 10 more like these." in capsys.readouterr().out


@closing
def test_the_command_ends_with_1_where_there_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    lose_job()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 1
    assert "1 problem." in capsys.readouterr().out


@closing
def test_a_program_reads_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    set_aside()
    call_command("doctor", as_json=True)
    told = json.loads(capsys.readouterr().out)
    severities = [finding["severity"] for check in told["checks"] for finding in check["findings"]]
    assert (told["problems"], set(severities)) == (0, {"notice"})
