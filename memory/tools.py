"""The three memory tools, as agents in runs, MCP clients and the command line use them (BEHAVIOUR, Memory).

They return the text that the agent gets. What is not there is a friendly sentence; what is not allowed or not
possible raises `MemoryRefused` with one. The rights are not checked here but below, in `memory.documents`.
"""

from datetime import datetime

from memory import documents, sections
from memory.arguments import ListArguments, ReadArguments, WriteArguments, parse_arguments
from memory.exceptions import MemoryRefused
from memory.permissions import Caller
from memory.places import Place, Scope, app_place, space_place, user_place

__all__ = [
    "ListArguments",
    "MemoryRefused",
    "ReadArguments",
    "WriteArguments",
    "memory_list",
    "memory_read",
    "memory_write",
    "parse_arguments",
]

LISTED_FILES = 200
HEADINGS_SHOWN_BYTES = 4 * 1024


def memory_read(
    caller: Caller,
    scope: str,
    mode: str = "full",
    section: str | None = None,
    limit: int = sections.TAIL_LINES,
    path: str | None = None,
    space_id: str | None = None,
    *,
    now: datetime,
) -> str:
    """Return the text of a memory file, or the part that ``mode`` names.

    ``path`` is a file of the memory folder, as `memory_list` names it; without it, the main file.
    """
    place = _place(caller, scope, space_id)
    if mode not in ("full", "headers", "section", "tail"):
        raise MemoryRefused(f"There is no mode “{mode}”; the modes are full, headers, section and tail.")
    if limit < 1:
        raise MemoryRefused("The limit is a number of lines, at least 1.")
    text = documents.read(caller, place, path or "", now=now)
    if text is None:
        return _missing(place, path)
    if not text.strip():
        return f"({place.path(path or '')} is empty.)"
    part = sections.read(text, mode, section if mode == "section" else limit)
    return _no_section(place.path(path or ""), section, text) if part is None else part


def memory_write(
    caller: Caller,
    scope: str,
    content: str,
    mode: str,
    space_id: str | None = None,
    *,
    now: datetime,
    run_id: str | None = None,
) -> str:
    """Append to the main file of a scope or replace it; return a sentence that says what is there now."""
    place = _place(caller, scope, space_id)
    if mode not in ("append", "replace"):
        raise MemoryRefused(f"There is no mode “{mode}”; the modes are append and replace.")
    write = documents.append if mode == "append" else documents.replace
    saved = write(caller, place, content, now=now, run_id=run_id)
    size = f"{saved.size:,} of {documents.LIMIT_BYTES:,} bytes"
    if saved.revision is None:
        return f"{saved.path} already had exactly this content ({size}); nothing was changed."
    return f"{'Appended to' if mode == 'append' else 'Replaced'} {saved.path} ({size})."


def memory_list(caller: Caller, scope: str, space_id: str | None = None) -> str:
    """Return one line for each file of a scope: the main file, then the folder's, newest name first."""
    place = _place(caller, scope, space_id)
    found = documents.listing(caller, place)
    lines = [f"{place.path('')} (main file, {_counted(found.main.size)})"] if found.main else []
    newest = found.others[::-1][:LISTED_FILES]
    lines += [f"{info.name} ({_counted(info.size)})" for info in newest]
    if len(found.others) > LISTED_FILES:
        lines.append(f"({len(found.others) - LISTED_FILES:,} older files are not listed)")
    lines = lines or [_missing(place, None)]
    if found.left_out:
        reasons = "; ".join(sorted({each.why for each in found.left_out}))
        lines.append(f"({len(found.left_out):,} more are no memory files: {reasons})")
    return "\n".join(lines)


def _counted(size: int) -> str:
    return "1 byte" if size == 1 else f"{size:,} bytes"


def _place(caller: Caller, scope: str, space_id: str | None) -> Place:
    """Return the place that ``scope`` means for ``caller``; raise `MemoryRefused` when there is none."""
    if scope == Scope.USER:
        return user_place()
    if scope == Scope.SPACE:
        wanted = space_id or caller.space_id
        if not wanted:
            raise MemoryRefused("Which space is not said, so there is no space memory to use.")
        return _known(space_place(wanted), f"There is no space “{wanted}”.")
    if scope != Scope.APP:
        raise MemoryRefused(f"There is no scope “{scope}”; the scopes are user, space and app.")
    if not caller.app_id:
        raise MemoryRefused(
            "Only an app has memory of its own; a user's agent has the scopes user and space."
        )
    return _known(app_place(caller.app_id), f"The app {caller.app_id} is not installed.")


def _known(place: Place | None, sentence: str) -> Place:
    if place is None:
        raise MemoryRefused(sentence)
    return place


def _missing(place: Place, path: str | None) -> str:
    if path:
        return f"(There is no file “{path}” in this memory. memory_list names the files that there are.)"
    return f"(There is no {place.path('')} yet. memory_write makes it.)"


def _no_section(path: str, section: str | None, text: str) -> str:
    headings = sections.headers(text)
    if not headings:
        return f"(No section “{section}”: {path} has no headings.)"
    shown = headings.encode()[:HEADINGS_SHOWN_BYTES].decode(errors="ignore")
    return f"(No heading of {path} contains “{section}”. Its headings:)\n{shown}"
