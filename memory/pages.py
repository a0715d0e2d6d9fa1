"""What the memory pages show, as plain values. Nothing here writes: GET never does (DESIGN §9)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from halo_site.datadir.files import FileTooLarge, PathRefused, info_below, read_ends_below
from halo_site.markdown import render_folded
from halo_site.wiki import Resolver
from memory import documents, names, oversized, sections
from memory.hexdump import hexdump
from memory.measures import Measure, measured
from memory.models import Revision, digest
from memory.places import Place, Scope
from memory.sections import Heading
from memory.tree import moment_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

BEGINNING_BYTES = 64 * 1024  # shown of a file that is too large


class State(StrEnum):
    """What became of reading a document; each but ``ready`` has its words in `STATE_WORDS`."""

    READY = "ready"
    EMPTY = "empty"
    NOTHING = "nothing"  # there is no file and never was one
    VANISHED = "vanished"  # there was one
    NOT_UTF8 = "not_utf8"
    HAS_NUL = "has_nul"
    TOO_LARGE = "too_large"
    REFUSED = "refused"  # a link on the way
    NO_FOLDER = "no_folder"  # that of its place is gone or out of reach
    UNREADABLE = "unreadable"  # the disk or its rights object


# What a page says instead of the text: a title, and what it means or what to do
STATE_WORDS = {
    State.EMPTY: (
        gettext_lazy("This file is empty"),
        gettext_lazy("It is there, but nothing is written in it."),
    ),
    State.NOTHING: (
        gettext_lazy("Nothing is remembered here yet"),
        gettext_lazy("The first run that notes something makes this file. You can also write it yourself."),
    ),
    State.VANISHED: (
        gettext_lazy("This file is gone"),
        gettext_lazy("Its last recorded text is kept as a revision and can be put back."),
    ),
    State.NOT_UTF8: (
        gettext_lazy("This file is not UTF-8 text"),
        gettext_lazy(
            "It cannot be edited here, since its bytes would change. Download it, save it as UTF-8 and put "
            "it back."
        ),
    ),
    State.HAS_NUL: (
        gettext_lazy("This file has NUL bytes"),
        gettext_lazy("It cannot be edited here: a browser would drop them. Download it to change it."),
    ),
    State.TOO_LARGE: (
        gettext_lazy("This file is too large to edit"),
        gettext_lazy(
            "No app can read or change it either. Shorten it on the server to bring it under the limit. "
            "Below is how it begins."
        ),
    ),
    State.REFUSED: (
        gettext_lazy("This file is not opened"),
        gettext_lazy(
            "It, or a folder on the way to it, is a link. Memory is only read from plain files of its own: "
            "put a copy in the place of the link."
        ),
    ),
    State.NO_FOLDER: (
        gettext_lazy("The folder of this memory is missing"),
        gettext_lazy(
            "What is remembered cannot be shown, and nobody knows whether it is lost. Bring the folder back, "
            "or have its disk mounted. If it is lost, make it with an empty folder in it, to begin anew."
        ),
    ),
    State.UNREADABLE: (
        gettext_lazy("This file cannot be read"),
        gettext_lazy(
            "The disk or its access rights object. Look at the file on the server, then load this page again."
        ),
    ),
}


RENAMED_WORDS = (
    gettext_lazy("This file has another name now"),
    gettext_lazy("It was renamed, and its history went with it."),
)
UNINSTALLED_WORDS = (
    gettext_lazy("Nothing is remembered here"),
    gettext_lazy("The app was uninstalled before it noted anything. You can write this file yourself."),
)


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One document as people see it. ``html``, ``outline`` and ``measure`` are filled only when it is ready.

    ``raw`` stands in the place of a text that cannot be shown as one.
    """

    place: Place
    name: str
    title: str
    state: State
    limit: int = documents.LIMIT_BYTES
    text: str = ""
    html: SafeString = field(default_factory=SafeString)
    outline: list[Heading] = field(default_factory=list)
    measure: Measure | None = None
    raw: str = ""
    size: int | None = None
    changed_at: datetime | None = None
    revision: Revision | None = None
    base: str = ""  # of a change: the SHA-256 of what is there, see also `oversized.base_of`
    is_unrecorded: bool = False
    problem: str = ""

    @property
    def words(self) -> "tuple[StrPromise, StrPromise] | None":
        """Title and text that stand in the place of the document; None when it is shown."""
        if self.new_path:
            return RENAMED_WORDS
        if self.state == State.NOTHING and self.place.is_uninstalled:
            return UNINSTALLED_WORDS
        return STATE_WORDS.get(self.state)

    @property
    def new_path(self) -> str:
        """The path by which a vanished document goes on, where it was renamed; else empty."""
        return self.revision.renamed_to if self.is_vanished and self.revision else ""

    @property
    def new_name(self) -> str:
        return self.place.name_of(self.new_path) if self.new_path else ""

    @property
    def line_count(self) -> int:
        return sections.line_count(self.text)

    @property
    def can_be_downloaded(self) -> bool:
        return self.state in {State.READY, State.EMPTY, State.NOT_UTF8, State.HAS_NUL}

    @property
    def can_be_removed(self) -> bool:
        return self.can_be_downloaded or self.is_over_limit

    @property
    def can_be_edited(self) -> bool:
        """Whether there is a text to edit, or nothing in the way of a first one. Records are only read."""
        editable = {State.READY, State.EMPTY, State.NOTHING, State.VANISHED}
        return self.state in editable and not names.is_record(self.place, self.name)

    @property
    def can_be_renamed(self) -> bool:
        return bool(self.name) and not names.is_record(self.place, self.name)

    @property
    def is_over_limit(self) -> bool:
        return self.state == State.TOO_LARGE

    @property
    def is_vanished(self) -> bool:
        return self.state == State.VANISHED

    @property
    def has_rendered(self) -> bool:
        return self.state == State.READY

    @property
    def is_read_each_run(self) -> bool:
        """Whether a run of its app has it in mind from the start: the others are read when it asks."""
        return self.place.scope == Scope.APP and not self.name

    @property
    def is_missing(self) -> bool:
        """Whether the answer is a 404: it cannot be, or never was (the main file may come yet)."""
        return self.state == State.REFUSED or (self.state == State.NOTHING and bool(self.name))


