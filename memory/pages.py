"""What the memory pages show, as plain values. Nothing here writes: GET never does (DESIGN §9)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from halo_site.datadir.files import FileInfo, FileTooLarge, PathRefused, info_below
from halo_site.markdown import render
from memory import documents, sections
from memory.models import Revision, digest
from memory.places import Place
from memory.sections import Heading

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

FILES_LISTED = 100  # of each folder on one page


class State(StrEnum):
    """What became of reading a document; each but ``ready`` has its words in `STATE_WORDS`."""

    READY = "ready"
    EMPTY = "empty"
    NOTHING = "nothing"  # there is no file and never was one
    VANISHED = "vanished"  # there was one
    NOT_UTF8 = "not_utf8"
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
        gettext_lazy(
            "The first run that notes something makes this file. The command memory_write can make it too."
        ),
    ),
    State.VANISHED: (
        gettext_lazy("This file is gone"),
        gettext_lazy("It was removed outside Halo Site. Its last recorded text is kept as a revision."),
    ),
    State.NOT_UTF8: (
        gettext_lazy("This file is not UTF-8 text"),
        gettext_lazy("It cannot be shown. Download it, save it as UTF-8 and put it back."),
    ),
    State.TOO_LARGE: (
        gettext_lazy("This file is too large to show"),
        gettext_lazy(
            "No app can read or change it either. Shorten it on the server to bring it under the limit."
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
            "or have its disk mounted."
        ),
    ),
    State.UNREADABLE: (
        gettext_lazy("This file cannot be read"),
        gettext_lazy(
            "The disk or its access rights object. Look at the file on the server, then load this page again."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file in a tree: its name as in its URL (empty: the main file), its title, bytes, last change."""

    name: str
    title: str
    size: int
    changed_at: datetime

    @property
    def short(self) -> str:
        return self.title.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Folder:
    """A page of the files of one folder, newest names first. The empty name is the memory folder itself."""

    name: str
    total: int
    files: list[FileRow]
    older: str  # the name to ask for the next page with; empty at the end
    is_open: bool


@dataclass(frozen=True, slots=True)
class PlaceFiles:
    """A place with its main file and the folders of its further files."""

    place: Place
    main: FileRow | None = None
    folders: list[Folder] = field(default_factory=list)
    before: str = ""  # the name that this page was asked for with
    problem: str = ""

    @property
    def main_title(self) -> str:
        return self.place.path("")

    @property
    def total(self) -> int:
        return sum(folder.total for folder in self.folders)

    @property
    def has_older(self) -> bool:
        return any(folder.older for folder in self.folders)


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One document as people see it. ``html`` and ``outline`` are filled only when it is ready."""

    place: Place
    name: str
    title: str
    state: State
    limit: int = documents.LIMIT_BYTES
    text: str = ""
    html: SafeString = field(default_factory=SafeString)
    outline: list[Heading] = field(default_factory=list)
    size: int | None = None
    changed_at: datetime | None = None
    revision: Revision | None = None
    is_unrecorded: bool = False
    problem: str = ""

    @property
    def words(self) -> "tuple[StrPromise, StrPromise] | None":
        """Title and text that stand in the place of the document; None when it is shown."""
        return STATE_WORDS.get(self.state)

    @property
    def line_count(self) -> int:
        return self.text.count("\n") + (not self.text.endswith("\n"))

    @property
    def can_be_downloaded(self) -> bool:
        return self.state in {State.READY, State.EMPTY, State.NOT_UTF8}

    @property
    def is_missing(self) -> bool:
        """Whether the answer is a 404: it cannot be, or never was (the main file may come yet)."""
        return self.state == State.REFUSED or (self.state == State.NOTHING and bool(self.name))


def document_page(place: Place, relative: str = "") -> DocumentPage:
    """Read a document for a page; ``relative`` is its name below the folder, empty for the main file.

    One query. Raises `PathRefused` for a name that no document can have.
    """
    below = place.below(relative)
    newest = Revision.objects.for_document(place.key, place.path(relative)).newest()
    page = _Page(place, relative, newest)
    if place.missing_folder is not None:
        return page(State.NO_FOLDER, problem=str(place.missing_folder))
    try:
        data = documents.on_disk(place, relative)
        changed_at = _moment(info_below(place.base, below)) if data is not None else None
    except FileNotFoundError:
        return page(State.VANISHED if newest else State.NOTHING)
    except FileTooLarge as error:
        return page(State.TOO_LARGE, size=error.size)
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
        "is_unrecorded": newest is None or newest.sha256 != digest(data),
    }
    return _with_text(page, data, facts)


@dataclass(frozen=True, slots=True)
class _Page:
    """Makes a `DocumentPage` with what is the same in every state of it."""

    place: Place
    name: str
    revision: Revision | None

    def __call__(self, state: State, **facts: object) -> DocumentPage:
        title = self.place.path(self.name)
        known = {"place": self.place, "name": self.name, "title": title, "revision": self.revision}
        return DocumentPage(state=state, **known, **facts)  # type: ignore[arg-type]


def _with_text(page: Callable[..., DocumentPage], data: bytes, facts: dict[str, object]) -> DocumentPage:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return page(State.NOT_UTF8, **facts)
    if not text.strip():
        return page(State.EMPTY, **facts)
    return page(State.READY, text=text, html=render(text), outline=sections.outline(text), **facts)


def place_files(place: Place, current: str = "", before: str = "", limit: int = FILES_LISTED) -> PlaceFiles:
    """List a place for a tree: its main file, and at most ``limit`` files of each folder.

    ``before`` is a file's name: its folder shows what sorts before it. Open are the folders of ``before`` and
    of ``current``, the document that is looked at.
    """
    missing = place.missing_folder
    if missing is not None:
        problem = _("The folder %(path)s is missing: what is remembered there cannot be shown.")
        return PlaceFiles(place, before=before, problem=problem % {"path": missing})
    try:
        found = documents.files(place)
    except (PathRefused, OSError):
        problem = _("The files cannot be listed: a link or the disk is in the way.")
        return PlaceFiles(place, before=before, problem=problem)
    groups: dict[str, list[FileInfo]] = {}
    for info in reversed(found.others):
        groups.setdefault(_folder_of(info.name), []).append(info)
    opened = {_folder_of(current), _folder_of(before)}
    folders = [_folder(place, name, groups[name], before, limit, name in opened) for name in sorted(groups)]
    main = _row(place, found.main, "") if found.main else None
    return PlaceFiles(place, main, folders, before)


def _folder(place: Place, name: str, found: list[FileInfo], before: str, limit: int, is_open: bool) -> Folder:
    is_paged = bool(before) and _folder_of(before) == name
    shown = [info for info in found if not is_paged or info.name < before]
    rows = [_row(place, info, info.name) for info in shown[:limit]]
    older = rows[-1].name if len(shown) > limit else ""
    return Folder(name, len(found), rows, older, is_open)


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def _row(place: Place, info: FileInfo, name: str) -> FileRow:
    return FileRow(name, name or place.path(""), info.size, _moment(info))


def _moment(info: FileInfo) -> datetime:
    return datetime.fromtimestamp(info.changed_at, UTC)
