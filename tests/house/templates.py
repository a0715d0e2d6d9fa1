"""Reads templates as the house tests need them: their markup, and what of it a person sees."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"

COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?endcomment %\}|<!--.*?-->", re.DOTALL)
TRANSLATED_BLOCK = re.compile(r"\{% blocktrans(?:late)?\b.*?endblocktrans(?:late)? %\}", re.DOTALL)
# Words that reach the page through our own tags and through filters, not through a translate tag
WORDS_OF_TAGS = (
    re.compile(r"\{% chip \S+ \"([^\"]+)\""),
    re.compile(r"\{% when \S+ \"([^\"]+)\""),
    re.compile(r"\{% include [^%]*?\b(?:title|text|action|label|summary)=\"([^\"]+)\""),
    re.compile(r"\{\{[^}]*\|(?:default|default_if_none|yesno|pluralize):\"([^\"]+)\"[^}]*\}\}"),
)
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
SHOWN_ATTRIBUTES = ("title", "alt", "placeholder", "aria-label", "data-name", "data-stale", "data-copied")
# Their content is names, keys and files, not language
NAMES = {"code", "kbd", "samp", "script", "svg"}


def sources() -> dict[str, str]:
    """Name → source of every template of ours."""
    return {str(path.relative_to(TEMPLATES)): path.read_text() for path in sorted(TEMPLATES.rglob("*.html"))}


def bare(source: str) -> str:
    """The markup alone: what is translated is gone, words inside our tags stand as plain text."""
    source = TRANSLATED_BLOCK.sub(" ", COMMENT.sub(" ", source))
    for words in WORDS_OF_TAGS:
        source = words.sub(r" \1 ", source)
    return TAG.sub(" ", source)


@dataclass
class Element:
    """One start tag; `within` are the names of the elements around it."""

    name: str
    attributes: dict[str, str]
    within: tuple[str, ...]


@dataclass
class Markup(HTMLParser):
    """The elements of a template and its texts, each as far as a person would see it."""

    source: str
    elements: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(bare(self.source))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(self._open)))
        self.texts += [attributes[name] for name in SHOWN_ATTRIBUTES if name in attributes]
        if tag not in {"meta", "link", "input", "br", "hr", "img", "rect"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                continue

    def handle_data(self, data: str) -> None:
        if not NAMES.intersection(self._open):
            self.texts.append(data)
