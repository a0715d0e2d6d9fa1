"""What nobody sees in a text, made visible: a text of others may want to be read as another one (S23).

Bidirectional controls turn around what stands after them, and zero width characters make one word look like
another. Each stretch of them is a mark with its code points in its place.
"""

import re
import unicodedata
from html import escape
from itertools import groupby

from django.utils.safestring import SafeString, mark_safe

from halo_site.datadir.names import JOINERS, REFUSED_CATEGORIES

MOST_MARKS = 2_000  # in one text; what is hidden behind them is a replacement character
SEEN = f"\t\n{JOINERS}"  # by what they do


def with_marks(text: str) -> SafeString:
    """A text as HTML, with marks for what is hidden in it, joiners and line ends apart."""
    text = text.replace("\r\n", "\n")
    odd = {char for char in set(text) if unicodedata.category(char) in REFUSED_CATEGORIES}.difference(SEEN)
    page = escape(text)
    if odd:
        page = _marked(page, re.compile(f"[{re.escape(''.join(odd))}]+"))
    return mark_safe(page)  # noqa: S308 - escaped above, and marks have digits only


def _marked(page: str, hidden: re.Pattern[str]) -> str:
    page = hidden.sub(lambda found: f'<span class="diff-hidden">{_named(found[0])}</span>', page, MOST_MARKS)
    return hidden.sub("\ufffd", page)


def _named(characters: str) -> str:
    """The code points, each with how often it follows itself."""
    runs = ((ord(char), len(list(same))) for char, same in groupby(characters))
    return " ".join(f"U+{code:04X}" + (f" x {times}" if times > 1 else "") for code, times in runs)
