"""The file layer as it refuses: names, links, and what is no plain file."""

import itertools
import os
import threading
import time
from collections import Counter
from contextlib import suppress
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
    read_many_below,
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


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


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


def test_many_files_are_read_without_those_that_alone_would_be_refused(tmp_path):
    for name in ("a.md", "sub/b.md", "sub/c.md", "large.md"):
        write_below(tmp_path, name, name.encode() if name != "large.md" else b"x" * 11)
    (tmp_path / "link.md").symlink_to("a.md")
    (tmp_path / "elsewhere").symlink_to("sub")
    asked = [
        "sub/c.md",
        "../a.md",
        "a.md",
        "gone.md",
        "none/x.md",
        "link.md",
        "elsewhere/b.md",
        "large.md",
        "sub/b.md",
    ]
    found = dict(read_many_below(tmp_path, asked, 10))
    assert found == {"a.md": b"a.md", "sub/b.md": b"sub/b.md", "sub/c.md": b"sub/c.md"}
