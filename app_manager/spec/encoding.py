"""Bytes of an upload to text, and what a text must be before anything parses it."""

import re

from app_manager.spec.lines import Lines
from app_manager.spec.problem import Problem, SpecError

MAX_BYTES = 1024 * 1024  # BEHAVIOUR, App spec: 1 MiB
_BYTE_ORDER_MARK = "\ufeff"
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def decode_spec(raw: bytes) -> str:
    """Text of a file, without a byte order mark. SpecError if it is too large, binary or not UTF-8."""
    _check_size(len(raw))
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SpecError([Problem(1, 1, "", "the file is UTF-16: save it as UTF-8")])
    if (nul := raw.find(b"\0")) >= 0:
        raise _at_byte(raw, nul, "this is not a text file: it has a zero byte here")
    try:
        return raw.decode().removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        sentence = f"the byte 0x{raw[error.start]:02x} is not UTF-8: save the file as UTF-8"
        raise _at_byte(raw, error.start, sentence) from None


def check_text(text: str) -> str:
    """The text without a byte order mark. SpecError if it is too large or not allowed in YAML."""
    _check_size(len(text.encode("utf-8", "surrogatepass")))
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if forbidden := _FORBIDDEN.search(text):
        line, column = Lines(text).place(forbidden.start())
        sentence = f"the character U+{ord(forbidden.group()):04X} is not allowed in YAML: take it out"
        raise SpecError([Problem(line, column, "", sentence)])
    return text


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        shown = f"{size / MAX_BYTES:.1f}" if size >= 1.1 * MAX_BYTES else "a little over 1"
        raise SpecError([Problem(1, 1, "", f"the spec has {shown} MiB, the most is 1 MiB: make it shorter")])


def _at_byte(raw: bytes, offset: int, sentence: str) -> SpecError:
    before = raw[:offset].decode("utf-8", "replace").removeprefix(_BYTE_ORDER_MARK)
    line, column = Lines(before + "x").place(len(before))
    return SpecError([Problem(line, column, "", sentence)])
