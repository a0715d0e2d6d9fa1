"""What the editor shows: a text, what it started from, and what a person should know before typing."""

import json
from dataclasses import dataclass, field

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from halo_site.datadir.files import PathRefused
from halo_site.markdown import render_folded
from halo_site.wiki import Resolver
from memory import documents, names, sections
from memory.history import stretches
from memory.line_ends import plain
from memory.measures import Measure, measured
from memory.models import Revision, digest
from memory.places import SUFFIX, Place, Scope
from memory.sections import Heading
from memory.users import User, users_of
from memory.writability import hindrance

HEADINGS_SHOWN = 500
LARGE_CHARACTERS = (
    100_000  # above it a preview is made only when it is asked for: browsers take seconds to lay it out
)


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as it will look, and how much it is. ``problem`` stands in its place where it is too long."""

    measure: Measure | None = None
    html: SafeString = field(default_factory=SafeString)
    outline: tuple[Heading, ...] = ()
    has_snapshot: bool = False  # a run of its app is shown it from the start
    is_postponed: bool = False  # a long text, of which nobody has asked for the look
    is_cut: bool = False  # there are more headings than the outline has
    problem: str = ""
    limit: int = documents.LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class EditorPage:
    """A document that is edited. ``base`` is the SHA-256 of what the text started from (see `editing.save`).

    Of a new one ``name`` is what was typed as its name. ``problem`` says why it was not saved.
    """

    place: Place
    name: str
    text: str
    base: str
    preview: Preview
    users: list[User]
    hindrance: str
    is_new: bool = False
    problem: str = ""

    @property
    def large_characters(self) -> int:
        return LARGE_CHARACTERS

    @property
    def limit(self) -> int:
        return documents.LIMIT_BYTES

    @property
    def is_there(self) -> bool:
        """Whether there was a file when the editor was opened, whose lines have writers."""
        return bool(self.base)

    @property
    def has_history(self) -> bool:
        """Whether the file is there or, as one beside the main file, is known to have been."""
        return self.is_there or (bool(self.name) and not self.is_new)

    @property
    def earlier_drafts(self) -> str:
        """As JSON, each earlier path of the file and the milliseconds since 1970 until which it had that.

        Drafts that a browser has kept under these are drafts of this file. Empty where there are none.
        """
        if self.is_new or not self.name:
            return ""
        earlier = stretches(self.place.key, self.title)[1:]
        rows = Revision.objects.filter(pk__in=[each.before for each in earlier])
        left = dict(rows.values_list("pk", "created_at")) if earlier else {}
        known = {
            each.path: int(left[each.before].timestamp() * 1000)
            for each in reversed(earlier)  # of a name that it had twice, until it had that last
            if each.before in left
        }
        return json.dumps(known) if known else ""

    @property
    def title(self) -> str:
        return _("A new file") if self.is_new else self.place.path(self.name)


def editor_page(
    place: Place,
    name: str,
    text: str,
    base: str,
    *,
    users: list[User],
    is_new: bool = False,
    problem: str = "",
    resolve: Resolver | None = None,
    is_asked: bool = False,
) -> EditorPage:
    """The editor with ``text``: that of the file, or what a person sent and could not be saved.

    The line ends that a form makes do not count. ``is_asked``: for the preview, so a long text has one too.
    """
    text = plain(text)
    shown = preview_of(place, name, text, is_new=is_new, resolve=resolve, is_asked=is_asked)
    size = shown.measure.size if shown.measure else documents.LIMIT_BYTES
    why = hindrance(place, _name_in_folder(place, name) if is_new else name, size)
    reading = users_of(place, users)
    return EditorPage(place, name, text, base, shown, reading, why, is_new, problem)


def _name_in_folder(place: Place, typed: str) -> str:
    """What was typed as the name of a new file; as long as it is no name, that of any beside the others."""
    name = names.proposed(typed) or f"new{SUFFIX}"
    try:
        place.below(name)
    except PathRefused:
        return f"new{SUFFIX}"
    return name


def opened(place: Place, name: str) -> tuple[str, str] | None:
    """The text of a document as an editor shows it, and its base; both are empty where a file can be made.

    None for what is not edited here: no text, a record, what disk or links keep from being read. At most one
    query.
    """
    if place.missing_folder is not None or names.is_record(place, name):
        return None
    try:
        data = documents.on_disk(place, name)
        text = (data or b"").decode()
    except (ValueError, OSError):  # not UTF-8, too large, a link
        return None
    if "\0" in text or (data is None and name and not _was_there(place, name)):
        return None
    return plain(text), digest(data)


def _was_there(place: Place, name: str) -> bool:
    return Revision.objects.for_document(place.key, place.path(name)).exists()


def preview_of(
    place: Place,
    name: str,
    text: str,
    *,
    is_new: bool = False,
    resolve: Resolver | None = None,
    is_asked: bool = False,
) -> Preview:
    """How ``text`` will look as the document ``name``, its wiki links found by ``resolve``.

    That of a long text is postponed unless it ``is_asked`` for. No file is read and nothing written.
    """
    size = len(text.encode(errors="replace"))
    if size > documents.LIMIT_BYTES:
        limits = {"size": f"{size:,}", "limit": f"{documents.LIMIT_BYTES:,}"}
        words = _(
            "The text has %(size)s bytes, and a file takes %(limit)s. It can be saved when it is shorter."
        )
        return Preview(problem=words % limits)
    headings = sections.outline(text)
    has_snapshot = place.scope == Scope.APP and not name and not is_new
    is_postponed = len(text) > LARGE_CHARACTERS and not is_asked
    html = SafeString() if is_postponed else render_folded(text, resolve)
    is_cut = len(headings) > HEADINGS_SHOWN
    return Preview(
        measured(text, headings), html, tuple(headings[:HEADINGS_SHOWN]), has_snapshot, is_postponed, is_cut
    )
