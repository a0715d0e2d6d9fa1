"""`manage.py up` as a person starts it."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.processes import eventually, free_port, manage, start

pytestmark = pytest.mark.sqlite_only


started: list["Site"] = []


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    """A test that fails half-way must not leave its site to the machine."""
    yield
    for site in started:
        if site.process.poll() is None:
            site.process.kill()
            site.process.communicate()


class Answer(NamedTuple):
    status: int
    location: str


class Site:
    """A running `up`."""

    def __init__(self, data_dir: Path, *arguments: str, **more: str) -> None:
        self.data_dir, self.port = data_dir, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = start(data_dir, "up", "--bind", f"127.0.0.1:{self.port}", *arguments, **more)
        started.append(self)

    def get(self, path: str, host: str = "") -> Answer | None:
        """The answer, without following it elsewhere; None while nobody listens."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        with closing(connection):
            try:
                connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{self.port}"})
                response = connection.getresponse()
                return Answer(response.status, response.headers.get("Location", ""))
            except OSError:
                return None

    def wait(self) -> None:
        eventually(lambda: self.process.poll() is not None or self.get("/"))
        assert self.process.poll() is None, self.process.communicate()[0]

    def children(self) -> dict[str, int]:
        """The kept programs: what they run, and their process numbers."""
        listing = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        found = (
            re.match(r"\s*(\d+).*?(granian|run_clock|run_worker)", line)
            for line in listing.stdout.splitlines()
        )
        return {match[2]: int(match[1]) for match in found if match}

    def stop(self) -> str:
        """TERM; returns all that it printed."""
        self.process.terminate()
        return self.process.communicate(timeout=15)[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for the tests that only look."""
    site = Site(tmp_path_factory.mktemp("up") / "data", "--workers", "1")
    site.wait()
    yield site
    site.stop()


def test_the_first_page_leads_to_the_sign_in(site: Site) -> None:
    answer = site.get("/")
    assert answer.status == 302
    assert answer.location == "/login/?next=/"


def test_the_sign_in_is_a_page(site: Site) -> None:
    assert site.get("/login/").status == 200


def test_a_foreign_host_name_is_refused(site: Site) -> None:
    assert site.get("/login/", host="evil.example").status == 400


def test_everything_that_it_keeps_runs(site: Site) -> None:
    eventually(lambda: set(site.children()) == {"granian", "run_clock", "run_worker"})


def test_it_made_the_default_space(site: Site) -> None:
    assert "Default" in (site.data_dir / "spaces-index.json").read_text()


def test_what_it_made_is_for_its_owner_only(site: Site) -> None:
    paths = [site.data_dir, *site.data_dir.rglob("*")]
    assert {path for path in paths if path.exists() and path.stat().st_mode & 0o077} == set()


def test_a_second_one_on_the_same_data_is_refused(site: Site) -> None:
    result = manage(site.data_dir, "up", "--bind", f"127.0.0.1:{free_port()}")
    assert result.returncode == 1
    assert result.stderr == (
        f"CommandError: Halo Site already runs on {site.data_dir} (process {site.process.pid}). "
        "End that one first, or name another directory in HALO_DATA_DIR.\n"
    )


def test_it_prints_its_address_and_a_link_and_ends_in_time(copy_of_migrated: Callable[[], Path]) -> None:
    site = Site(copy_of_migrated(), "--workers", "2")
    site.wait()
    eventually(lambda: len(site.children()) == 3)
    children = site.children().values()
    began = time.monotonic()
    output = site.stop()
    assert time.monotonic() - began < 10
    assert site.process.returncode == 0
    assert f"Halo Site is at {site.address}/" in output
    assert re.search(rf"{site.address}/welcome/[\w:-]+/", output)
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def test_the_link_shows_a_form_until_there_is_an_administrator(copy_of_migrated: Callable[[], Path]) -> None:
    site = Site(copy_of_migrated(), "--workers", "1")
    lines: list[str] = []
    while not re.search("/welcome/", lines[-1] if lines else ""):
        lines.append(site.process.stdout.readline())
        assert lines[-1], lines
    path = lines[-1].strip().removeprefix(site.address)
    site.wait()
    assert site.get(path).status == 200
    made = manage(
        site.data_dir,
        *["createsuperuser", "--noinput", "--username", "ada", "--email", "ada@halo.example"],
        DJANGO_SUPERUSER_PASSWORD="a long enough phrase",
    )
    assert made.returncode == 0, made.stderr
    assert site.get(path).status == 410
    site.stop()


def test_with_an_administrator_it_prints_no_link(copy_of_migrated: Callable[[], Path]) -> None:
    data_dir = copy_of_migrated()
    manage(
        data_dir,
        *["createsuperuser", "--noinput", "--username", "ada", "--email", "ada@halo.example"],
        DJANGO_SUPERUSER_PASSWORD="a long enough phrase",
    )
    site = Site(data_dir, "--workers", "1")
    site.wait()
    output = site.stop()
    assert "welcome" not in output
    assert "The database is now" not in output


def test_programs_that_were_killed_are_back_and_in_the_audit_log(
    copy_of_migrated: Callable[[], Path],
) -> None:
    site = Site(copy_of_migrated(), "--workers", "1")
    site.wait()
    eventually(lambda: len(site.children()) == 3)
    killed = site.children()
    for process_id in killed.values():
        os.kill(process_id, signal.SIGKILL)
    eventually(lambda: len(back := site.children()) == 3 and not set(back.values()) & set(killed.values()))
    site.wait()
    output = site.stop()
    for process_id in killed.values():
        assert f"(process {process_id}) was ended by SIGKILL; it is started again now." in output
    with closing(sqlite3.connect(site.data_dir / "halo.db")) as database:
        entries = database.execute("SELECT actor, verb, object_type FROM halo_audit_log").fetchall()
    assert entries.count(("system:up", "restart", "process")) == 3


def test_a_killed_one_leaves_nothing_running_and_the_next_starts(
    copy_of_migrated: Callable[[], Path],
) -> None:
    site = Site(copy_of_migrated(), "--workers", "1")
    site.wait()
    eventually(lambda: len(site.children()) == 3)
    children = site.children().values()
    site.process.kill()
    site.process.communicate(timeout=20)
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    again = Site(site.data_dir, "--workers", "1")
    again.wait()
    again.stop()


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = manage(tmp_path / "site", "up", "--bind", address)
    assert result.returncode == 1
    assert result.stderr == (
        f"CommandError: {address} cannot be used: another program listens there. "
        "Choose another address with --bind HOST:PORT.\n"
    )


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    result = manage(tmp_path / "site", "up", "--bind", "203.0.113.7:8000")
    assert result.returncode == 1
    assert result.stderr.startswith("CommandError: 203.0.113.7:8000 cannot be used: ")


@pytest.mark.parametrize("option", ["--bind=8000", "--bind=a.example:80", "--workers=0", "--workers=many"])
def test_a_wrong_option_is_refused_with_its_name(tmp_path: Path, option: str) -> None:
    result = manage(tmp_path / "site", "up", option)
    assert result.returncode == 1
    assert result.stderr.startswith(f"CommandError: {option.partition('=')[0]}=")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HALO_BIND", "8000"),
        ("HALO_WORKERS", "many"),
        ("HALO_URL", "halo.example.org"),
        ("HALO_TRUSTED_PROXY", "proxy"),
        ("HALO_DEBUG", "perhaps"),
        ("DATABASE_URL", "mysql://halo"),
        ("HALO_DATA_DIR", "~nobody-of-that-name/data"),
        ("HALO_SECRET_KEY", "a\x07b"),
    ],
)
def test_a_wrong_variable_is_refused_with_its_name(tmp_path: Path, name: str, value: str) -> None:
    result = manage(tmp_path / "site", "up", **{name: value})
    assert result.returncode == 2
    assert result.stderr.startswith(f"{name}=")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("place", ["file", "file/data", "/proc/halo", "foreign"])
def test_a_data_directory_that_cannot_be_used_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").touch()
    result = manage(tmp_path / place, "up", "--bind", f"127.0.0.1:{free_port()}")
    assert result.returncode == 1
    assert "HALO_DATA_DIR" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [path.name for path in (tmp_path / "foreign").iterdir()] == ["thesis.tex"]
