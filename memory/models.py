"""Revisions: one row for each known state of a memory file, which says who made it and when."""

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from halo_site.store.fields import EpochMsField
from memory.index import IndexedDocument, Link
from memory.places import is_beside

__all__ = ["AuthorKind", "IndexedDocument", "Link", "Operation", "Revision", "digest"]


class AuthorKind(models.TextChoices):
    """Who changed a file. ``outside``: somebody did, past us, and nobody knows who."""

    USER = "user", _("the user's agent")
    APP = "app", _("an app")
    PERSON = "person", _("a person")
    OUTSIDE = "outside", _("outside Halo Site")


class Operation(models.TextChoices):
    """What a revision did."""

    APPEND = "append", _("appended")
    REPLACE = "replace", _("replaced")
    HEADING = "heading", _("opened a run's heading")
    RECORD = "record", _("wrote a run's record")
    SAVED = "saved", _("edited")
    RESTORED = "restored", _("restored an earlier version")
    RENAMED = "renamed", _("renamed")
    ARCHIVED = "archived", _("kept a copy before shortening")
    COMPACTED = "compacted", _("shortened")
    OUTSIDE = "outside", _("changed outside")
    REMOVED = "removed", _("removed")


class RevisionQuerySet(models.QuerySet["Revision"]):
    def for_document(self, place_key: str, path: str) -> "RevisionQuerySet":
        return self.filter(place=place_key, path=path)

    def arrivals(self) -> "RevisionQuerySet":
        """The rows by which a document came by a new name."""
        return self.filter(other_path__isnull=False).exclude(sha256="")

    def departures(self) -> "RevisionQuerySet":
        """The rows by which a document left a name for another."""
        return self.filter(operation=Operation.RENAMED, other_path__isnull=False, sha256="")

    def without_content(self) -> "RevisionQuerySet":
        return self.defer("content")

    def newest_sha256(self, place_key: str, paths: Sequence[str]) -> dict[str, str]:
        """The newest SHA-256 of each document of a place that has revisions; empty for one that is gone."""
        documents = self.filter(place=place_key, path__in=paths)
        newest = documents.order_by().values("path").annotate(newest=models.Max("id")).values("newest")
        return dict(self.filter(id__in=newest).values_list("path", "sha256"))

    def newest(self) -> "Revision | None":
        """The last revision, without its content; None when there is none."""
        return self.without_content().order_by("-id").first()


class Revision(models.Model):
    """One state of one memory file, whole and compressed. Rows are only ever added.

    ``place`` is a place's key, ``path`` the document's name in it, ``size`` counts bytes before compression,
    ``parent_sha256`` names the state before (empty: there was none). A removed file has an empty ``sha256``.
    Renaming makes two rows, each with the document's other name in ``other_path``: the old name, which has no
    file any more, and then the new one, whose history goes on with that of the old name, as its parent does.
    """

    id = models.BigAutoField(primary_key=True)
    place = models.TextField(_("place"))
    path = models.TextField(_("path"))
    created_at = EpochMsField(_("when"))
    author_kind = models.TextField(_("by"), choices=AuthorKind)
    author_id = models.TextField(_("author's id"), default="", db_default="", blank=True)
    run_id = models.TextField(_("run"), null=True, blank=True)  # noqa: DJ001 - as everywhere: no run is NULL
    operation = models.TextField(_("operation"), choices=Operation)
    sha256 = models.TextField("SHA-256")
    parent_sha256 = models.TextField(_("SHA-256 before"), default="", db_default="", blank=True)
    size = models.BigIntegerField(_("size in bytes"))
    content = models.BinaryField(_("compressed content"))
    other_path = models.TextField(_("other name"), null=True, blank=True)  # noqa: DJ001 - mostly there is none

    objects = RevisionQuerySet.as_manager()

    class Meta:
        db_table = "memory_revisions"
        get_latest_by = "id"
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        indexes = [
            models.Index(fields=["place", "path", "id"], name="idx_memory_document"),
            models.Index(
                fields=["run_id", "id"], condition=models.Q(run_id__isnull=False), name="idx_memory_run"
            ),
            models.Index(
                fields=["place", "path", "id"],
                condition=models.Q(other_path__isnull=False),
                name="idx_memory_renamed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.path} #{self.pk}"

    @property
    def is_removal(self) -> bool:
        """Whether there is no file since; also the row of the old name when a file was renamed."""
        return not self.sha256

    @property
    def is_arrival(self) -> bool:
        """Whether the document came by this name here: its earlier history is that of `other_path`."""
        return self.operation == Operation.RENAMED and not self.is_removal

    @property
    def renamed_to(self) -> str:
        """The path by which the document goes on, in the row of its old name; empty in every other row.

        Also where a row that somebody changed names a file that cannot be one (S15).
        """
        is_departure = self.operation == Operation.RENAMED and self.is_removal
        path = self.other_path or ""
        return path if is_departure and is_beside(self.path, path) else ""

    @property
    def deed(self) -> str:
        """What it did, in words; the first text of a file was made, not edited."""
        is_first = self.operation == Operation.SAVED and not self.parent_sha256
        return gettext("made") if is_first else str(Operation(self.operation).label)

    @property
    def author(self) -> str:
        """Who made it, in words, such as "run 8f3c12aa"."""
        if self.run_id:
            return gettext("run %(run)s") % {"run": self.run_id[:8]}
        if self.author_kind == AuthorKind.APP:
            return gettext("app %(app)s") % {"app": self.author_id[:8]}
        if self.author_kind == AuthorKind.PERSON:
            return self.author_id
        if self.author_kind == AuthorKind.OUTSIDE:
            return gettext("a program outside Halo Site")
        return str(AuthorKind(self.author_kind).label)

    def data(self) -> bytes:
        """The file's bytes at this revision."""
        return zlib.decompress(bytes(self.content))

    def text(self) -> str:
        """The file's text at this revision; nothing where it was none, or the row is damaged."""
        try:
            return self.data().decode()
        except (UnicodeDecodeError, zlib.error):
            return ""

    @classmethod
    def record(cls, *, data: bytes | None, now: datetime, **facts: Any) -> "Revision":
        """Add the revision for ``data`` (None: the file is gone); ``facts`` are the other fields.

        The search index says the same from the same moment on.
        """
        content = data or b""
        with transaction.atomic():
            revision = cls.objects.create(
                sha256=digest(data),
                size=len(content),
                content=zlib.compress(content),
                created_at=now,
                **facts,
            )
            IndexedDocument.follow(revision)
        return revision


def digest(data: bytes | None) -> str:
    """The SHA-256 of a file's bytes, in hex; empty for a file that is not there."""
    return "" if data is None else hashlib.sha256(data).hexdigest()
