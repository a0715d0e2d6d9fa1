"""What became of a document: its revisions under this name and under those it had before.

Nothing here writes. Rows of the list come without content, so a long history costs no more than a page.
"""

from dataclasses import dataclass
from heapq import merge
from itertools import islice

from django.db.models import Q, QuerySet

from halo_site.diff import Diff, diff_of
from memory.models import Operation, Revision
from memory.places import Place

PAGE_SIZE = 50
MOST_NAMES = 20  # earlier names of one document that are followed
HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """The revisions of a document while it had one name: those of ``path`` with ``after <= id < before``."""

    place_key: str
    path: str
    before: int = HIGHEST_ID
    after: int = 0

    def revisions(self, below: int = HIGHEST_ID) -> QuerySet[Revision]:
        """Newest first, without content, with ids under ``below``."""
        rows = Revision.objects.for_document(self.place_key, self.path).without_content()
        return rows.filter(id__gte=self.after, id__lt=min(below, self.before)).order_by("-id")


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some revisions, newest first; ``older`` is what to ask for the next page with, None at the end."""

    revisions: list[Revision]
    older: int | None


def history(place: Place, name: str, *, before: int | None = None, size: int = PAGE_SIZE) -> HistoryPage:
    """Return the revisions with ids under ``before``.

    Also those of an earlier file of the same name are in it, so that whatever was removed can be found again.
    The number of queries depends on how often the document was renamed, and on nothing else.
    """
    below = HIGHEST_ID if before is None else before
    path = place.path(name)
    known = stretches(place.key, path)
    earlier = [stretch for stretch in known if stretch.path != path]
    # Of the present name also what is older than its arrival
    every = (Stretch(place.key, path), *earlier)
    # The row by which a name was left says what the arrival at the next one says already
    names = {each.path for each in every}
    left = Q(operation=Operation.RENAMED, sha256="", other_path__in=names, id__lt=known[0].after)
    found = [stretch.revisions(below).exclude(left)[: size + 1] for stretch in every]
    rows = list(islice(merge(*found, key=lambda revision: -revision.pk), size + 1))
    return HistoryPage(rows[:size], rows[size - 1].pk if len(rows) > size else None)


def stretches(place_key: str, path: str) -> list[Stretch]:
    """Return the names that the document has and had, the present one first, as far as `MOST_NAMES`."""
    found: list[Stretch] = []
    before = HIGHEST_ID
    for _number in range(MOST_NAMES + 1):
        arrivals = Revision.objects.for_document(place_key, path).arrivals().without_content()
        arrival = arrivals.filter(id__lt=before).order_by("-id").first()
        found.append(Stretch(place_key, path, before, arrival.pk if arrival else 0))
        if arrival is None or arrival.other_path is None:
            break
        path, before = arrival.other_path, arrival.pk
    return found


def revision_of(place: Place, name: str, revision_id: int) -> Revision | None:
    """Return a revision of this document, with its content; None for one of another or of none."""
    if not 0 < revision_id <= HIGHEST_ID:
        return None
    revision = Revision.objects.filter(place=place.key, pk=revision_id).first()
    if revision is None:
        return None
    path = place.path(name)
    known = revision.path == path or any(
        stretch.path == revision.path and stretch.after <= revision.pk < stretch.before
        for stretch in stretches(place.key, path)
    )
    return revision if known else None


def previous(revision: Revision) -> Revision | None:
    """Return the state that ``revision`` changed, with its content; None where it was the first."""
    if revision.is_arrival and revision.other_path is not None:
        path = revision.other_path
    elif revision.parent_sha256:
        path = revision.path
    else:
        return None
    earlier = Revision.objects.for_document(revision.place, path).filter(id__lt=revision.pk)
    return earlier.exclude(sha256="").order_by("-id").first()


def compared(old: Revision | None, new: Revision | None) -> Diff:
    """Compare two revisions, words within lines; None stands for a file that was not there."""
    return diff_of(text_of(old), text_of(new))


def text_of(revision: Revision | None) -> str:
    """Return the text of a revision; bytes that are not UTF-8 are replaced by marks."""
    return "" if revision is None else revision.data().decode("utf-8", "replace")
