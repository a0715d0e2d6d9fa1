"""Names for new memory files: plain enough for every system that a data directory may be copied to.

Files that are there already keep whatever name they have, see `Place.below`.
"""

import re
import unicodedata
from pathlib import PurePosixPath

from halo_site.datadir.files import PathRefused, names_below
from halo_site.datadir.listing import MAX_DEPTH
from halo_site.datadir.names import printable
from memory.places import SUFFIX, Place, Scope

RECORD_FOLDERS = ("run", "archive")  # of an app's memory: written by runs, for reading
# What Windows opens as a device whatever the suffix, and what no name there can contain
DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE)
FOREIGN = re.compile(r'[<>:"|?*]')


def proposed(text: str) -> str:
    """Return what a person typed as a file name: without blanks around it, composed (NFC), with ``.md``.

    What ends in no name (``x/``, ``..``) is left as it is, to be refused as what was typed.
    """
    name = unicodedata.normalize("NFC", text.strip())
    last = name.rpartition("/")[2]
    return name if name.endswith(SUFFIX) or not last.strip(".") else name + SUFFIX


def is_record_folder(place: Place, folder: str) -> bool:
    """Tell whether the files of ``folder`` are records, whose names begin with their dates."""
    return place.scope == Scope.APP and folder.partition("/")[0] in RECORD_FOLDERS


def is_record(place: Place, name: str) -> bool:
    """Tell whether ``name`` is a run's record or an archived copy, which nobody edits."""
    return "/" in name and is_record_folder(place, name)


def require_new_name(place: Place, name: str, *, leaving: str = "") -> None:
    """Raise `PathRefused` with a sentence unless a file can be made that has this name.

    ``leaving`` is the name that the file has until then, which is no twin of the new one.
    """
    if not name:
        return
    require_plain(place, name)
    require_no_twin(place, name, leaving=leaving)


def require_plain(place: Place, name: str) -> None:
    """Raise `PathRefused` for a name that no new file can have, whatever is there. Nothing is looked up."""
    place.below(name)
    parts = PurePosixPath(name).parts
    if len(parts) > MAX_DEPTH + 1:
        raise PathRefused(f"“{name[:120]}” is refused: it lies more than {MAX_DEPTH} folders deep.")
    for part in parts:
        problem = _problem(part)
        if problem:
            raise PathRefused(f"“{name[:120]}” is not accepted as a new name: {problem}.")


def require_no_twin(place: Place, name: str, *, leaving: str = "") -> None:
    """Raise `PathRefused` where another name is there that some systems take for the same one.

    Those differ in case, or in how their letters are composed.
    """
    folder = PurePosixPath(place.folder)
    for part in PurePosixPath(name).parts:
        there = set(names_below(place.base, str(folder))) - _name_in(place, folder, leaving)
        twin = next((other for other in there if _folded(other) == _folded(part)), None)
        if twin is not None and part not in there:
            raise PathRefused(
                f"“{name[:120]}” is refused: “{printable(twin)}” is there, "
                "and many systems cannot tell the two apart."
            )
        folder /= part


def _name_in(place: Place, folder: PurePosixPath, name: str) -> set[str]:
    path = PurePosixPath(place.folder, name)
    return {path.name} if name and path.parent == folder else set()


def _problem(part: str) -> str:
    stem = part.partition(".")[0].rstrip()
    if DEVICE.fullmatch(stem):
        return f"“{stem}” is the name of a device on Windows"
    if FOREIGN.search(part):
        return 'it contains one of < > : " | ? *, which Windows cannot store'
    if part.removesuffix(SUFFIX) != part.removesuffix(SUFFIX).rstrip(". "):
        return "one of its parts ends with a dot or a space"
    return ""


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
