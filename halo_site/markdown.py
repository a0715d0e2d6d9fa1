"""Markdown from models, memory, feeds and people to HTML that is safe to show. The only module that does so.

Two walls: cmark leaves out raw HTML and unsafe links, and nh3 then keeps only a short list of tags without
any name, id, class or data attribute. Nothing in the result makes a browser fetch anything: an image
becomes text, a link is followed only by a click and names the host that it really leads to.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import urlsplit

import cmarkgfm
import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

EXTENSIONS = ["table", "strikethrough", "tasklist", "autolink"]
BLOCKS = ["p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"]
TABLES = ["table", "thead", "tbody", "tr", "th", "td"]
TAGS = {*BLOCKS, *TABLES, "code", "em", "strong", "del", "a"}
ATTRIBUTES = {"a": {"href"}, "th": {"align"}, "td": {"align"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
# Sanitizing takes time by the square of these two; text with more of either is shown as it is written.
MAX_DEPTH = 20  # block quotes in block quotes (cmark itself limits lists)
MAX_AMPERSANDS = 100_000
TARGET_CHARACTERS = 200  # of an image's address that are shown

# How cmark writes what we turn into text. Raw HTML never reaches this: cmark has left it out by then.
IMAGE = re.compile(r'<img src="([^"]*)" alt="([^"]*)"(?: title="[^"]*")? />')
TASK = re.compile(r'<input type="checkbox" (checked="" )?disabled="" />')
LINK = re.compile(r'<a href="(https?://[^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
QUOTE = re.compile(r"<(/?)blockquote>")
TAG = re.compile(r"<[^>]*>")
WIKI = re.compile(r"\[\[([^\[\]\n]{1,300})\]\]")
VERBATIM = re.compile(r"<(/?)(?:code|pre|a)\b")  # within these a wiki link is text


@dataclass(frozen=True, slots=True)
class WikiTarget:
    """Where a wiki link leads: an address of this site, and whether there is anything yet."""

    address: str
    is_there: bool


# What is between ``[[`` and ``]]``, without the label → where it leads; what is left out stays text
WikiResolver = Callable[[Sequence[str]], Mapping[str, WikiTarget]]


def render(text: str, wiki: WikiResolver | None = None) -> SafeString:
    """Return GitHub-flavoured ``text`` as safe HTML; it never raises on any text.

    With ``wiki``, which is asked once for all of them, ``[[name]]`` and ``[[name|label]]`` become links.
    """
    plain, page = _parsed(text)
    if page.count("&amp;") > MAX_AMPERSANDS or _depth(page) > MAX_DEPTH:
        return mark_safe(f"<pre>{html.escape(plain)}</pre>")  # noqa: S308 - escaped
    page = IMAGE.sub(_image_text, page)
    page = TASK.sub(lambda match: "☑" if match[1] else "☐", page)
    clean = nh3.clean(
        page,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_accepted,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    shown = LINK.sub(_with_host, clean)
    if wiki is not None and "[[" in shown:
        shown = _with_wiki_links(shown, wiki)
    return mark_safe(shown)  # noqa: S308 - sanitized above


def wiki_names(text: str) -> list[str]:
    """Return the names that wiki links outside of code name, in order, without labels and ``#heading``."""
    if "[[" not in text:
        return []
    pieces = _pieces(_parsed(text)[1])
    names = (
        _name(match).partition("#")[0].strip()
        for piece, is_text in pieces
        if is_text
        for match in WIKI.finditer(piece)
    )
    return [name for name in names if name]


def _parsed(text: str) -> tuple[str, str]:
    """The text as the C library takes it, and its HTML, not sanitized yet."""
    # A lone surrogate cannot be encoded for the C library; it is shown as the replacement character.
    plain = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return plain, cmarkgfm.markdown_to_html_with_extensions(plain, extensions=EXTENSIONS)


def _pieces(page: str) -> Iterator[tuple[str, bool]]:
    """The HTML in pieces, each with whether it is text in which wiki links are links."""
    depth, end = 0, 0
    for match in TAG.finditer(page):
        if match.start() > end:
            yield page[end : match.start()], depth == 0
        if verbatim := VERBATIM.match(match[0]):
            depth += -1 if verbatim[1] else 1
        yield match[0], False
        end = match.end()
    yield page[end:], depth == 0


def _with_wiki_links(page: str, wiki: WikiResolver) -> str:
    pieces = list(_pieces(page))
    names = [_name(match) for piece, is_text in pieces if is_text for match in WIKI.finditer(piece)]
    targets = wiki(list(dict.fromkeys(names)))

    def linked(match: re.Match[str]) -> str:
        target = targets.get(_name(match))
        if target is None:
            return match[0]
        label = match[1].partition("|")[2].strip() or match[1].partition("|")[0].strip()
        link = f'<a href="{html.escape(target.address)}">{label}</a>'  # the label is escaped already
        return link if target.is_there else f"{link} <small>({html.escape(_('not there yet'))})</small>"

    return "".join(WIKI.sub(linked, piece) if is_text else piece for piece, is_text in pieces)


def _name(match: re.Match[str]) -> str:
    """What a wiki link names, with its ``#heading``, without its label."""
    return html.unescape(match[1]).partition("|")[0].strip()


def _depth(page: str) -> int:
    """How deep block quotes are nested."""
    return max(accumulate(-1 if match[1] else 1 for match in QUOTE.finditer(page)), default=0)


def _image_text(match: re.Match[str]) -> str:
    """An image as text: what it shows and where it would have been fetched from."""
    address = html.unescape(match[1])
    shown = address if len(address) <= TARGET_CHARACTERS else f"{address[:TARGET_CHARACTERS]}…"
    return f"[{' · '.join(filter(None, (match[2], html.escape(shown))))}]"


def _accepted(tag: str, attribute: str, value: str) -> str | None:
    """Drop relative links, which would lead into this site, and anything odd in the other attributes."""
    if attribute == "href":
        return value if _scheme(value) in SCHEMES else None
    if attribute == "align":
        return value if value in {"left", "center", "right"} else None
    if attribute == "start":
        return value if value.isascii() and value.isdigit() else None
    # What nh3 sets itself comes here too; it would also let title and lang pass.
    return value if attribute == "rel" else None


def _scheme(address: str) -> str:
    """The scheme of an address in lower case; empty when it has none or cannot be read."""
    try:
        return urlsplit(address).scheme.lower()
    except ValueError:
        return ""


def _with_host(match: re.Match[str]) -> str:
    """A link followed by its host, unless its text is that host or address already."""
    host = _host(html.unescape(match[1]))
    words = html.unescape(TAG.sub("", match[3])).strip()
    if not host or words.lower() == host or _host(words) == host:
        return match[0]
    return f"{match[0]} <small>({html.escape(host)})</small>"


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
