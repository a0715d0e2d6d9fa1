"""Secrets are masked by their value, before anything that holds one is stored (DESIGN §9)."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST = 6  # characters: shorter values stand in ordinary text by chance
ESCAPE = re.compile("%[0-9A-F]{2}")
PIECE = 1 << 20  # characters that are searched at once; between two pieces, other threads get their turn


class Masker:
    """Replaces every one of ``values``, and its usual disguises, wherever it stands in text."""

    def __init__(self, values: Iterable[str]) -> None:
        long = (value for value in values if len(value) >= SHORTEST)
        forms = {form for value in long for form in _forms(value) if len(form) >= SHORTEST}
        # The longest first: one secret may be the beginning of another.
        ordered = sorted(forms, key=len, reverse=True)
        self._longest = len(ordered[0]) if ordered else 0
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """The text without any of the secrets."""
        return "".join(self._masked(text)) if self._pattern else text

    def _masked(self, text: str) -> Iterator[str]:
        """The text in parts, each secret replaced. A match begins in its piece and may end in the next."""
        assert self._pattern is not None  # noqa: S101 - asked above
        begin = 0
        while begin < len(text):
            end = begin + PIECE
            while begin < end and (match := self._pattern.search(text, begin, end + self._longest)):
                if match.start() >= end:
                    break
                yield text[begin : match.start()]
                yield MASK
                begin = match.end()
            yield text[begin:end]
            begin = max(begin, end)

    def value(self, value: Any) -> Any:
        """A JSON value with its texts masked, the keys of objects too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def _forms(value: str) -> Iterator[str]:
    """The value as it is, in addresses, in JSON, in HTML, as hexadecimal digits and as base64."""
    raw = value.encode("utf-8", "surrogatepass")
    addresses = {
        quote(value, safe="", errors="replace"),
        quote(value, errors="replace"),
        quote_plus(value, errors="replace"),
    }
    yield from (value, value.strip(), html.escape(value), raw.hex(), raw.hex().upper())
    yield from addresses
    yield from (ESCAPE.sub(lambda match: match[0].lower(), address) for address in addresses)
    yield from (json.dumps(value, ensure_ascii=plain)[1:-1] for plain in (True, False))
    yield base64.b64encode(raw).decode().rstrip("=")
    for before in range(3):
        yield from _within_base64(raw, before)


def _within_base64(raw: bytes, before: int) -> Iterator[str]:
    """What of a text in base64 depends on ``raw`` alone, with ``before`` bytes of others in its first group.

    HTTP makes one of "user:password": the password begins anywhere.
    """
    encoded = base64.b64encode(b"\0" * before + raw).decode()
    whole = encoded.rstrip("=")
    end = len(whole) - (1 if whole != encoded else 0)  # its last digit depends on what follows
    core = whole[(0, 2, 3)[before] : end]
    yield from (core, core.replace("+", "-").replace("/", "_"))
