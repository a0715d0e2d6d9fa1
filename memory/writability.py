"""Whether a document could be saved now, told before somebody types (a look that writes nothing)."""

import os
from pathlib import Path

from django.utils.translation import gettext as _

from memory.documents import LIMIT_BYTES
from memory.places import Place

ROOM_BYTES = 2 * LIMIT_BYTES  # a new file beside the old one, and the revision in the database


def hindrance(place: Place, name: str, size: int) -> str:
    """Return a sentence on why the disk would not take a document of ``size`` bytes now; empty: it would.

    ``name`` is the document's as in `Place.below`. It may be wrong a moment later; a save says so itself.
    """
    if place.missing_folder is not None:
        return _(
            "The folder of this memory is missing. Nothing can be saved until it is back or "
            "its disk is mounted."
        )
    folder = _nearest(place.base / place.below(name))
    try:
        facts = os.statvfs(folder)
    except OSError as error:
        return _("The folder of this file cannot be reached (%(reason)s). Nothing can be saved here now.") % {
            "reason": error.strerror or error
        }
    if facts.f_flag & os.ST_RDONLY:
        return _(
            "The disk of this file is mounted read only. Nothing can be saved here until it is mounted for "
            "writing."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        return _(
            "Halo Site may not write in %(folder)s. Nothing can be saved here until the folder is given to "
            "the user that runs Halo Site."
        ) % {"folder": folder}
    return _shortage(facts.f_bavail * facts.f_frsize, size)


def _shortage(free: int, size: int) -> str:
    """What ``free`` bytes of the disk mean for a file of ``size`` bytes and its revision."""
    if free < max(size, 1):
        return _("The disk of this file is full. Nothing can be saved here until there is room on it.")
    if free < size + ROOM_BYTES:
        words = _(
            "The disk of this file is almost full: %(free)s bytes are free. A save may be refused; the text "
            "then stays on this page. Make room on the disk first."
        )
        return words % {"free": f"{free:,}"}
    return ""


def _nearest(path: Path) -> Path:
    """The folder of ``path``, or the nearest one above it that is there: the others would be made."""
    return next((folder for folder in path.parents if folder.is_dir()), path.parent)
