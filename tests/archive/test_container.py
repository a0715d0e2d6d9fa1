"""The file format: every tar reads what is written, and the reader takes nothing else."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site.archive.container import Reader, Writer, header
from halo_site.archive.exceptions import RestoreRefused
from halo_site.archive.manifest import SECRETS, STAYING, is_database
from tests.archive.archives import DATABASE, archive, manifest_of

NAMES = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1, max_size=80
).filter(lambda name: name not in {".", ".."} and len(name.encode()) < 256)


@given(st.lists(NAMES, min_size=1, max_size=4), st.integers(0, 1 << 40), st.integers(0, (1 << 33) - 1))
def test_a_header_is_what_tarfile_reads(parts: list[str], size: int, mtime: int) -> None:
    name = "/".join(["files", *parts])
    data = header(name, size, mtime) + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = tar.next()
    assert found is not None
    assert (found.name, found.size, found.mtime, found.mode) == (name, size, mtime, 0o600)
    assert found.isreg()


def is_special(name: str) -> bool:
    """Whether a backup without secrets never holds a file of this name."""
    return name in STAYING | SECRETS or is_database(name)


@given(st.dictionaries(NAMES, st.binary(max_size=3000), max_size=4))
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
    contents = {**DATABASE, **{f"files/{name}": data for name, data in files.items() if not is_special(name)}}
    data = archive(contents)
    reader = Reader(io.BytesIO(data))
    manifest = reader.manifest()
    assert {m.name: b"".join(reader.contents(m)) for m in manifest.members} == contents
    reader.finish()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["manifest.json", *contents]


def test_the_same_content_is_the_same_file() -> None:
    assert archive(DATABASE) == archive(DATABASE)


def test_something_else_is_no_backup(tmp_path: Path) -> None:
    for data in (b"", b"hello", b"\x1f\x8b" + bytes(100)):
        with pytest.raises(RestoreRefused):
            Reader(io.BytesIO(data)).manifest()


def test_a_writer_asks_for_nothing_but_the_manifest_and_its_members() -> None:
    file = io.BytesIO()
    writer = Writer(file, manifest_of({}))
    writer.close()
    reader = Reader(io.BytesIO(file.getvalue()))
    with pytest.raises(RestoreRefused, match="database"):
        reader.manifest()
