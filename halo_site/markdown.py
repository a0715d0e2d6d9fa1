"""Markdown from models, memory, feeds and people to HTML that is safe to show. The only module that does so.

Two walls: cmark leaves out raw HTML and unsafe links, and nh3 then keeps only a short list of tags without
any name, id, class or data attribute. Nothing in the result makes a browser fetch anything: an image
becomes text, a link is followed only by a click and names the host that it really leads to. Where HTML was
left out, a mark says so: whoever reads must know that a text says more than they see. Characters that turn
writing around (S23) are marks with their code points.
"""

import html
import re
from itertools import accumulate
from secrets import token_hex
from urllib.parse import urlsplit

import cmarkgfm
import nh3
from cmarkgfm.cmark import Options
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from halo_site import wiki
from halo_site.folding import folded

EXTENSIONS = ["table", "strikethrough", "tasklist", "autolink"]
BLOCKS = ["p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"]
TABLES = ["table", "thead", "tbody", "tr", "th", "td"]
TAGS = {*BLOCKS, *TABLES, "code", "em", "strong", "del", "a"}
ATTRIBUTES = {"a": {"href"}, "th": {"align"}, "td": {"align"}, "ol": {"start"}}
LINES = {f"h{rank}": {"data-sourcepos"} for rank in range(1, 7)}  # where cmark found a heading
SCHEMES = {"http", "https", "mailto"}
# Sanitizing takes time by the square of these two; text with more of either is shown as it is written.
MAX_DEPTH = 20  # block quotes in block quotes (cmark itself limits lists)
MAX_AMPERSANDS = 100_000
TARGET_CHARACTERS = 200  # of an image's address that are shown

# How cmark writes what we turn into text. Raw HTML never reaches this: cmark has left it out by then.
IMAGE = re.compile(r'<img src="([^"]*)" alt="([^"]*)"(?: title="[^"]*")? />')
TASK = re.compile(r'<input type="checkbox" (checked="" )?disabled="" />')
LINK = re.compile(r'<a href="(https?://[^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
OMITTED = "<!-- raw HTML omitted -->"  # one that a text has itself is left out, and so becomes this
OMITTED_BLOCK = re.compile(rf"^{OMITTED}$", re.MULTILINE)
QUOTE = re.compile(r"<(/?)blockquote>")
TAG = re.compile(r"<[^>]*>")
POSITION = re.compile(r'<(?!h[1-6] )([a-z0-9]+) data-sourcepos="[^"]*"')  # of anything but a heading
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # embeds, overrides and isolates directions; ends that
LESS = "\ufdd0"  # stands for "<" where nothing shall be taken for HTML; no character of any language
POSITION_VALUE = re.compile(r"\d{1,9}:\d{1,9}-\d{1,9}:\d{1,9}")


def render(text: str, resolve: wiki.Resolver | None = None) -> SafeString:
    """Return GitHub-flavoured ``text`` as safe HTML; it never raises on any text.

    With ``resolve``, wiki links become links.
    """
    page = _clean(text, Options.CMARK_OPT_DEFAULT)
    return mark_safe(wiki.linked(page, resolve) if resolve else page)  # noqa: S308 - sanitized


def plain(text: str) -> str:
    """Return markdown as one line of text without its marks, for titles; no word of it is left out."""
    page = _parsed(text.replace("<", LESS), Options.CMARK_OPT_DEFAULT)[1]
    page = TASK.sub("", IMAGE.sub(_image_text, page))
    words = html.unescape(TAG.sub("", page)).replace(LESS, "<").split()
    return TURNING.sub("\ufffd", " ".join(words))


def render_folded(text: str, resolve: wiki.Resolver | None = None) -> SafeString:
    """As `render`, with what belongs to each heading in a ``details`` that is open.

    The heading in line 12 has the id ``L12``, so a page holds one such text.
    """
    page = folded(_clean(text, Options.CMARK_OPT_SOURCEPOS))
    return mark_safe(wiki.linked(page, resolve) if resolve else page)  # noqa: S308 - sanitized


def wiki_names(text: str) -> list[str]:
    """Return what the wiki links of ``text`` name, as `wiki.names` does; those in code are none."""
    return wiki.names(_parsed(text, Options.CMARK_OPT_DEFAULT)[1]) if "[[" in text else []


def _parsed(text: str, options: int) -> tuple[str, str]:
    """The text as the C library takes it, and its HTML, not sanitized yet."""
    # A lone surrogate cannot be encoded for the C library; it is shown as the replacement character.
    plain = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    source = wiki.guarded(plain)
    page = cmarkgfm.markdown_to_html_with_extensions(source, options=options, extensions=EXTENSIONS)
    return plain, wiki.unguarded(page, plain)


def _clean(text: str, options: int) -> str:
    plain, page = _parsed(text, options)
    page = POSITION.sub(r"<\1", page) if options else page
    if page.count("&amp;") > MAX_AMPERSANDS or _depth(page) > MAX_DEPTH:
        return TURNING.sub(_turning_mark, f"<pre>{html.escape(plain)}</pre>")
    page = IMAGE.sub(_image_text, page)
    page = TASK.sub(lambda match: "☑" if match[1] else "☐", page)
    mark = token_hex()  # no text can have it
    marks = f"block-{mark}", f"inline-{mark}"
    page = OMITTED_BLOCK.sub(marks[0], page).replace(OMITTED, marks[1])
    clean = nh3.clean(
        page,
        tags=TAGS,
        attributes=ATTRIBUTES | LINES if options else ATTRIBUTES,
        attribute_filter=_accepted,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    words = html.escape(_("HTML is left out here: see the text as it is written"))
    clean = clean.replace(marks[0], f"<small>({words})</small>").replace(marks[1], "<small>&lt;…&gt;</small>")
    return TURNING.sub(_turning_mark, LINK.sub(_with_host, clean))  # in no address: cmark encodes those


def _depth(page: str) -> int:
    """How deep block quotes are nested."""
    return max(accumulate(-1 if match[1] else 1 for match in QUOTE.finditer(page)), default=0)


def _image_text(match: re.Match[str]) -> str:
    """An image as text: what it shows and where it would have been fetched from."""
    address = html.unescape(match[1])
    shown = address if len(address) <= TARGET_CHARACTERS else f"{address[:TARGET_CHARACTERS]}…"
    return f"[{' · '.join(filter(None, (match[2], html.escape(shown))))}]"


def _turning_mark(match: re.Match[str]) -> str:
    return f"<small>U+{ord(match[0]):04X}</small>"


def _accepted(tag: str, attribute: str, value: str) -> str | None:
    """Drop relative links, which would lead into this site, and anything odd in the other attributes."""
    if attribute == "href":
        return value if _scheme(value) in SCHEMES else None
    if attribute == "align":
        return value if value in {"left", "center", "right"} else None
    if attribute == "start":
        return value if value.isascii() and value.isdigit() else None
    if attribute == "data-sourcepos":
        return value if POSITION_VALUE.fullmatch(value) else None
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
