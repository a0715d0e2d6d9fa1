"""Locks: exclusive between threads and processes."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from halo_site.datadir.files import LockTimeout, locked
from halo_site.datadir.paths import DataDir, data_dir

HOLDER = """
import sys
from pathlib import Path
from django.conf import settings
settings.configure(HALO_DATA_DIR=Path(sys.argv[1]))
from halo_site.datadir.files import locked
with locked(Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_thread_is_told_which_file_is_held(tmp_path: Path) -> None:
    caught: list[Exception] = []

    def contend() -> None:
        try:
            with locked(tmp_path / "memory.md", timeout=0.05):
                raise AssertionError("both hold the lock")
        except LockTimeout as error:
            caught.append(error)

    with locked(tmp_path / "memory.md"):
        thread = threading.Thread(target=contend)
        thread.start()
        thread.join()
    assert "memory.md" in str(caught[0])


def test_another_process_excludes_this_one_until_it_dies(tmp_path: Path, data_directory: DataDir) -> None:
    command = [sys.executable, "-c", HOLDER, str(data_directory.root), str(tmp_path / "memory.md")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockTimeout), locked(tmp_path / "memory.md", timeout=0.05):
            pass
        holder.kill()
        holder.wait()
    with locked(tmp_path / "memory.md", timeout=5):
        pass


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / "memory.md"):
        raise KeyError
    with locked(tmp_path / "memory.md", timeout=0.05):
        pass


def test_two_files_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with locked(tmp_path / "a.md"), locked(tmp_path / "b.md", timeout=0.05):
        pass


def test_two_spellings_of_a_path_are_one_lock(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    other = locked(tmp_path / "link" / "memory.md", timeout=0.05)
    with locked(tmp_path / "real" / "memory.md"), pytest.raises(LockTimeout), other:
        pass


def test_a_lock_file_that_was_swept_away_still_excludes(tmp_path: Path) -> None:
    """Whoever opened the old lock file before it was removed must not believe to hold the lock."""
    with locked(tmp_path / "memory.md"):
        for lock_file in (data_dir().temp / "locks").iterdir():
            lock_file.unlink()
        with locked(tmp_path / "memory.md", timeout=0.05):
            held = list((data_dir().temp / "locks").iterdir())
            contender = locked(tmp_path / "memory.md", timeout=0.05)
            with pytest.raises(LockTimeout), contender:
                pass
    assert len(held) == 1


def test_many_threads_take_turns(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count() -> None:
        for _turn in range(20):
            with locked(counter):
                counter.write_text(str(int(counter.read_text()) + 1))

    threads = [threading.Thread(target=count) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "80"