def document_page(place: Place, relative: str = "", resolve: Resolver | None = None) -> DocumentPage:
    """Read a document for a page; ``relative`` is its name below the folder, empty for the main file.

    One query, and those of ``resolve``, which finds wiki links, where there are any. Raises `PathRefused`
    for a name that no document can have.
    """
    below = place.below(relative)
    newest = Revision.objects.for_document(place.key, place.path(relative)).newest()
    page = _Page(place, relative, newest, resolve)
    if place.missing_folder is not None:
        return page(State.NO_FOLDER, problem=str(place.missing_folder))
    try:
        data = documents.on_disk(place, relative)
        changed_at = moment_of(info_below(place.base, below)) if data is not None else None
    except FileNotFoundError:
        return page(State.VANISHED if newest else State.NOTHING)
    except FileTooLarge as error:
        base = oversized.base_of(error.size)
        return page(State.TOO_LARGE, size=error.size, base=base, raw=_beginning(place, below))
    except PathRefused as error:
        return page(State.REFUSED, problem=str(error))
    except OSError as error:
        return page(State.UNREADABLE, problem=error.strerror or str(error))
    if data is None:
        is_unrecorded = newest is not None and not newest.is_removal
        return page(State.VANISHED if newest else State.NOTHING, is_unrecorded=is_unrecorded)
    facts: dict[str, object] = {
        "size": len(data),
        "changed_at": changed_at,
        "base": digest(data),
        "is_unrecorded": newest is None or newest.sha256 != digest(data),
    }
    return _with_text(page, data, facts)


@dataclass(frozen=True, slots=True)
class _Page:
    """Makes a `DocumentPage` with what is the same in every state of it."""

    place: Place
    name: str
    revision: Revision | None
    resolve: Resolver | None

    def __call__(self, state: State, **facts: object) -> DocumentPage:
        title = self.place.path(self.name)
        known = {"place": self.place, "name": self.name, "title": title, "revision": self.revision}
        return DocumentPage(state=state, **known, **facts)  # type: ignore[arg-type]


def _with_text(page: _Page, data: bytes, facts: dict[str, object]) -> DocumentPage:
    state = state_of(data)
    if state in {State.NOT_UTF8, State.HAS_NUL}:
        return page(state, raw=hexdump(data), **facts)
    text = data.decode()
    if state == State.EMPTY:
        return page(state, text=text, **facts)
    headings = sections.outline(text)
    return page(
        state,
        text=text,
        html=render_folded(text, page.resolve),
        outline=headings,
        measure=measured(text, headings),
        **facts,
    )


def state_of(data: bytes) -> State:
    """What the bytes of a file are for people who want to read or edit them."""
    if b"\0" in data:
        return State.HAS_NUL
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return State.NOT_UTF8
    return State.READY if text.strip() else State.EMPTY


def _beginning(place: Place, below: str) -> str:
    """How a file that is too large begins; empty where even that cannot be read."""
    try:
        head, _tail = read_ends_below(place.base, below, BEGINNING_BYTES, 0)
    except (PathRefused, OSError):
        return ""
    return head.decode(errors="replace")
