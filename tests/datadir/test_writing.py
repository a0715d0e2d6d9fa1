"""The file layer as it writes: whole or not at all, for its owner only; appending and listing."""

import os
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from halo_site.datadir.files import (
    PathRefused,
    append_line,
    info_below,
    list_below,
    read_below,
    staged_below,
    write_atomically,
    write_below,
)

SENTINEL = b"outside, and never to be read or written"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base directory; its sibling ``outside`` has the same names with the sentinel in them."""
    inside, outside = tmp_path / "memory", tmp_path / "outside"
    for root, data in ((inside, b"inside"), (outside, SENTINEL), (tmp_path / "memory-evil", SENTINEL)):
        (root / "a" / "b").mkdir(parents=True)
        for folder in (root, root / "a", root / "a" / "b"):
            (folder / "file.md").write_bytes(data)
    (tmp_path / "outside" / "a" / "b" / "second.md").write_bytes(SENTINEL)
    return inside


@contextmanager
def full_disk(limit: int = 1000) -> Iterator[None]:
    """No file of this process can grow beyond ``limit`` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_below(tmp_path / "x" / "base", "a/b/file.md", b"x")
        append_line(tmp_path / "x" / "base", "a/log.jsonl", b"{}")
    finally:
        os.umask(before)
    made = sorted((tmp_path / "x").rglob("*"))
    assert {mode(path) for path in made if path.is_file()} == {0o600}
    assert {mode(path) for path in [tmp_path / "x", *made] if path.is_dir()} == {0o700}


def test_a_failed_write_leaves_the_old_file_and_nothing_else(base: Path) -> None:
    before = tree(base)
    with full_disk(), pytest.raises(OSError, match="too large"):
        write_below(base, "file.md", b"x" * 5000)
    assert tree(base) == before


def test_a_failed_atomic_write_leaves_the_old_file_and_nothing_else(base: Path) -> None:
    before = tree(base)
    with full_disk(), pytest.raises(OSError, match="too large"):
        write_atomically(base / "file.md", b"x" * 5000)
    assert tree(base) == before


def test_an_atomic_write_replaces_and_creates(base: Path) -> None:
    for data in (b"one", b"two", b""):
        write_atomically(base / "file.md", data)
        write_atomically(base / "new.json", data)
        assert (base / "file.md").read_bytes() == (base / "new.json").read_bytes() == data
    assert sorted(path.name for path in base.iterdir() if path.is_file()) == ["file.md", "new.json"]
    assert mode(base / "new.json") == 0o600


def test_a_staged_write_changes_nothing_until_it_is_put_in_place(base: Path) -> None:
    with staged_below(base, "file.md", b"new") as put_in_place:
        assert read_below(base, "file.md") == b"inside"
        put_in_place()
        assert read_below(base, "file.md") == b"new"
    with staged_below(base, "file.md", b"newer"):
        pass
    assert [path.name for path in base.iterdir() if path.is_file()] == ["file.md"]
    assert read_below(base, "file.md") == b"new"


def test_a_reader_sees_the_old_content_or_the_new(base: Path) -> None:
    contents = [b"a" * 100_000, b"b" * 100_000]
    write_below(base, "file.md", contents[0])
    done = threading.Event()

    def rewrite() -> None:
        for turn in range(100):
            write_below(base, "file.md", contents[turn % 2])
        done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    while not done.is_set():
        assert read_below(base, "file.md") in contents
    writer.join()


def test_lines_are_appended_whole(base: Path) -> None:
    append_line(base, "runs/1.jsonl", b'{"step":1}')
    append_line(base, "runs/1.jsonl", b'{"step":2}')
    assert read_below(base, "runs/1.jsonl") == b'{"step":1}\n{"step":2}\n'


def test_whether_a_line_still_holds_is_asked_when_no_other_writer_can_come_between(base: Path) -> None:
    ended = threading.Thread(target=append_line, args=(base, "1.jsonl", b"end"))

    def holds() -> bool:
        ended.start()
        ended.join(0.2)
        return ended.is_alive()  # it waits for us

    assert append_line(base, "1.jsonl", b"model", holds)
    ended.join()
    assert not append_line(base, "1.jsonl", b"late", lambda: False)
    assert read_below(base, "1.jsonl") == b"model\nend\n"


def test_a_torn_last_line_spoils_itself_only(base: Path) -> None:
    (base / "1.jsonl").write_bytes(b'{"step":1}\n{"st')
    append_line(base, "1.jsonl", b'{"step":3}')
    assert read_below(base, "1.jsonl").splitlines()[-1] == b'{"step":3}'


def test_a_line_with_a_newline_is_refused(base: Path) -> None:
    with pytest.raises(ValueError, match="newline"):
        append_line(base, "1.jsonl", b"a\nb")


def test_a_line_that_the_disk_does_not_take_is_an_error(base: Path) -> None:
    (base / "1.jsonl").write_bytes(b"x" * 995)
    with full_disk(), pytest.raises(OSError, match="full"):
        append_line(base, "1.jsonl", b"y" * 100)


def test_lines_of_several_threads_never_mix(base: Path) -> None:
    def append(letter: bytes) -> None:
        for _turn in range(25):
            append_line(base, "1.jsonl", letter * 3000)

    threads = [threading.Thread(target=append, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = read_below(base, "1.jsonl").splitlines()
    assert sorted(lines) == sorted(
        letter * 3000 for letter in (b"a", b"b", b"c", b"d") for _turn in range(25)
    )


def test_the_list_has_every_file_of_folder_and_subfolders_by_name(base: Path) -> None:
    (base / "a" / "notes.txt").write_text("no markdown")
    assert [info.name for info in list_below(base, "a")] == ["b/file.md", "file.md"]
    assert [info.name for info in list_below(base, "a", suffix=".txt")] == ["notes.txt"]


def test_the_list_tells_size_and_time(base: Path) -> None:
    (base / "a" / "b" / "file.md").write_bytes(b"12345")
    os.utime(base / "a" / "b" / "file.md", (1_000_000, 1_000_000))
    (info,) = list_below(base, "a/b")
    assert (info.size, info.changed_at) == (5, 1_000_000.0)
    assert info_below(base, "a/b/file.md").size == 5


def test_the_list_leaves_out_what_could_not_be_opened(base: Path) -> None:
    folder = base / "a"
    (folder / "link.md").symlink_to(base.parent / "outside" / "file.md")
    (folder / "linked").symlink_to(base.parent / "outside")
    (folder / "hard.md").hardlink_to(base.parent / "outside" / "file.md")
    (folder / ".hidden.md").write_text("x")
    (folder / "cafe\u0301.md").write_text("x")
    (folder / "folder.md").mkdir()
    os.mkfifo(folder / "pipe.md")
    assert [info.name for info in list_below(base, "a")] == ["b/file.md", "file.md"]


def test_a_missing_folder_is_an_empty_list(base: Path) -> None:
    assert list_below(base, "none") == []


def test_a_linked_folder_is_not_listed(base: Path) -> None:
    (base / "linked").symlink_to(base.parent / "outside")
    with pytest.raises(PathRefused):
        list_below(base, "linked")
