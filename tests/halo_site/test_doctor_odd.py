"""Rarer damage, and what looks like damage and is none."""

import os
import subprocess
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from app_manager.models import App
from app_runtime.statuses import Status
from halo_site.archive import staging
from halo_site.datadir.config import update_config
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import set_secret
from halo_site.datadir.spaces import all_spaces
from halo_site.doctor.examination import Examination, examination
from halo_site.doctor.findings import Finding
from halo_site.models import Heartbeat
from memory.models import Revision
from scheduler.models import Job
from tests.factories import TESTER, make_app, make_run
from tests.halo_site import test_doctor as damage
from tests.halo_site.test_doctor import NOW, app, findings, folder, site

__all__ = ["site"]
pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30)


def said(*, of: list[Finding] | None = None) -> str:
    listed = findings() if of is None else of
    return "\n".join(f"{finding.subject}: {finding.what}" for finding in listed)


def examined(now=NOW) -> Examination:  # type: ignore[no-untyped-def]
    return examination(now)


def test_it_says_what_it_looked_at() -> None:
    looked = " ".join(examined().looked)
    for words in ("1 space", "1 app", "1 job", "1 transcript", "1 memory file"):
        assert words in looked


@pytest.mark.parametrize("column", ["spec", "permissions", "user_config", "user_overrides"])
def test_a_column_that_holds_no_object_is_named_with_its_app(column: str) -> None:
    App.objects.update(**{column: [1]})
    assert app().pk in said()
    assert f"The stored {column} cannot be read" in said()
    assert "could not be looked at" not in said()


def test_a_status_that_there_is_not_is_named() -> None:
    App.objects.update(status="asleep")
    assert "its status “asleep” is none that there is" in said()


def test_a_secret_that_is_not_stored_is_named_by_its_place() -> None:
    update_config("mail", {"password": "secret:KETTLE_KEY", "hosts": [{"key": "env:NOT_SET_ANYWHERE"}]})
    assert "mail.password names the secret KETTLE_KEY" in said()
    assert "mail.hosts.0.key names the variable NOT_SET_ANYWHERE" in said()
    assert examined().problems == 1  # the service may well know the variable
    set_secret("KETTLE_KEY", "value")
    assert "KETTLE_KEY" not in said()


def test_a_job_that_is_on_for_an_uninstalled_app_is_named() -> None:
    App.objects.update(status="uninstalled")
    assert "it is on, and its app is uninstalled" in said()


def test_a_job_whose_owner_nobody_can_tell_disturbs_no_other_check() -> None:
    Job.objects.update(metadata=["odd"])
    assert "nobody can tell whose it is" in said()
    assert "could not be looked at" not in said()


def test_a_run_without_a_lease_is_named() -> None:
    make_run(app(), Status.RUNNING, lease_until=None)
    assert "no worker holds it" in said()


def test_a_revision_that_leads_out_of_its_place_is_named() -> None:
    Revision.objects.update(path="../../etc/passwd")
    assert "its path is not accepted" in said()


def test_an_unreadable_settings_file_is_named() -> None:
    data_dir().config.mkdir(mode=0o700)
    assert "config.json is not a JSON object" in said()


@pytest.mark.parametrize("name", ["temp", "trash", "backups", "user-memory"])
def test_a_missing_folder_of_ours_is_named(name: str) -> None:
    if name == "backups":
        (data_dir().backups / "record.json").unlink()
    subprocess.run(["rm", "-r", str(data_dir().root / name)], check=True)
    assert f"{name}: this folder is missing" in said()


def test_files_of_another_user_are_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert said().count("another user") == 1


def test_a_folder_that_nobody_can_enter_is_named() -> None:
    (folder() / "memory").chmod(0o400)
    assert "its own user cannot use it (mode 0400)" in said()
    (folder() / "memory").chmod(0o700)


def test_what_a_killed_backup_left_is_named_and_one_at_work_is_not() -> None:
    (data_dir().backups / f"{staging.PREFIX}0123").mkdir(mode=0o700)
    assert "a write that was broken off left it behind" in said()
    with staging.staging(data_dir().backups):  # which also sweeps
        assert findings() == []


@pytest.mark.parametrize("name", ["temp/secret_key-12", "backups/before-migrate-1.part"])
def test_what_a_killed_start_left_is_named(name: str) -> None:
    path = data_dir().root / name
    path.touch(0o600)
    assert findings() == []  # somebody may be writing it
    os.utime(path, (NOW.timestamp() - 3600,) * 2)
    assert "a write that was broken off left it behind" in said()


