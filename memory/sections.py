"""Parts of a memory file, in pure functions: headings, sections, the snapshot for a prompt.

A line is what stands between two newlines, so a trailing newline counts as one more, empty line. A byte order
mark before the first line is no part of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

TAIL_LINES = 50
SNAPSHOT_LINES = 30  # files up to this are shown whole
SNAPSHOT_BYTES = 16 * 1024
OUTLINE_BYTES = 4 * 1024  # of the snapshot, when the first section needs the rest
NOTE_BYTES = 200  # more than the notes of a snapshot and its line breaks need
BOM = "\ufeff"  # with which some editors begin a file
NO_HEADINGS = "(no headings)"
SKELETON = "# now\n\n## State\n"

# CommonMark 4.2: up to three spaces, one to six marks, then a space, a tab or the end of the line
HEADING = re.compile(r" {0,3}(#{1,6})(?=[ \t\r]|$)")
# CommonMark 5.2: what begins list items, with the spaces after it
ITEMS = re.compile(r"(?: {0,3}(?:[-+*]|[0-9]{1,9}[.)]) {1,4})*")
# CommonMark 4.5: the marks of a fence; the rest of a backtick fence's line holds no backtick
FENCE = re.compile(r" {0,3}(?:(`{3,})[^`]*|(~{3,}).*)")
# CommonMark 4.6: what begins a block of HTML, and what is in its last line
BLOCKS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl"
    "|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link"
    "|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|section|source|summary|table|tbody|td|tfoot|th"
    "|thead|title|tr|track|ul"
)
BLANK = r"^[ \t\r]*$"
HTML = [
    (re.compile(f" {{0,3}}{start}", re.IGNORECASE), re.compile(end, re.IGNORECASE))
    for start, end in (
        (r"<(?:script|pre|style)(?:[ \t\r>]|$)", r"</(?:script|pre|style)>"),
        (r"<!--", r"-->"),
        (r"<\?", r"\?>"),
        (r"<!\[CDATA\[", r"\]\]>"),
        (r"<![A-Z]", r">"),
        (rf"</?(?:{BLOCKS})(?:[ \t\r]|/?>|$)", BLANK),
    )
]
BEGINNINGS = frozenset("#`~<-+*0123456789")  # of lines that are looked at, after their spaces
# One whole tag of any other name, alone in a line that does not go on with a paragraph
VALUE = r"""(?:[^ \t\r"'=<>`]+|'[^']*'|"[^"]*")"""
TAG = re.compile(
    rf" {{0,3}}<(?:[a-z][a-z0-9-]*(?:[ \t]+[a-z_:][a-z0-9_.:-]*(?:[ \t]*=[ \t]*{VALUE})?)*[ \t]*/?"
    r"|/[a-z][a-z0-9-]*[ \t]*)>[ \t\r]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Heading:
    """One ATX heading: its line number from 1, its level from 1 to 6, its text without the marks."""

    line: int
    level: int
    text: str

    @property
    def marks(self) -> str:
        return "#" * self.level


def read(markdown: str, mode: str, arg: str | int | None = None) -> str | None:
    """Return the part of ``markdown`` that ``mode`` names; None when there is no such section.

    ``full``; ``headers``: each heading as ``L{line}: {its line}``; ``section``: the first heading whose line
    contains ``arg``, whatever the case, to the next of the same or a higher rank (no ``arg``: everything);
    ``tail``: the last ``arg`` lines (50 by default). Raises `ValueError` for another mode.
    """
    if mode == "full":
        return markdown
    if mode == "headers":
        return headers(markdown) or NO_HEADINGS
    if mode == "section":
        return section(markdown, str(arg or ""))
    if mode == "tail":
        return tail(markdown, TAIL_LINES if arg is None else int(arg))
    raise ValueError(f"Unknown mode “{mode}”; the modes are full, headers, section and tail.")


def outline(markdown: str) -> list[Heading]:
    """Return the ATX headings outside code fences and blocks of HTML, in order."""
    headings: list[Heading] = []
    block: _Verbatim | None = None
    is_paragraph = False  # whether the line before is one's
    for number, line in enumerate(_lines(markdown), start=1):
        if block and not block.is_left_by(line):
            block = None if block.ends_with(line) else block
            is_paragraph = False
        elif line.lstrip(" ")[:1] not in BEGINNINGS:
            block, is_paragraph = None, bool(line.strip())
        elif block := _opened(line, is_paragraph):
            block = None if block.end and block.ends_with(line) else block
            is_paragraph = False
        elif match := HEADING.match(line):
            is_paragraph = False
            headings.append(Heading(number, len(match[1]), _text(line[match.end() :])))
        else:
            is_paragraph = bool(line.strip())
    return headings


def headers(markdown: str, headings: Sequence[Heading] | None = None) -> str:
    """Return one line for each heading, as ``L{line}: {its line}``; ``headings`` are those of `outline`."""
    lines = _lines(markdown)
    found = outline(markdown) if headings is None else headings
    return "\n".join(f"L{heading.line}: {lines[heading.line - 1].rstrip()}" for heading in found)


def section(markdown: str, needle: str) -> str | None:
    """Return the first section whose heading contains ``needle``, or None; an empty needle is everything."""
    wanted = needle.strip().casefold()
    if not wanted:
        return markdown
    lines = _lines(markdown)
    headings = outline(markdown)
    for index, heading in enumerate(headings):
        # The whole line, so that a heading can also be named as `headers` shows it: "## State"
        if wanted in lines[heading.line - 1].casefold():
            return "\n".join(lines[heading.line - 1 : _end(headings, index, len(lines))])
    return None


def tail(markdown: str, count: int) -> str:
    """Return the last ``count`` lines; when that cuts, after one line that says how many of how many."""
    lines = markdown.split("\n")
    count, total = max(count, 0), line_count(markdown)
    if count >= total:
        return markdown
    return "\n".join([f"(last {count} of {total} lines)", *lines[total - count :]])


def line_count(text: str) -> int:
    """Count lines as people do: what follows the last line's end is none."""
    return text.count("\n") + (bool(text) and not text.endswith("\n"))


def snapshot(markdown: str, headings: Sequence[Heading] | None = None) -> str:
    """Return what a prompt shows of a memory file: at most 16 KiB of UTF-8.

    Up to 30 lines: the whole file. Longer: everything up to the end of the first section, then an outline
    with line numbers. What had to be cut is said. ``headings`` are those of `outline`, where it was asked:
    of a long text it takes longer than all the rest.
    """
    lines = markdown.split("\n")
    if len(lines) <= SNAPSHOT_LINES:
        return _cut(markdown, SNAPSHOT_BYTES)
    headings = outline(markdown) if headings is None else headings
    first = "\n".join(lines[: _end(headings, 0, len(lines))]).rstrip() if headings else markdown.rstrip()
    room = SNAPSHOT_BYTES - NOTE_BYTES
    contents = headers(markdown, headings) or NO_HEADINGS
    first = _cut(first, room - min(_size(contents), OUTLINE_BYTES))
    contents = _cut(contents, room - _size(first))
    return (
        f"{first}\n\n(The file has {line_count(markdown)} lines. Its outline, with line numbers:)\n{contents}"
    )


def with_history_heading(content: str | None, timestamp: str, by: str | None) -> str:
    """Return ``content`` with a new ``## {timestamp}`` first under ``# History``; both are made when missing.

    ``timestamp`` is ``YYYY-MM-DD-HHmm``; ``by``, such as ``run#8f3c12aa``, signs the heading.
    """
    heading = f"## {timestamp} [by: {by}]" if by else f"## {timestamp}"
    if content is None or not content.strip():
        return f"{SKELETON}\n# History\n\n{heading}\n"
    lines = content.split("\n")
    history = (item for item in outline(content) if item.level == 1 and item.text.casefold() == "history")
    found = next(history, None)
    if found is None:
        return f"{content}{'' if content.endswith(chr(10)) else chr(10)}\n# History\n\n{heading}\n"
    end = "\r" if lines[found.line - 1].endswith("\r") else ""
    rest = lines[found.line :] or [""]
    return "\n".join([*lines[: found.line], end, heading + end, *rest])


def _lines(markdown: str) -> list[str]:
    return markdown.removeprefix(BOM).split("\n")


def _text(rest: str) -> str:
    """Return a heading's text: without the marks that may close it, as in ``# now #``."""
    text = rest.strip()
    open_end = text.rstrip("#")
    return open_end.rstrip() if open_end != open_end.rstrip() or not open_end else text


@dataclass(frozen=True, slots=True)
class _Verbatim:
    """An open code fence or block of HTML, of which ``end`` is in the last line.

    ``indent`` is how far in it stands, in a list item.
    """

    indent: int
    fence: str = ""
    end: re.Pattern[str] | None = None

    def is_left_by(self, line: str) -> bool:
        """Whether the list item that it stands in ends before ``line``."""
        return bool(self.indent) and bool(line.strip()) and not line.startswith((" " * self.indent, "\t"))

    def ends_with(self, line: str) -> bool:
        inner = line.removeprefix(" " * self.indent)
        return bool(self.end.search(inner)) if self.end else _closes(inner, self.fence)


def _closes(line: str, fence: str) -> bool:
    """Tell whether ``line`` ends the fence: the same mark, at least as many, only blanks after them."""
    mark = line.lstrip(" ")
    is_indented = len(line) - len(mark) > 3
    mark = mark.rstrip(" \t\r")
    return not is_indented and len(mark) >= len(fence) and set(mark) == {fence[0]}


def _opened(line: str, is_paragraph: bool) -> _Verbatim | None:
    """What begins in this line and is shown as it is written; ``is_paragraph`` tells of the line before."""
    items = ITEMS.match(line)
    indent = items.end() if items else 0
    if fence := FENCE.fullmatch(line, indent):
        return _Verbatim(indent, fence[1] or fence[2])
    if "<" not in line:
        return None
    end = next((end for begin, end in HTML if begin.match(line, indent)), None)
    if end is None and TAG.match(line, indent) and not (is_paragraph and not indent):
        end = re.compile(BLANK)
    return _Verbatim(indent, end=end) if end else None


def _end(headings: Sequence[Heading], index: int, last: int) -> int:
    """Return the number of the last line of the section that ``headings[index]`` begins."""
    following = headings[index + 1 :]
    level = headings[index].level
    return next((item.line - 1 for item in following if item.level <= level), last)


def _cut(text: str, limit: int) -> str:
    """Return ``text``, or its first lines that fit into ``limit`` bytes, with a note."""
    data = text.encode(errors="replace")
    if len(data) <= limit:
        return text
    note = f"\n(… cut here; {len(data)} bytes in all)"
    kept = data[: limit - len(note.encode())].decode(errors="ignore")
    whole_lines = kept.rpartition("\n")[0]
    return (whole_lines or kept) + note


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
