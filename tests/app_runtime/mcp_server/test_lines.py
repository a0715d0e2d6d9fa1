"""Lines out of a descriptor: all of them, none without bound."""

from pathlib import Path

import pytest

from app_runtime.mcp_server import pipes


def lines(folder: Path, content: bytes) -> list[bytes]:
    file = folder / "input"
    file.write_bytes(content)
    with file.open("rb") as opened:
        return list(pipes.lines_of(opened.fileno()))


@pytest.mark.parametrize("ending", [b"", b"\n", b"\n\n \r\n"])
def test_lines_are_told_apart_whatever_the_last_one_ends_in(tmp_path: Path, ending: bytes) -> None:
    assert lines(tmp_path, b"one\n\ntwo" + ending) == [b"one", b"two"]


def test_a_line_longer_than_a_read_is_whole(tmp_path: Path) -> None:
    long = b"x" * (3 * pipes.AT_ONCE + 7)
    assert lines(tmp_path, b"one\n" + long + b"\ntwo\n") == [b"one", long, b"two"]


def test_a_line_without_end_takes_no_more_memory_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipes, "LONGEST_LINE", pipes.AT_ONCE + 5)
    assert lines(tmp_path, b"x" * (4 * pipes.AT_ONCE) + b"\ntwo") == [b"x" * (pipes.AT_ONCE + 5), b"two"]
