"""The search index: one row for each memory file that is there, kept by the transaction of every revision.

It is derived from the newest revision of each file and nothing else. ``words`` are the terms of
`memory.words`, each once, with a blank between them. What finds them is the database's own and made by the
migration: on SQLite an FTS5 table that triggers keep, on PostgreSQL a GIN index over the same text, so that
both find the same files. A migration that has SQLite make the table anew has to make the triggers anew too.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from halo_site.markdown import wiki_names
from memory import sections
from memory.places import SUFFIX
from memory.words import fold, terms

if TYPE_CHECKING:
    from memory.models import Revision

VERSION = 1  # of what `memory.words` makes of a text; rows of an older one are made anew bit by bit
WORDS_BYTES = 1_000_000  # of one file's terms; PostgreSQL takes 1 MiB
MOST_LINKS = 500  # of one file
# Before a term, where it stands in the file's name, and where it stands in its name or a heading. Private use
# characters are part of no term, and both databases take them for letters.
NAME, HEADING, ANYWHERE = "\ue001", "\ue002", ""
# Every file that is there as far as revisions know
LIST = """
    INSERT INTO memory_index (revision_id, place, path)
    SELECT id, place, path FROM memory_revisions
    WHERE sha256 <> '' AND id IN (SELECT max(id) FROM memory_revisions GROUP BY place, path)
"""
FORGET_LINKS = """
    DELETE FROM memory_links
    WHERE document_id IN (SELECT revision_id FROM memory_index WHERE place = %s AND path = %s)
"""
FORGET = "DELETE FROM memory_index WHERE place = %s AND path = %s"
ADD = """
    INSERT INTO memory_index (revision_id, place, path, short_name, version, is_cut, words)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
BATCH = 10  # files that are indexed in one transaction


class IndexedDocumentQuerySet(models.QuerySet["IndexedDocument"]):
    def in_places(self, keys: Sequence[str]) -> "IndexedDocumentQuerySet":
        return self.filter(place__in=keys)

    def newest_first(self) -> "IndexedDocumentQuerySet":
        """The file that was changed last first: a later revision has a higher number."""
        return self.order_by("-revision_id")

    def waiting(self) -> "IndexedDocumentQuerySet":
        """Files that are not indexed yet, or as an earlier version of this program did it."""
        return self.filter(version__lt=VERSION)

    def list_again(self) -> None:
        """Make every file wait for the index, those included whose row is missing or says something else."""
        with transaction.atomic():
            self.all().delete()
            with connection.cursor() as cursor:
                cursor.execute(LIST)

    def without_words(self) -> "IndexedDocumentQuerySet":
        return self.defer("words")


class IndexedDocument(models.Model):
    """A memory file as its newest revision has it. A file that is gone has no row.

    ``place`` and ``path`` are the revision's. ``short_name`` is what links call it, folded. ``is_cut``: it
    has more different words than `WORDS_BYTES` takes.
    """

    revision = models.OneToOneField(
        "memory.Revision",
        models.CASCADE,
        primary_key=True,
        related_name="indexed",
        verbose_name=_("revision"),
    )
    place = models.TextField(_("place"))
    path = models.TextField(_("path"))
    short_name = models.TextField(_("short name"), default="", db_default="", blank=True)
    version = models.IntegerField(_("version"), default=0, db_default=0)
    is_cut = models.BooleanField(_("is cut"), default=False, db_default=False)
    words = models.TextField(_("words"), default="", db_default="", blank=True)

    objects = IndexedDocumentQuerySet.as_manager()

    class Meta:
        db_table = "memory_index"
        verbose_name = _("indexed file")
        verbose_name_plural = _("indexed files")
        constraints = [models.UniqueConstraint(fields=["place", "path"], name="uq_memory_index_document")]
        indexes = [
            models.Index(fields=["short_name"], name="idx_memory_index_short_name"),
            models.Index(fields=["version"], name="idx_memory_index_version"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.path}"

    @property
    def name(self) -> str:
        """The document's name in its place: empty for the main file."""
        return name_of(self.path)

    @classmethod
    def follow(cls, revision: "Revision") -> None:
        """Let the index say what ``revision`` says, in the caller's transaction.

        Every save waits for it, so it is plain SQL: the ORM takes as long again as all that is written.
        """
        name = (revision.place, revision.path)
        with connection.cursor() as cursor:
            cursor.execute(FORGET_LINKS, name)
            cursor.execute(FORGET, name)
            if not revision.sha256:  # the file is gone
                return
            text = revision.text()
            words, is_cut = joined(revision.path, text)
            row = (revision.pk, *name, short_name(revision.path), VERSION, is_cut, words)
            cursor.execute(ADD, row)
        _link(revision.pk, text)

    @classmethod
    def index_waiting(cls, most: int) -> int:
        """Index up to ``most`` files that wait for it, from their revisions; return how many were done."""
        done = 0
        while done < most and (
            batch := list(cls.objects.waiting().order_by("pk")[: min(BATCH, most - done)])
        ):
            with transaction.atomic():
                held = cls.objects.select_for_update().in_bulk([row.pk for row in batch])
                for row in held.values():
                    row._fill(row.revision.text())
            done += len(batch)
        return done

    def _fill(self, text: str) -> None:
        self.short_name = short_name(self.path)
        self.words, self.is_cut = joined(self.path, text)
        self.version = VERSION
        self.save(force_update=True)
        self.links.all().delete()
        _link(self.pk, text)


class Link(models.Model):
    """A wiki link of an indexed file, as it is written: ``target`` without label and heading."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(
        IndexedDocument, models.CASCADE, related_name="links", verbose_name=_("file")
    )
    target = models.TextField(_("target"))
    short_name = models.TextField(_("short name"))

    class Meta:
        db_table = "memory_links"
        verbose_name = _("link")
        verbose_name_plural = _("links")
        indexes = [models.Index(fields=["short_name"], name="idx_memory_links_short_name")]

    def __str__(self) -> str:
        return f"[[{self.target}]]"


def _link(number: int, text: str) -> None:
    """Add the wiki links of the file with this number, which has none yet."""
    names = list(dict.fromkeys(bare(name) for name in wiki_names(text)))[:MOST_LINKS]
    if names:
        Link.objects.bulk_create(
            Link(document_id=number, target=each, short_name=short_name(each)) for each in names
        )


def name_of(path: str) -> str:
    """Return a document's name in its place, of its path in revisions; empty for the main file."""
    return path.partition("/")[2]


def bare(written: str) -> str:
    """Return what a wiki link names without its ``#heading``; empty for one within its own file."""
    return written.partition("#")[0].strip()


def short_name(name: str) -> str:
    """Return what links are compared by: the last part of a name or path, without ``.md``, folded."""
    return fold(name.rpartition("/")[2].strip().removesuffix(SUFFIX))


def joined(path: str, text: str) -> tuple[str, bool]:
    """Return the ``words`` of a file, and whether that is not all of them."""
    named = terms(title_of(path))
    headed = named | terms("\n".join(heading.text for heading in sections.outline(text)))
    found = {zone + term: None for zone, those in ((NAME, named), (HEADING, headed)) for term in those}
    found |= headed | terms(text)
    words = " ".join(found)
    # A character has at most 4 bytes: most texts need no second look
    if len(words) * 4 <= WORDS_BYTES or len(data := words.encode()) <= WORDS_BYTES:
        return words, False
    return data[:WORDS_BYTES].decode(errors="ignore").rpartition(" ")[0], True


def title_of(path: str) -> str:
    """Return what of a path is a file's name to a person: without the folder of its place and ``.md``."""
    return (name_of(path) or path).removesuffix(SUFFIX)
