"""A damaged or hostile backup is refused as a whole, and nothing is changed (abuse case S16)."""

import gzip
import io
import os
import random
import struct
import tarfile
import zlib
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from halo_site.archive.backup import make_backup
from halo_site.archive.container import GZIP_HEADER, SEAL, Reader, header
from halo_site.archive.exceptions import RestoreRefused
from halo_site.archive.restore import check, restore
from halo_site.store.guard import DatabaseRefused
from tests.archive.archives import DATABASE, archive, manifest_of, member
from tests.archive.sites import Site
from tests.conftest import BEGINNING
from tests.processes import everything

pytestmark = pytest.mark.sqlite_only
SAMPLES = 150
FACTS: dict[str, Any] = {"vendor": "sqlite", "namespaces": {}, "migrations": ()}
REFUSALS = (RestoreRefused, DatabaseRefused)


def backup_of(site: Site, target: Path, *, with_secrets: bool = False) -> Path:
    return make_backup(site.connection, target, with_secrets=with_secrets, clock=lambda: BEGINNING).path


def refused(site: Site, path: Path) -> str:
    """Restoring raises, and the directory is byte for byte what it was."""
    before = everything(site.folder)
    with pytest.raises(REFUSALS) as caught:
        restore(path, site.connection, replace=True, now=BEGINNING)
    with pytest.raises(REFUSALS):
        check(path, site.connection, BEGINNING)
    assert everything(site.folder) == before
    return str(caught.value)


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_flipped_byte_anywhere_is_refused(own_site: Site, tmp_path: Path) -> None:
    data = backup_of(own_site, tmp_path / "a.tar.gz").read_bytes()
    chance = random.Random(3)
    places = {*range(12), *range(len(data) - 10, len(data)), *chance.sample(range(len(data)), SAMPLES)}
    before = everything(own_site.folder)
    for place in sorted(places):
        broken = bytearray(data)
        broken[place] ^= 1 << chance.randrange(8)
        file = put(tmp_path / "b.tar.gz", bytes(broken))
        with pytest.raises(REFUSALS):
            restore(file, own_site.connection, replace=True, now=BEGINNING)
    assert everything(own_site.folder) == before


def test_a_flipped_byte_of_the_tar_in_it_is_refused(own_site: Site, tmp_path: Path) -> None:
    """Packed again with right checksums: headers, contents and what fills the gaps are looked at too."""
    data = gzip.decompress(backup_of(own_site, tmp_path / "a.tar.gz").read_bytes())
    behind = 1024 + len(Reader(io.BytesIO(packed(data))).manifest().encoded()) // 512 * 512
    chance = random.Random(4)
    before = everything(own_site.folder)
    for place in [*range(0, 512, 9), *chance.sample(range(behind, len(data)), 60), len(data) - 1]:
        broken = bytearray(data)
        broken[place] ^= 1 << chance.randrange(8)
        file = put(tmp_path / "b.tar.gz", packed(bytes(broken)))
        with pytest.raises(REFUSALS):
            check(file, own_site.connection, BEGINNING)
    assert everything(own_site.folder) == before


