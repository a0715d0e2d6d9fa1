"""The file layer: names, links, atomic writing, appending, listing."""

import itertools
import os
import resource
import stat
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site.datadir.files import (
    FileTooLarge,
    PathRefused,
    append_line,
    contained,
    info_below,
    list_below,
    read_below,
    staged_below,
    write_atomically,
    write_below,
)

SENTINEL = b"outside, and never to be read or written"
REFUSED_NAMES = [
    "",
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "/memory.md",
    ".",
    "./",
    "./memory.md",
    "..",
    "../",
    "../secret.md",
    "../../etc/passwd",
    "a/../b.md",
    "a/../../b.md",
    "a/..",
    "a/.",
    "a/./b.md",
    "a//b.md",
    "a/",
    "a/b/",
    "..\\secret.md",
    "a\\b.md",
    "\\\\server\\share",
    "C:\\secret.md",
    "\\etc\\passwd",
    "a/..\\..\\b.md",
    "\x00",
    "a\x00.md",
    "a.md\x00.txt",
    "../\x00",
    "a\nb.md",
    "a\rb.md",
    "a\tb.md",
    "a\x1b[31m.md",
    "a\x7f.md",
    "a\x85.md",
    "a\u2028b.md",
    "a\u2029b.md",
    "a\u202egnp.md",
    "a\u2066b.md",
    "a\u200bb.md",
    "\ufeffa.md",
    "a\u00adb.md",
    "cafe\u0301.md",
    "\u1112\u1161\u11ab.md",
    "\u212b.md",
    "\ud800.md",
    " a.md",
    "a.md ",
    "a /b.md",
    "\u3000a.md",
    "a" * 256,
    "é" * 128,
    "a/" + "b" * 300 + "/c.md",
    "... /../x",
]
ACCEPTED_NAMES = [
    "memory.md",
    "run/2026-01-02-0900-run-kettle-8f3c12aa.md",
    "..%2fsecret.md",
    "%252e%252e/secret.md",
    "...md",
    ".../x.md",
    "..a/b..md",
    ".hidden",
    "每日新闻/播报.md",
    "café.md",
    "क्\u200dष.md",
    "👩\u200d💻.md",
    "a b.md",
    "~root/x.md",
    "$HOME.md",
    "con.md",
    "a" * 255,
]


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


@pytest.mark.parametrize("name", REFUSED_NAMES)
def test_it_refuses_a_name_that_is_not_plain(base: Path, name: str) -> None:
    before = tree(base.parent)
    for attempt in (
        lambda: contained(base, name),
        lambda: read_below(base, name),
        lambda: info_below(base, name),
        lambda: write_below(base, name, b"x"),
        lambda: append_line(base, name, b"x"),
        lambda: list_below(base, name),
    ):
        with pytest.raises(PathRefused):
            attempt()
    assert tree(base.parent) == before


@pytest.mark.parametrize("name", ACCEPTED_NAMES)
def test_it_writes_and_reads_a_plain_name_below_the_base(base: Path, name: str) -> None:
    write_below(base, name, b"text")
    assert read_below(base, name) == b"text"
    assert base.joinpath(*contained(base, name)).read_bytes() == b"text"


@given(st.text(alphabet=st.one_of(st.sampled_from("./\\ a"), st.characters())))
def test_accepted_components_never_leave_the_base(name: str) -> None:
    with suppress(PathRefused):
        parts = contained(Path("/base"), name)
        assert "/".join(parts) == name
        assert os.path.normpath(os.path.join("/base", *parts)) == "/base/" + name  # noqa: PTH118 - as text


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1))
def test_a_refusal_is_one_printable_line(name: str) -> None:
    with pytest.raises(PathRefused) as caught:
        contained(Path("/base"), f"../{name}")
    assert str(caught.value).isprintable()


def test_a_sibling_with_the_same_prefix_is_not_below_the_base(base: Path) -> None:
    with pytest.raises(PathRefused):
        read_below(base, "../memory-evil/file.md")


