"""The words for a strip of last runs, for those who see neither height nor colour."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

TONES = ("ok", "bad", "wait", "run", "skip", "quiet")


class Bar(Protocol):
    """One run of a strip: its tone (one of `TONES`), what it says on hover, where it leads ("": nowhere)."""

    @property
    def tone(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def href(self) -> str: ...


def summary(bars: Sequence[Bar]) -> str:
    """The strip in words: "last 14 runs: 12 ok, 1 failed, 1 waiting"."""
    if not bars:
        return _("no runs yet")
    counts = Counter(bar.tone for bar in bars)
    parts = ", ".join(_counted(tone, counts[tone]) for tone in TONES if counts[tone])
    line = ngettext("last run: %(parts)s", "last %(count)d runs: %(parts)s", len(bars))
    return line % {"count": len(bars), "parts": parts}


def _counted(tone: str, count: int) -> str:
    words = {
        "ok": _("%(count)d ok"),
        "bad": _("%(count)d failed"),
        "wait": _("%(count)d waiting"),
        "run": _("%(count)d running"),
        "skip": _("%(count)d with nothing to do"),
        "quiet": _("%(count)d other"),
    }
    return words[tone] % {"count": count}