def packed(data: bytes) -> bytes:
    """The bytes of a tar as our writer packs them."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = GZIP_HEADER + deflate.compress(data) + deflate.flush()
    body += struct.pack("<II", zlib.crc32(data), len(data))
    return body + SEAL % sha256(body).hexdigest().encode()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_backup_that_was_cut_short_is_refused(own_site: Site, tmp_path: Path, share: float) -> None:
    data = backup_of(own_site, tmp_path / "a.tar.gz").read_bytes()
    refused(own_site, put(tmp_path / "b.tar.gz", data[: int(len(data) * share)]))


MORE = {"nul": b"\0", "a byte": b"x", "many": bytes(10_000), "a member": gzip.compress(b"x", mtime=0)}


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_a_backup_with_something_behind_it_is_refused(own_site: Site, tmp_path: Path, more: bytes) -> None:
    data = backup_of(own_site, tmp_path / "a.tar.gz").read_bytes()
    refused(own_site, put(tmp_path / "b.tar.gz", data + more))


KINDS: dict[str, dict[str, Any]] = {
    "a link": {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
    "a hard link": {"type": tarfile.LNKTYPE, "linkname": "files/a"},
    "a device": {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3},
    "a pipe": {"type": tarfile.FIFOTYPE},
    "a folder": {"type": tarfile.DIRTYPE},
    "another owner": {"uid": 1000},
    "another mode": {"mode": 0o4755},
    "another name": {"name": "files/../../b"},
    "another size": {"size": 1 << 32},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_of_another_kind_than_the_manifest_says_is_refused(
    own_site: Site, tmp_path: Path, kind: str
) -> None:
    tar = bytearray(gzip.decompress(backup_of(own_site, tmp_path / "a.tar.gz").read_bytes()))
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        last = opened.getmembers()[-1]
    for name, value in KINDS[kind].items():
        setattr(last, name, value)
    tar[last.offset : last.offset + 512] = last.tobuf(tarfile.USTAR_FORMAT)[:512]
    assert "stands something else" in refused(own_site, put(tmp_path / "b.tar.gz", packed(bytes(tar))))


def test_a_member_that_the_manifest_does_not_name_is_refused(own_site: Site, tmp_path: Path) -> None:
    data = archive({**DATABASE, "files/a": b"a"}, manifest_of(DATABASE))
    assert "more in it" in refused(own_site, put(tmp_path / "b.tar.gz", data))


def test_a_member_that_is_missing_is_refused(own_site: Site, tmp_path: Path) -> None:
    data = archive(DATABASE, manifest_of({**DATABASE, "files/a": b"a"}))
    refused(own_site, put(tmp_path / "b.tar.gz", data))


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "/evil", "files/../../evil", "files/./evil", "files//evil", "files/", "files", "evil",
        "files/temp/evil", "files/backups/evil", "files/trash/x", "files/halo.db", "files/halo.db-wal",
        "files/secrets.json", "files/secret_key", "database/evil", "files/" + "x" * 256,
        "files/" + "/".join(["x" * 250] * 13), "files/a\0b",
    ],
)  # fmt: skip
def test_a_name_that_no_backup_has_is_refused(own_site: Site, tmp_path: Path, name: str) -> None:
    data = archive({**DATABASE, name: b"x"})
    assert "Nothing was changed" in refused(own_site, put(tmp_path / "b.tar.gz", data))
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    "names", [("files/a", "files/a"), ("files/a", "files/a/b")], ids=["twice", "a file and a folder"]
)
def test_two_members_in_one_place_are_refused(own_site: Site, tmp_path: Path, names: tuple[str, str]) -> None:
    members = (*manifest_of(DATABASE).members, *(member(name, b"x") for name in names))
    file = put(tmp_path / "b.tar.gz", archive(DATABASE, manifest_of({}, members=members)))
    assert "is refused" in refused(own_site, file)


def test_a_size_that_cannot_be_is_refused_before_anything_is_written(own_site: Site, tmp_path: Path) -> None:
    bomb = member("files/bomb", b"x").model_copy(update={"size": 1 << 50})
    members = (*manifest_of(DATABASE).members, bomb)
    file = put(tmp_path / "b.tar.gz", archive(DATABASE, manifest_of({}, members=members)))
    assert "too little room" in refused(own_site, file)


def test_a_manifest_that_declares_gigabytes_is_not_read(own_site: Site, tmp_path: Path) -> None:
    file = put(tmp_path / "b.tar.gz", packed(header("manifest.json", 1 << 32, 0) + bytes(1 << 20)))
    assert "no backup of Halo Site" in refused(own_site, file)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": 2}, "has format 2"),
        ({"database": {**FACTS, "namespaces": {"memory": 99}}}, "is newer than"),
        (
            {"database": {**FACTS, "namespaces": {"what": 1}}},
            "no such namespace",
        ),
        ({"database": {**FACTS, "vendor": "postgresql"}}, "its database is not"),
    ],
)
def test_a_backup_of_something_else_is_refused(
    own_site: Site, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    data = archive(DATABASE, manifest_of(DATABASE, **changes))
    assert sentence in refused(own_site, put(tmp_path / "b.tar.gz", data))


def test_a_database_that_is_none_is_refused(own_site: Site, tmp_path: Path) -> None:
    assert "cannot be read" in refused(own_site, put(tmp_path / "b.tar.gz", archive(DATABASE)))


def test_a_backup_of_the_other_database_is_refused(own_site: Site, tmp_path: Path) -> None:
    path = backup_of(own_site, tmp_path / "a.tar.gz")
    other = SimpleNamespace(vendor="postgresql", settings_dict={"NAME": "x"}, close=lambda: None)
    with pytest.raises(RestoreRefused, match="SQLite"):
        check(path, other, BEGINNING)


@pytest.mark.parametrize("what", ["folder", "nothing", "pipe"])
def test_what_is_no_file_is_refused(own_site: Site, tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.tar.gz"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    refused(own_site, path)
