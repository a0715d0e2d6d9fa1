"""The file names of run records."""

import re
import unicodedata
from datetime import datetime

SLUG_CHARACTERS = 40
SLUG_BYTES = 120  # leaves room for time and id in a file name of 255 bytes


def record_name(at: datetime, title: str, short_id: str) -> str:
    """Return ``run/{YYYY-MM-DD-HHmm}-{slug}-{short_id}.md`` for a run that ended at ``at`` (local time).

    The slug keeps the letters and digits of every script, in lower case: an app with a Chinese name has one.
    """
    return f"run/{at:%Y-%m-%d-%H%M}-{slug(title)}-{slug(short_id)}.md"


def slug(title: str) -> str:
    """Return ``title`` as words of letters and digits joined by ``-``; ``run`` when it has none."""
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", title).lower())
    words = re.sub(r"[\W_]+", "-", plain).strip("-")[:SLUG_CHARACTERS]
    return words.encode()[:SLUG_BYTES].decode(errors="ignore").strip("-") or "run"
