"""What counts as a word in a search, in pure functions: the same for texts, names and queries, everywhere.

Text is folded first: letter case, accents of Latin, Greek and Cyrillic letters, and the width of characters
make no difference. Then it falls into terms. A run of letters and digits is one term. Scripts that put no
spaces between words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) fall into every pair of
neighbours, and the last character of a run by itself, so that each single one begins some term.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_CHARACTERS = 64  # of a term; longer ones are cut, in texts and in queries
QUERY_CHARACTERS = 200  # of what is typed; the rest is left out, and said
QUERY_WORDS = 12

ACCENTS = re.compile("[\u0300-\u036f]+")
# Without spaces between words; ranges of the folded forms
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u3099-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c"
    "\u1100-\u11ff\uac00-\ud7fb\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
# The first group: a run of a script without spaces; the second: one word of another
RUN = re.compile(f"([{_UNSPACED}]+)|([^\\W_{_UNSPACED}]+)")
UNSPACED, SPACED = re.compile(f"[{_UNSPACED}]+"), re.compile(f"[^\\W_{_UNSPACED}]+")
PLAIN = re.compile("[a-z0-9]+")  # the same in ASCII
IN_A_WORD = re.compile(f"[^\\W_{_UNSPACED}]")  # one character; what follows it begins no word


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query, folded, and the terms that a document must have for it.

    ``is_run``: of a script without spaces, so it may stand anywhere in a run; others begin a word.
    ``needs_look``: the terms alone do not prove that the word is there as a whole.
    """

    text: str
    terms: tuple[str, ...]
    is_run: bool

    @property
    def needs_look(self) -> bool:
        return len(self.terms) > 1 or len(self.text) > MOST_CHARACTERS

    def places(self, folded: str) -> Iterator[int]:
        """Yield where it stands in folded text, in order; `str.find` is far faster than an expression."""
        place = folded.find(self.text)
        while place >= 0:
            if self.is_run or not place or not IN_A_WORD.match(folded[place - 1]):
                yield place
            place = folded.find(self.text, place + 1)


def fold(text: str) -> str:
    """Return ``text`` without differences of case, accent and width. Line breaks stay where they are."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", ACCENTS.sub("", plain))


def terms(text: str) -> dict[str, None]:
    """Return the different terms of ``text``, as a set in order; repeated words cost next to nothing.

    Lines of ASCII, which are most in many texts, need neither Unicode's tables nor its classes.
    """
    lines = text.split("\n")
    plain = "\n".join([line for line in lines if line.isascii()]).lower()
    found = {word[:MOST_CHARACTERS]: None for word in dict.fromkeys(PLAIN.findall(plain))}
    if text.isascii():
        return found
    folded = fold("\n".join([line for line in lines if not line.isascii()]))
    found.update((word[:MOST_CHARACTERS], None) for word in dict.fromkeys(SPACED.findall(folded)))
    for run in dict.fromkeys(UNSPACED.findall(folded)):
        found.update(dict.fromkeys((*_pairs(run), run[-1])))
    return found


def query_words(query: str) -> list[Word]:
    """Return the different words of what somebody typed, at most `QUERY_WORDS`. It has no operators."""
    found: dict[str, Word] = {}
    for match in RUN.finditer(fold(query[:QUERY_CHARACTERS])):
        if match[1]:
            word = Word(match[1], tuple(_pairs(match[1])) or (match[1],), is_run=True)
        else:
            word = Word(match[2], (match[2][:MOST_CHARACTERS],), is_run=False)
        found.setdefault(word.text, word)
    return list(found.values())[:QUERY_WORDS]


def is_shortened(query: str) -> bool:
    """Whether `query_words` left out something of ``query``."""
    if len(query) <= QUERY_WORDS:
        return False
    whole = {match[0] for match in RUN.finditer(fold(query[:QUERY_CHARACTERS]))}
    return len(query.strip()) > QUERY_CHARACTERS or len(whole) > QUERY_WORDS


def all_terms(words: Iterable[Word]) -> list[str]:
    """Return the different terms of a query's words, each of which must begin a term of the document."""
    return list(dict.fromkeys(term for word in words for term in word.terms))


def _pairs(run: str) -> Iterator[str]:
    for place in range(len(run) - 1):
        yield run[place : place + 2]
