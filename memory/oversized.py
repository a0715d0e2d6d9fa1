"""Files that somebody made larger, past us, than memory may be: they can get another name, or go.

They are too large for a revision, so nothing of them is in the history but what it had before.
"""

from datetime import datetime

from halo_site.datadir.files import Step, info_below
from halo_site.datadir.trash import file_to_trash
from memory.models import Revision
from memory.places import Place
from memory.recording import LIMIT_BYTES


def size_over_limit(place: Place, name: str) -> int:
    """The bytes of a document that is over the limit; 0 for every other, and for none.

    Raises `PathRefused` and `OSError`.
    """
    try:
        size = info_below(place.base, place.below(name)).size
    except FileNotFoundError:
        return 0
    return size if size > LIMIT_BYTES else 0


def base_of(size: int) -> str:
    """What stands for the SHA-256 of a file that is too large to be read: a person saw one of this size."""
    return f"{size} bytes"


def last_recorded(place: Place, name: str) -> tuple[bytes | None, Revision | None]:
    """The last recorded bytes of a document and their revision; None where there are none."""
    newest = Revision.objects.for_document(place.key, place.path(name)).order_by("-id").first()
    return (None if newest is None or newest.is_removal else newest.data()), newest


def taking_away(place: Place, name: str, now: datetime) -> Step:
    """The step that moves the file to the trash of the data directory. Raises as `read_below` does."""
    return file_to_trash(place.base, place.below(name), now)