def test_links_in_a_persons_project_are_their_business() -> None:
    project = all_spaces()[0].path / "project"
    project.mkdir(mode=0o700)
    (project / "link").symlink_to("/etc/hosts")
    (data_dir().temp / "link").symlink_to("/etc/hosts")
    assert findings() == []


def test_an_app_that_was_moved_keeps_its_folder_without_a_finding() -> None:
    from app_manager.spaces import create_space

    second = create_space("Second", actor=TESTER, now=NOW)
    assert app().move_to_space(second, actor=TESTER, now=NOW)
    assert findings() == []


def test_an_uninstalled_app_is_no_damage() -> None:
    app().uninstall(actor=TESTER, now=NOW)
    assert findings() == []


def test_a_disk_that_is_nearly_full_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:  # 80 MB of 40 GB, and few names
        f_flag = os.ST_RDONLY
        f_frsize, f_blocks, f_bavail, f_files, f_favail = 4096, 10_000_000, 20_000, 1_000_000, 500

    monkeypatch.setattr(os, "statvfs", lambda _path: Full)
    assert "its disk has only" in said()
    assert "its disk can only be read" in said()
    assert "its disk can hold only 500 more files" in said()


def test_a_site_that_is_off_is_worth_knowing_where_it_has_work() -> None:
    Heartbeat.objects.all().delete()
    assert "neither a clock nor a worker runs, and there is work for them" in said()
    assert examined().problems == 0
    Job.objects.all().update(enabled=False)
    assert "neither" not in said()


def test_an_installation_without_a_backup_is_told_after_a_week(monkeypatch: pytest.MonkeyPatch) -> None:
    (data_dir().backups / "record.json").unlink()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET applied = %s", [NOW - timedelta(days=6)])
    assert "backup" not in said()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET applied = %s", [NOW - timedelta(days=8)])
    assert "no backup was made yet" in said()


def test_an_error_run_without_a_transcript_is_only_worth_knowing() -> None:
    make_run(app(), Status.ERROR, at=NOW)  # the disk may have been full
    assert "its transcript is missing" in said()
    assert examined().problems == 0


COMMANDS = ("chmod", "cp", "mkdir", "mv", "rm")
# What to type, and the finding that it takes away
TYPED = [
    damage.open_mode,
    damage.plant_link,
    damage.plant_pipe,
    damage.plant_hard_link,
    damage.leave_temporary,
    damage.lose_app_folder,
    damage.lose_memory_folder,
    damage.orphan_space_folder,
    damage.orphan_app_folder,
    damage.orphan_transcript,
    damage.set_aside,
    damage.tear_config,
]


@pytest.mark.parametrize("plant", TYPED, ids=lambda plant: plant.__name__)
def test_what_it_says_to_type_takes_the_damage_away(plant) -> None:  # type: ignore[no-untyped-def]
    plant()
    for finding in findings():
        typed = finding.advice.rpartition(": ")[2]
        if typed.split()[0] in COMMANDS:
            subprocess.run(["sh", "-c", typed], check=True, umask=0o077)
    left = [finding for finding in findings() if "transcript is missing" not in finding.what]  # gone for good
    assert [finding for finding in left if finding.is_problem] == []


def test_a_path_with_a_space_in_it_can_be_typed() -> None:
    odd = folder().parent / "an odd name; rm"
    odd.mkdir(mode=0o700)
    [finding] = findings()
    subprocess.run(["sh", "-c", finding.advice.rpartition(": ")[2]], check=True)
    assert (data_dir().trash / odd.name).is_dir()


def test_the_commands_that_it_names_mend_jobs_and_runs() -> None:
    damage.lose_job()
    uninstall, reinstall = findings()[0].advice.split(" && ")
    for typed in (uninstall, reinstall):
        call_command(*typed.removeprefix("python3 manage.py ").split())
    assert findings() == []


@pytest.mark.parametrize("plant", [damage.strand_run, damage.strand_queued], ids=lambda plant: plant.__name__)
def test_one_step_of_the_clock_takes_up_what_nobody_had(plant) -> None:  # type: ignore[no-untyped-def]
    plant()
    assert "manage.py run_clock --once" in findings()[0].advice
    call_command("run_clock", "--once")
    assert not [
        finding for finding in findings() if finding.subject.startswith("run ") and finding.is_problem
    ]


def test_a_second_app_of_the_same_shape_adds_nothing() -> None:
    make_app("Teapot Watch", now=NOW)
    assert findings() == []
