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


class Masker:
    """Replaces every one of ``values``, and its usual disguises, wherever it stands in text."""

    def __init__(self, values: Iterable[str]) -> None:
        long = (value for value in values if len(value) >= SHORTEST)
        forms = {form for value in long for form in _forms(value) if len(form) >= SHORTEST}
        # The longest first: one secret may be the beginning of another.
        self._forms = sorted(forms, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without any of the secrets."""
        # One look for each form takes a tenth of the time of one pattern with all of them, and never as long
        # that a heartbeat is late: tools may answer with 50 MB.
        found = [form for form in self._forms if form in text]
        return re.sub("|".join(map(re.escape, found)), MASK, text) if found else text

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
