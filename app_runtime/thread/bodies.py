"""What an entry says, fit for a thread: markdown that folds, data that loads when it is wanted."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.utils.safestring import SafeString

from halo_site import markdown

LINES = 8  # lines of a text that are shown before "more"
LINE = 80  # characters of a line on a wide page
LONGEST = 4_000  # characters of a text that a thread loads; its own page has it all
DATA_SHOWN = 2_000  # characters of data that come with the page


@dataclass(frozen=True)
class Body:
    """A text. With ``whole`` nothing of it is left out."""

    text: str
    whole: bool = False
    longest: int = LONGEST

    @property
    def is_cut(self) -> bool:
        """Whether some of it stands on the entry's own page only."""
        return not self.whole and len(self.text) > self.longest

    @property
    def is_long(self) -> bool:
        """Whether it folds."""
        lines = (max(1, -(-len(line) // LINE)) for line in self._shown.split("\n"))
        return not self.whole and sum(lines) > LINES

    @cached_property
    def html(self) -> SafeString:
        return markdown.render(self._shown)

    @cached_property
    def _shown(self) -> str:
        """The text, or its beginning up to the end of a line where there is one in reach."""
        if not self.is_cut:
            return self.text
        cut = self.text.rfind("\n", self.longest // 2, self.longest)
        return f"{self.text[: cut if cut > 0 else self.longest]} …"


@dataclass(frozen=True)
class Data:
    """What came with an entry, as text or as JSON for people; empty where nothing did."""

    value: Any

    @cached_property
    def text(self) -> str:
        if self.value is None or isinstance(self.value, str):
            return self.value or ""
        return json.dumps(self.value, indent=2, ensure_ascii=False)

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.text.encode("utf-8", "replace"))

    @property
    def is_large(self) -> bool:
        """Whether it is loaded only when somebody opens it."""
        return len(self.text) > DATA_SHOWN

    def __bool__(self) -> bool:
        return bool(self.text)


def web_address(value: Any) -> str:
    """The address, where it is one of the web; else empty: nothing else becomes a link."""
    if not isinstance(value, str):
        return ""
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return ""
    return value.strip() if parts.scheme.lower() in {"http", "https"} and parts.hostname else ""
