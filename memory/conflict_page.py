"""Two texts of one document, put together as far as they go, for a person to decide the rest."""

import re
from dataclasses import dataclass, replace

from halo_site.diff import Diff, diff_of
from memory.editing import Conflict
from memory.editor_page import LARGE_CHARACTERS
from memory.history import stretches, text_of
from memory.line_ends import lines_of, plain
from memory.merging import Merge, merge
from memory.models import Revision, digest
from memory.places import Place
from memory.recording import LIMIT_BYTES

BASES_LOOKED_AT = 1_000  # newest revisions of a document among which the base of a save is sought
FEWEST_MARKS, MOST_MARKS = 7, 60  # characters that a line of ours begins with; one more than in any text
MARK = re.compile(
    rf"^(?:(<{{7,{MOST_MARKS}}}) mine|(={{7,{MOST_MARKS}}}) there now|(>{{7,{MOST_MARKS}}}))$", re.M
)


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """What a person wrote, what is there now, and a proposal with the lines of `marks_of` around clashes.

    ``mine`` is what they wrote first, however often the file moved on while they put texts together.
    ``base`` is what a save of the proposal starts from. ``theirs`` is None where there is no text now: the
    file is gone, or is no text (``is_gone`` tells which), or ``is_another``: theirs was renamed, and what has
    its name now is not to be merged with.
    """

    place: Place
    name: str
    mine: str
    theirs: str | None
    proposal: str
    clashes: int
    base: str
    diff: Diff | None
    revision: Revision | None
    is_gone: bool
    sentence: str
    base_is_known: bool = True
    started_from: str = ""  # the base of the save that was refused
    marks: int = FEWEST_MARKS  # see `marks_of`
    is_another: bool = False
    merged: str = ""  # what they made of both before, where that met another change

    @property
    def title(self) -> str:
        return self.place.path(self.name)

    @property
    def limit(self) -> int:
        """The most bytes that a file takes."""
        return LIMIT_BYTES

    @property
    def large_characters(self) -> int:
        return LARGE_CHARACTERS

    @property
    def new_path(self) -> str:
        """The path by which the document goes on after it was renamed; empty where it was not."""
        return self.revision.renamed_to if self.revision and (self.is_gone or self.is_another) else ""

    @property
    def new_name(self) -> str:
        return self.place.name_of(self.new_path) if self.new_path else ""

    @property
    def copy_name(self) -> str:
        """A name for what was written, to be kept beside the file."""
        stem = self.name.removesuffix(".md") or self.title.removesuffix(".md")
        return f"{stem}-mine.md"


def conflict_page(
    place: Place, name: str, text: str, base: str, conflict: Conflict, *, first: str = ""
) -> ConflictPage:
    """The page for a save of ``text`` that started from ``base`` and met ``conflict``.

    Of a text that was put together at an earlier conflict, ``first`` is what the person had written then.
    """
    own, theirs = plain(text), None if conflict.is_another else _decoded(conflict.current)
    mine = plain(first) or own
    origin = _text_of_base(place, name, base)
    merged = Merge(own, ()) if theirs is None else merge(origin or "", own, theirs)
    marks = _marks_in_none_of(own, mine, theirs or "")
    return ConflictPage(
        place,
        name,
        mine,
        theirs,
        marked(merged, marks),
        len(merged.conflicts),
        base if conflict.is_another else digest(conflict.current),
        None if theirs is None else diff_of(theirs, own),
        conflict.revision,
        conflict.current is None,
        str(conflict),
        origin is not None,
        base,
        marks,
        conflict.is_another,
        "" if own == mine else own,
    )


def undecided_page(
    place: Place,
    name: str,
    text: str,
    base: str,
    current: bytes | None,
    sentence: str,
    *,
    mine: str,
    marks: int,
    merged: str = "",
) -> ConflictPage:
    """The page again for a ``text`` in which something is still to be decided.

    ``mine``, ``marks`` and ``merged`` are what the page before had of them.
    """
    theirs, own = _decoded(current), plain(mine)
    diff = None if theirs is None else diff_of(theirs, plain(merged) or own)
    shown = plain(text)
    count = shown.split("\n").count(marks_of(marks)[0])
    page = ConflictPage(place, name, own, theirs, shown, count, base, diff, None, current is None, sentence)
    return replace(page, marks=marks, merged=plain(merged))


def marks_of(size: int) -> tuple[str, str, str]:
    """The lines before, between and after the two sides of a clash; ``size`` tells them from the texts."""
    return f"{'<' * size} mine", f"{'=' * size} there now", ">" * size


def marked(merged: Merge, size: int = FEWEST_MARKS) -> str:
    """The proposal, with a line before, between and after the two sides of each clash.

    The last line of a text need not have an end; it gets one where a mark comes after it.
    """
    before, between, after = marks_of(size)
    lines, done, parts = lines_of(merged.text), 0, list[str]()
    for clash in merged.conflicts:
        parts += lines[done : clash.start]
        mine, theirs = lines[clash.start : clash.middle], lines[clash.middle : clash.end]
        parts += [f"{before}\n", *_ended(mine), f"{between}\n", *_ended(theirs), f"{after}\n"]
        done = clash.end
    return "".join([*parts, *lines[done:]])


def is_undecided(text: str, size: int = FEWEST_MARKS) -> bool:
    """Whether a line that `marked` put in is still there. Asked of merges only: any text may have one."""
    return not set(marks_of(size)).isdisjoint(plain(text).split("\n"))


def has_marks(text: str) -> bool:
    """Whether a line of ours from above or between two sides stands in a text that was no merge."""
    return any(found[1] or found[2] for found in MARK.finditer(plain(text)))


def sent_marks(value: str) -> int:
    """The size of marks that a form says it has; the smallest where it says none that can be."""
    size = int(value) if re.fullmatch("[0-9]{1,2}", value) else FEWEST_MARKS
    return size if FEWEST_MARKS <= size <= MOST_MARKS + 1 else FEWEST_MARKS


def _marks_in_none_of(*texts: str) -> int:
    """The size of marks that no line of the texts can be taken for."""
    found = (len(match[1] or match[2] or match[3]) for text in texts for match in MARK.finditer(text))
    return max(found, default=FEWEST_MARKS - 1) + 1


def _ended(lines: list[str]) -> list[str]:
    return lines if not lines or lines[-1].endswith("\n") else [*lines[:-1], lines[-1] + "\n"]


def _decoded(data: bytes | None) -> str | None:
    try:
        return None if data is None else plain(data.decode())
    except UnicodeDecodeError:
        return None


def _text_of_base(place: Place, name: str, base: str) -> str | None:
    """The text that a save started from; None where no recent revision has it."""
    if not base:
        return ""
    names = stretches(place.key, place.path(name))  # what was opened under an earlier name is known too
    recent = (each.revisions().values_list("pk", "sha256")[:BASES_LOOKED_AT] for each in names)
    found = next((pk for rows in recent for pk, sha256 in rows if sha256 == base), None)
    return None if found is None else plain(text_of(Revision.objects.get(pk=found)))