@pytest.mark.parametrize("link", ["a", "a/b", "a/b/file.md"])
@pytest.mark.parametrize("is_absolute", [True, False])
def test_it_follows_no_link_in_any_component(base: Path, link: str, is_absolute: bool) -> None:
    place, target = base / link, base.parent / "outside" / link
    place.rename(base / "moved")
    place.symlink_to(target if is_absolute else os.path.relpath(target, place.parent))
    before = tree(base.parent / "outside")
    for attempt in (
        lambda: read_below(base, "a/b/file.md"),
        lambda: info_below(base, "a/b/file.md"),
        lambda: write_below(base, "a/b/file.md", b"x"),
        lambda: append_line(base, "a/b/file.md", b"x"),
    ):
        with pytest.raises(PathRefused):
            attempt()
    assert tree(base.parent / "outside") == before
    assert place.is_symlink()


def test_it_refuses_a_link_that_stays_inside_too(base: Path) -> None:
    (base / "link.md").symlink_to("file.md")
    with pytest.raises(PathRefused, match="link"):
        read_below(base, "link.md")


def test_it_refuses_a_dangling_link_instead_of_creating_its_target(base: Path) -> None:
    (base / "link.md").symlink_to(base.parent / "new.md")
    with pytest.raises(PathRefused):
        append_line(base, "link.md", b"x")
    assert not (base.parent / "new.md").exists()


def test_the_base_itself_may_be_a_link(base: Path) -> None:
    (base.parent / "elsewhere").symlink_to(base)
    assert read_below(base.parent / "elsewhere", "file.md") == b"inside"


def test_it_refuses_a_hard_linked_file(base: Path) -> None:
    (base / "hard.md").hardlink_to(base.parent / "outside" / "file.md")
    for attempt in (
        lambda: read_below(base, "hard.md"),
        lambda: append_line(base, "hard.md", b"x"),
        lambda: write_below(base, "hard.md", b"x"),
    ):
        with pytest.raises(PathRefused, match="hard-linked"):
            attempt()
    assert (base.parent / "outside" / "file.md").read_bytes() == SENTINEL


def test_it_refuses_what_is_not_a_regular_file_without_waiting(base: Path) -> None:
    os.mkfifo(base / "pipe.md")
    for name in ("pipe.md", "a"):
        with pytest.raises(PathRefused, match="not a regular file"):
            read_below(base, name)


def test_it_refuses_a_file_where_a_folder_should_be(base: Path) -> None:
    with pytest.raises(PathRefused, match="not a folder"):
        read_below(base, "file.md/x.md")


def test_a_missing_file_or_base_is_just_not_found(base: Path) -> None:
    for directory, name in ((base, "none.md"), (base, "none/x.md"), (base / "none", "x.md")):
        with pytest.raises(FileNotFoundError):
            read_below(directory, name)


def test_nothing_outside_is_touched_while_a_folder_is_swapped_for_a_link(base: Path) -> None:
    """A thread swaps a folder for a link as fast as it can, for at most two seconds."""
    outside, folder = base.parent / "outside" / "a", base / "a"
    before, done = tree(outside), threading.Event()

    def swap() -> None:
        for turn in itertools.takewhile(lambda _turn: not done.is_set(), itertools.count()):
            folder.rename(base / f"gone-{turn}")
            with suppress(FileExistsError):  # the writer made a folder in the gap
                folder.symlink_to(outside)
                folder.unlink()
            (folder / "b").mkdir(parents=True, exist_ok=True)

    swapper = threading.Thread(target=swap)
    swapper.start()
    counts: Counter[bool] = Counter()
    deadline = time.monotonic() + 2
    try:
        while time.monotonic() < deadline and min(counts[True], counts[False]) < 200:
            for attempt in (
                lambda: write_below(base, "a/b/file.md", b"inside"),
                lambda: append_line(base, "a/lines", b"inside"),
                lambda: read_below(base, "a/b/file.md") == b"inside" or pytest.fail("read outside"),
                lambda: len(list_below(base, "a/b")) < 2 or pytest.fail("listed outside"),
            ):
                try:
                    attempt()
                    counts[True] += 1
                except (PathRefused, FileNotFoundError, FileExistsError):
                    counts[False] += 1
    finally:
        done.set()
        swapper.join()
    assert tree(outside) == before
    assert counts[True]
    assert counts[False]


def test_a_read_is_refused_above_its_limit(base: Path) -> None:
    assert read_below(base, "file.md", limit=6) == b"inside"
    with pytest.raises(FileTooLarge) as caught:
        read_below(base, "file.md", limit=5)
    assert (caught.value.size, caught.value.limit) == (6, 5)


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
