"""What belongs to the site itself: the audit log, the heartbeats of its processes, the members of spaces."""

import os
import secrets
import socket
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from halo_site.roles import Role
from halo_site.store.fields import EpochMsField

# Of this process alone: a worker must never take another one's run for its own
MARK = secrets.token_hex(2)


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def kind(self, kind: str) -> "HeartbeatQuerySet":
        return self.filter(kind=kind)

    def younger_than(self, age: timedelta, now: datetime) -> "HeartbeatQuerySet":
        """Those that beat then. A beat from the future is none: the clock was set back since, and who lives
        beats again."""
        return self.filter(beat_at__range=(now - age, now + age))


class Heartbeat(models.Model):
    """One process of this installation (a clock, a worker) and when it last said it lives."""

    name = models.TextField(primary_key=True)
    kind = models.TextField()
    host = models.TextField()
    pid = models.IntegerField()
    started_at = EpochMsField()
    beat_at = EpochMsField()
    detail = models.JSONField(db_column="detail_json", default=dict)

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        db_table = "halo_heartbeats"
        verbose_name = _("process")
        verbose_name_plural = _("processes")
        indexes = [models.Index(fields=["kind", "-beat_at"], name="idx_heartbeats_kind")]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def own_name(kind: str) -> str:
        """``kind@host:pid-mark`` of this process. Containers may share a host's name and count alike."""
        return f"{kind}@{socket.gethostname()}:{os.getpid()}-{MARK}"

    @classmethod
    def beat(cls, kind: str, now: datetime, detail: dict[str, Any] | None = None) -> None:
        """Record that this process lives at ``now``; the first beat also records its start."""
        name, detail = cls.own_name(kind), detail or {}
        if not cls.objects.filter(name=name).update(beat_at=now, detail=detail):
            facts = {"kind": kind, "host": socket.gethostname(), "pid": os.getpid()}
            values = {**facts, "started_at": now, "beat_at": now, "detail": detail}
            cls.objects.update_or_create(name=name, defaults=values)

    @classmethod
    def end(cls, kind: str) -> None:
        """Take this process off the list: it ended in order."""
        cls.objects.filter(name=cls.own_name(kind)).delete()


class AppendOnly(TypeError):
    """Somebody tried to change or to take away a line of the audit log."""

    def __init__(self) -> None:
        super().__init__(_("Lines of the audit log are only ever added; none is changed or taken away."))


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Lines to look for and to add; what would change them raises `AppendOnly`."""

    def of_object(self, kind: str, object_id: str) -> "AuditQuerySet":
        return self.filter(object_type=kind, object_id=object_id)

    def containing(self, text: str) -> "AuditQuerySet":
        """Those with the text in what, who or summary, whatever its case; no index serves it."""
        fields = ("summary", "object_id", "actor", "verb")
        return self.filter(reduce(or_, (models.Q(**{f"{name}__icontains": text}) for name in fields)))

    def update(self, **fields: Any) -> int:
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly

    def _raw_delete(self, using: str | None) -> int:  # what cascades and fast deletes come to
        raise AppendOnly


class AuditEntry(models.Model):
    """One change, whoever made it. Rows are only ever added.

    Python refuses anything else with `AppendOnly`, and the database by triggers (`halo_site.append_only`),
    which the doctor looks for: without them somebody has been at the table.
    """

    ts = EpochMsField()
    actor = models.TextField(help_text=_("person:NAME, app:ID, command:NAME or system:NAME"))
    verb = models.TextField()
    object_type = models.TextField()
    object_id = models.TextField()
    summary = models.TextField(default="", db_default="")
    before = models.JSONField(db_column="before_json", null=True)
    after = models.JSONField(db_column="after_json", null=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        db_table = "halo_audit_log"
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["-ts", "-id"], name="idx_audit_ts"),
            models.Index(fields=["object_type", "object_id", "-ts"], name="idx_audit_object"),
            models.Index(fields=["actor", "-ts"], name="idx_audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.object_type} {self.object_id}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **{**options, "force_insert": True})

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly


class SpaceMember(models.Model):
    """A person's role in one space, beside the one that they have on the whole site (or without any)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    space_id = models.TextField(_("space"))  # spaces are files: no foreign key
    role = models.TextField(_("role"), choices=Role)

    class Meta:
        db_table = "halo_space_members"
        verbose_name = _("member of a space")
        verbose_name_plural = _("members of spaces")
        constraints = [
            models.UniqueConstraint(fields=["user", "space_id"], name="uniq_space_member"),
        ]
        indexes = [models.Index(fields=["space_id"], name="idx_members_space")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
