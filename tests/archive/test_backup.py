"""`manage.py backup`: what is in it, what is not, and what it never does."""

import json
import os
import resource
import signal
import socket
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from halo_site.archive.collection import whole_lines
from halo_site.archive.container import Reader
from halo_site.archive.manifest import Manifest
from tests.archive.sites import SQLITE, Site
from tests.processes import command, eventually


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


def manifest(archive: Path) -> Manifest:
    with archive.open("rb") as file:
        return Reader(file).manifest()


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob(".halo-*"))


def test_it_goes_to_backups_under_its_own_name_for_nobody_else(site: Site) -> None:
    said = site.run("backup")
    (archive,) = site.backups
    assert str(archive) in said
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert leftovers(archive.parent) == []
    assert "files/spaces-index.json" in names(archive)
    assert manifest(archive).database.namespaces == dict(
        site.ask("SELECT namespace, version FROM _migrations")
    )


def test_it_goes_into_a_folder_or_a_file_that_is_named(site: Site, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    site.run("backup", str(elsewhere))
    site.run("backup", str(elsewhere / "mine.tar.gz"))
    assert len(list(elsewhere.glob("halo-*.tar.gz"))) == 1
    assert names(elsewhere / "mine.tar.gz")[0] == "manifest.json"


def test_it_never_overwrites_a_file(site: Site, tmp_path: Path) -> None:
    taken = tmp_path / "taken.tar.gz"
    taken.write_bytes(b"mine")
    assert "exists already" in site.refused("backup", str(taken))
    assert taken.read_bytes() == b"mine"


def test_it_refuses_a_place_among_the_files_to_copy(site: Site) -> None:
    assert "lies among the files" in site.refused("backup", str(site.folder / "spaces"))
    assert "ends in .tar.gz" in site.refused("backup", str(site.folder / "backups" / "x.zip"))
    assert "There is no folder" in site.refused("backup", "/nonexistent/x.tar.gz")


def test_secrets_are_in_it_only_when_asked_for(site: Site) -> None:
    (site.folder / "secrets.json").write_text('{"token": "very secret"}')
    said = site.run("backup")
    assert "secrets (token)" in said
    assert "very secret" not in said
    plain = site.backups[-1]
    assert not {"files/secrets.json", "files/secret_key"} & set(names(plain))
    assert manifest(plain).secrets_left_out == ("token",)
    assert {"files/secrets.json", "files/secret_key"} <= set(names(site.backup("--with-secrets")))


def test_links_devices_and_the_like_are_left_out_and_named(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = next((site.folder / "spaces").iterdir())
    (space / "plain ü.md").write_text("x")
    (space / "link.md").symlink_to("/etc/passwd")
    (space / "folder").symlink_to("/etc")
    os.mkfifo(space / "pipe")
    (space / "twin").hardlink_to(site.folder / "secret_key")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(space)  # the address of a socket is short
        server.bind("s")
    said = site.run("backup")
    inside = names(site.backups[-1])
    assert f"files/spaces/{space.name}/plain ü.md" in inside
    assert not [name for name in inside if name.endswith(("link.md", "pipe", "twin", "/s", "passwd"))]
    for name, why in {
        "link.md": "a link",
        "folder": "a link",
        "pipe": "not a",
        "twin": "hard",
        "s": "not a",
    }.items():
        assert f"{space.name}/{name} ({why}" in said


def test_scratch_backups_and_trash_are_left_out(site: Site) -> None:
    for folder in ("temp", "backups", "trash"):
        (site.folder / folder / "x").write_text("x")
    assert not [name for name in names(site.backup()) if name.endswith("/x")]


def test_a_space_elsewhere_is_named_as_not_included(site: Site, tmp_path: Path) -> None:
    index = site.folder / "spaces-index.json"
    space = next((site.folder / "spaces").iterdir())
    content = json.loads(index.read_text())
    content["spaces"][space.name]["path"] = f"{tmp_path}/far"
    index.write_text(json.dumps(content))
    assert f"lies in {tmp_path}/far" in site.run("backup")
    assert [space.included for space in manifest(site.backups[-1]).spaces] == [False]


def test_sessions_and_heartbeats_are_not_in_it(site: Site, empty_site) -> None:
    site.execute("INSERT INTO django_session VALUES ('key', 'data', '2030-01-01')")
    site.execute(
        "INSERT INTO halo_heartbeats (name, kind, host, pid, started_at, beat_at, detail_json)"
        " VALUES ('clock', 'clock', 'h', 1, 1, 1, '{}')",
    )
    restored = empty_site()
    restored.run("restore", str(site.backup()))
    assert restored.ask("SELECT * FROM django_session") == restored.ask("SELECT * FROM halo_heartbeats") == []


def test_an_audit_line_and_a_record_tell_of_it(site: Site) -> None:
    archive = site.backup()
    (row,) = site.ask("SELECT actor, object_id FROM halo_audit_log WHERE verb = 'backup'")
    assert row == ("command:backup", archive.name)
    assert str(archive) in (site.folder / "backups" / "record.json").read_text()


def test_keep_removes_the_oldest_of_our_own_names_only(site: Site) -> None:
    folder = site.folder / "backups"
    others = [folder / "halo-notes.tar.gz", folder / "before-migrate-20200101T000000000000Z.db"]
    for other in others:
        other.touch()
    first = site.backup()
    second = site.backup()
    site.run("backup", "--keep", "2")
    assert not first.exists()
    assert second.exists()
    assert all(other.exists() for other in others)
    assert "--keep" in site.refused("backup", "--keep", "0")


def test_before_the_first_migrate_it_says_what_to_do(empty_site) -> None:
    assert "manage.py migrate" in empty_site().refused("backup")


def test_a_full_disk_is_one_line_and_leaves_nothing(site: Site) -> None:
    before = sorted(path.name for path in (site.folder / "backups").iterdir())
    limit = 100_000  # bytes that the kernel lets this process write to any one file
    result = subprocess.run(
        command("backup"),
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    if SQLITE:  # whose copy is larger than that
        assert result.returncode == 1
        assert result.stderr.count("\n") == 1
        assert "o backup was made" in result.stderr
        assert sorted(path.name for path in (site.folder / "backups").iterdir()) == before


def test_a_folder_that_cannot_be_written_to_is_one_line(site: Site) -> None:
    assert "No backup was made" in site.refused("backup", "/proc/x.tar.gz")


@pytest.mark.sqlite_only
def test_a_damaged_database_is_told_at_once(site: Site) -> None:
    path = site.folder / "halo.db"
    data = bytearray(path.read_bytes())
    data[20_000:60_000] = os.urandom(40_000)
    path.write_bytes(data)
    site.refused("backup")
    assert site.backups == []


def kill_a_backup(site: Site, seconds: float) -> None:
    """kill -9 a backup some time after it began to work."""
    space = next((site.folder / "spaces").iterdir())
    for number in range(300):
        (space / f"{number}.md").write_bytes(os.urandom(3000))
    process = subprocess.Popen(
        command("backup"), env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    folder = site.folder / "backups"
    eventually(lambda: leftovers(folder) or process.poll() is not None)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.wait()
    for archive in site.backups:  # complete or not there at all
        site.run("restore", "--check", str(archive))
    site.run("backup")
    assert leftovers(folder) == []


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.15])
def test_a_killed_backup_leaves_no_half_archive_and_the_next_one_sweeps(site: Site, seconds: float) -> None:
    kill_a_backup(site, seconds)


@pytest.mark.chaos
@pytest.mark.parametrize("moment", range(50))
def test_a_backup_killed_at_any_moment_leaves_no_half_archive(site: Site, moment: int) -> None:
    kill_a_backup(site, moment / 150)


def test_two_backups_at_once_do_not_disturb_each_other(site: Site) -> None:
    processes = [
        subprocess.Popen(command("backup"), env=site.environment, stdout=subprocess.DEVNULL) for _ in "ab"
    ]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(site.backups) == 2
    assert leftovers(site.folder / "backups") == []


@pytest.mark.parametrize(
    ("written", "noted", "whole"),
    [
        (b"a\nb\n", 4, 4),
        (b"a\nbc\n", 3, 2),  # noted in the middle of a line that was complete a moment later
        (b"abc\n", 2, 0),
        (b"a\nb", 3, 3),  # cut short by a crash: nobody goes on with it
        (b"a\n" + b"x" * 200_000 + b"\n", 150_000, 2),
    ],
)
def test_a_transcript_ends_with_a_whole_line(tmp_path: Path, written: bytes, noted: int, whole: int) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(written)
    with path.open("rb") as file:
        assert whole_lines(file.fileno(), noted) == whole
