"""Wiki links, ``[[name]]`` and ``[[name|label]]``, in sanitized HTML: what they name, and links for them.

They are links in text, never in code or in another link. What a name means is not known here.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

LINK = re.compile(r"\[\[([^\[\]\n]{1,300})\]\]")
TAG = re.compile(r"<[^>]*>")
EMPHASIS = re.compile(r"(?<!\\)[*_~]")  # what one escaped makes none anyway
# While markdown is read, characters of private use stand for those; the second is how an address has them
STAND_INS = {"*": ("\ue000", "%EE%80%80"), "_": ("\ue001", "%EE%80%81"), "~": ("\ue002", "%EE%80%82")}
# A heading that has an address of its own, as `halo_site.folding` writes it
ANCHOR = re.compile(r' id="(L\d+)"(?:><summary><h[1-6])?>(.*?)</h[1-6]>', re.DOTALL)
VERBATIM = re.compile(r"<(/?)(?:code|pre|a)\b")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a wiki link leads: an address of this site, and whether there is anything yet."""

    address: str
    is_there: bool


# Names as they are written, with their ``#heading`` → where they lead. What is left out stays text.
Resolver = Callable[[Sequence[str]], Mapping[str, Target]]


def guarded(text: str) -> str:
    """Return the markdown ``text`` with no emphasis within its wiki links, for `unguarded` to put right.

    A text that uses the stand-ins itself is left as it is: there emphasis wins.
    """
    if "[[" not in text or any(mark in text for marks in STAND_INS.values() for mark in marks):
        return text
    return LINK.sub(lambda link: EMPHASIS.sub(lambda mark: STAND_INS[mark[0]][0], link[0]), text)


def unguarded(page: str, text: str) -> str:
    """Return the HTML of ``guarded(text)`` with the characters that ``text`` has."""
    if guarded(text) == text:
        return page
    for mark, stand_ins in STAND_INS.items():
        for stand_in in stand_ins:
            page = page.replace(stand_in, mark)
    return page


def names(page: str) -> list[str]:
    """Return what the wiki links of a page name, each once and in order, with ``#heading``, without label."""
    texts = (piece for piece, is_text in _pieces(page) if is_text)
    return list(
        dict.fromkeys(name for text in texts for match in LINK.finditer(text) if (name := _name(match)))
    )


def linked(page: str, resolve: Resolver) -> str:
    """Return the sanitized page with its wiki links as links; ``resolve`` is asked once for all of them.

    One to something that is not there says so and leads to where it can be made. ``[[#heading]]`` leads to
    that heading of the page itself, where it has an address.
    """
    if "[[" not in page:
        return page
    named = names(page)
    targets = {**resolve(named), **_own_headings(page, [name for name in named if name.startswith("#")])}

    def link(match: re.Match[str]) -> str:
        target = targets.get(_name(match))
        if target is None:
            return match[0]
        name, _bar, label = match[1].partition("|")
        shown = (
            f'<a href="{html.escape(target.address)}">{label.strip() or name.strip()}</a>'  # escaped already
        )
        return shown if target.is_there else f"{shown} <small>({html.escape(_('not there yet'))})</small>"

    return "".join(LINK.sub(link, piece) if is_text else piece for piece, is_text in _pieces(page))


def _own_headings(page: str, named: Sequence[str]) -> dict[str, Target]:
    """Where ``#heading`` leads within the page; the first of several."""
    if not named:
        return {}
    found: dict[str, str] = {}
    for anchor in ANCHOR.finditer(page):
        found.setdefault(_folded(html.unescape(TAG.sub("", anchor[2]))), anchor[1])
    lines = ((name, found.get(_folded(name[1:]))) for name in named)
    return {name: Target(f"#{line}", is_there=True) for name, line in lines if line}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _pieces(page: str) -> Iterator[tuple[str, bool]]:
    """The page in pieces, each with whether it is text in which wiki links are links."""
    depth, done = 0, 0
    for match in TAG.finditer(page):
        yield page[done : match.start()], depth == 0
        if verbatim := VERBATIM.match(match[0]):
            depth += -1 if verbatim[1] else 1
        yield match[0], False
        done = match.end()
    yield page[done:], depth == 0


def _name(match: re.Match[str]) -> str:
    return html.unescape(match[1]).partition("|")[0].strip()
