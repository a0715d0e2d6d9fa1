"""The file format of a backup: a gzipped tar whose every byte follows from its manifest.

The reader parses no tar. It makes the header that a member of the manifest must have and compares: whatever
else could stand in an archive (links, devices, other names, a second file, more bytes than declared, a
header that asks for gigabytes) is then simply another byte than the expected one. Headers are made here and
not by `tarfile`, so that a backup of today is read by every later Python. The digest of the whole file is the
comment of a second, empty gzip member at its end, which other programs read over.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import BinaryIO

from halo_site.archive.exceptions import RestoreRefused
from halo_site.archive.manifest import NAME, Manifest, Member, parsed

BLOCK = 512  # bytes
CHUNK = 1 << 18  # bytes
LONGEST_MANIFEST = 512 << 20  # bytes
COMPRESSION = 4
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time: the same bytes each time
END = bytes(2 * BLOCK)
SEAL = b"\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\xffsha256=%s\0\x03\x00" + bytes(8)
SEAL_LENGTH = len(SEAL) - 2 + 64  # bytes
LARGEST_OCTAL = 0o77777777777  # what the size field of a header takes


def header(name: str, size: int, mtime: int) -> bytes:
    """The tar header of a regular file (0600, nobody's): ustar, and pax where that is too small."""
    encoded = name.encode()
    records = b""
    if len(encoded) > 100 or not name.isascii():
        records += _record(b"path", encoded)
    if size > LARGEST_OCTAL:
        records += _record(b"size", b"%d" % size)
    extended = b""
    if records:
        padding = -len(records) % BLOCK
        extended = _ustar(b"pax", len(records), 0, b"x") + records + bytes(padding)
        encoded = encoded.decode("ascii", "replace").replace("\ufffd", "?").encode()[:100]
    return extended + _ustar(encoded, min(size, LARGEST_OCTAL), mtime, b"0")


def _record(key: bytes, value: bytes) -> bytes:
    """A pax record ``length key=value``, whose length counts itself."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return b"%d" % length + rest


def _ustar(name: bytes, size: int, mtime: int, kind: bytes) -> bytes:
    numbers = (b"0000600\0", b"0000000\0", b"0000000\0", b"%011o\0" % size, b"%011o\0" % mtime)
    fields = (name, *numbers, b" " * 8, kind, b"", b"ustar\0", b"00", b"", b"", b"0000000\0", b"0000000\0")
    block = struct.pack("100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155x12x", *fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


class Writer:
    """Writes a backup to ``file``; members come in the order of the manifest."""

    def __init__(self, file: BinaryIO, manifest: Manifest) -> None:
        self.file = file
        self._deflate = zlib.compressobj(COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._sum = self._length = 0
        self._digest = sha256()
        self._put(GZIP_HEADER)
        data = manifest.encoded()
        self.add(NAME, len(data), 0, [data])

    def add(self, name: str, size: int, mtime: int, chunks: Iterable[bytes]) -> None:
        """Write one member of ``size`` bytes."""
        self._write(header(name, size, mtime))
        for chunk in chunks:
            self._write(chunk)
        self._write(bytes(-size % BLOCK))

    def close(self) -> None:
        """Write what ends a tar and a gzip file; ``file`` itself stays open."""
        self._write(END)
        self._put(self._deflate.flush())
        self._put(struct.pack("<II", self._sum, self._length & 0xFFFFFFFF))
        self.file.write(SEAL % self._digest.hexdigest().encode())

    def _write(self, data: bytes) -> None:
        self._sum = zlib.crc32(data, self._sum)
        self._length += len(data)
        self._put(self._deflate.compress(data))

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self.file.write(data)


class Reader:
    """Reads a backup once, from its beginning to its last byte. Everything raises `RestoreRefused`."""

    def __init__(self, file: BinaryIO) -> None:
        self._stream = Stream(file)

    def manifest(self) -> Manifest:
        """The first member."""
        block = self._stream.read(BLOCK)
        digits = block[124:135]
        size = int(digits, 8) if digits.isdigit() and not digits.strip(b"01234567") else -1
        if not 0 <= size <= LONGEST_MANIFEST or block != header(NAME, size, 0):
            raise RestoreRefused("This file is no backup of Halo Site. Nothing was changed.")
        data = self._stream.read(size)
        self._padding(size)
        return parsed(data)

    def contents(self, member: Member) -> Iterator[bytes]:
        """The bytes of the next member, which must be this one; its digest is checked at the end."""
        wanted = header(member.name, member.size, member.mtime)
        if self._stream.read(len(wanted)) != wanted:
            raise damaged(f"where {ascii(member.name)[:120]} is expected stands something else")
        digest, rest = sha256(), member.size
        while rest:
            chunk = self._stream.read(min(rest, CHUNK))
            digest.update(chunk)
            rest -= len(chunk)
            yield chunk
        if digest.hexdigest() != member.sha256:
            raise damaged(f"the content of {ascii(member.name)[:120]} is not what was written")
        self._padding(member.size)

    def finish(self) -> None:
        """Make sure that nothing follows."""
        if self._stream.read(len(END)) != END:
            raise damaged("it has more in it than its manifest names")
        self._stream.finish()

    def _padding(self, size: int) -> None:
        if any(self._stream.read(-size % BLOCK)):
            raise damaged("there are bytes between two members")


class Stream:
    """The inside of a gzip file, never more in memory than was asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._sum = self._length = 0
        self._digest, self._last = sha256(), b""
        if self._raw(len(GZIP_HEADER)) != GZIP_HEADER:
            raise RestoreRefused("This file is no backup of Halo Site. Nothing was changed.")

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes."""
        parts: list[bytes] = []
        rest = size
        while rest:
            part = self._inflated(rest)
            parts.append(part)
            rest -= len(part)
        return b"".join(parts)

    def finish(self) -> None:
        """Read to the last byte of the file and compare checksum and digest."""
        while not self._inflate.eof:
            if self._inflated(1):
                raise damaged("its end is not where it should be")
        end = self._inflate.unused_data
        while len(end) <= 8 + SEAL_LENGTH and (data := self._raw(CHUNK)):
            end += data
        seal = SEAL % self._digest.hexdigest().encode()
        if end != struct.pack("<II", self._sum, self._length & 0xFFFFFFFF) + seal:
            raise damaged("its checksum is wrong")

    def _inflated(self, most: int) -> bytes:
        """At most so many further bytes, perhaps none yet."""
        data = self._inflate.unconsumed_tail or self._raw(CHUNK)
        if self._inflate.eof or not data:
            raise damaged("it ends too early")
        try:
            part = self._inflate.decompress(data, most)
        except zlib.error as error:
            raise damaged("it cannot be unpacked") from error
        self._sum = zlib.crc32(part, self._sum)
        self._length += len(part)
        return part

    def _raw(self, size: int) -> bytes:
        """The next bytes of the file, digested but for the last ones, where the digest stands."""
        data = self._file.read(size)
        known = self._last + data
        self._digest.update(known[:-SEAL_LENGTH])
        self._last = known[-SEAL_LENGTH:]
        return data


def damaged(reason: str) -> RestoreRefused:
    return RestoreRefused(f"The backup is damaged: {reason}. Nothing was changed. Use another backup.")
