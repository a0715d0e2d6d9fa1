"""A JSON file that several processes write: atomic, locked, never overwritten when torn (DESIGN §2)."""

import logging
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from halo_site.datadir.json_file import JsonFile

TORN = [b"", b'{"a": 1', b"[1, 2]", b"\xff\xfe", b"null", b"[" * 100_000]


@pytest.fixture
def file(tmp_path: Path) -> JsonFile:
    return JsonFile(tmp_path / "file.json")


def test_a_missing_file_is_empty(file: JsonFile) -> None:
    assert file.read() == {}
    assert file.problem() is None


def test_it_reads_what_was_written(file: JsonFile) -> None:
    file.update(lambda content: {**content, "word": "静か"})
    assert JsonFile(file.path).read() == {"word": "静か"}


def test_a_change_keeps_what_it_does_not_name(file: JsonFile) -> None:
    file.update(lambda content: {"a": 1})
    file.update(lambda content: {**content, "b": 2})
    assert file.read() == {"a": 1, "b": 2}


def test_it_sees_what_another_process_wrote(file: JsonFile) -> None:
    file.update(lambda content: {"a": 1})
    file.read()
    JsonFile(file.path).update(lambda content: {"a": 2})
    assert file.read() == {"a": 2}


def test_it_sees_an_edit_of_the_same_length(file: JsonFile) -> None:
    file.update(lambda content: {"a": 1})
    file.read()
    file.path.write_text(file.path.read_text().replace("1", "2"))
    assert file.read() == {"a": 2}


def test_the_file_is_for_its_owner_only(file: JsonFile) -> None:
    before = os.umask(0o000)
    try:
        file.update(lambda content: {"a": 1})
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_no_other_file_is_left(file: JsonFile, tmp_path: Path) -> None:
    file.update(lambda content: {"a": 1})
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["file.json"]


def test_a_change_that_raises_changes_nothing(file: JsonFile) -> None:
    file.update(lambda content: {"a": 1})
    with pytest.raises(ZeroDivisionError):
        file.update(lambda content: {"a": 1 // 0})
    assert JsonFile(file.path).read() == {"a": 1}


@pytest.mark.parametrize("content", TORN)
def test_a_torn_file_reads_as_empty_and_stays(file: JsonFile, content: bytes) -> None:
    file.path.write_bytes(content)
    assert file.read() == {}
    assert file.path.read_bytes() == content


@pytest.mark.parametrize("content", TORN)
def test_a_torn_file_is_set_aside_before_a_change(
    file: JsonFile, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file.path.write_bytes(content)
    with caplog.at_level(logging.ERROR):
        file.update(lambda content: {**content, "a": 1})
    [aside] = file.path.parent.glob("file.json.corrupt-*")
    assert aside.read_bytes() == content
    assert file.read() == {"a": 1}
    assert aside.name in caplog.text


def test_a_torn_file_is_a_problem_in_words(file: JsonFile) -> None:
    file.path.write_bytes(b"{")
    assert file.problem() == "file.json is not a JSON object; its content is ignored until it is mended."


def test_no_change_of_two_processes_is_lost(file: JsonFile) -> None:
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=count_up, args=(file.path, 50)) for _number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert file.read() == {"count": 100}


def count_up(path: Path, times: int) -> None:
    for _number in range(times):
        JsonFile(path).update(lambda content: {"count": content.get("count", 0) + 1})
